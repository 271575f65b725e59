//! Watches a customer's orders: first those not seen yet, then every change, as it comes.

use std::{collections::VecDeque, sync::Arc};

use chassis::{clock::Clock, store};
use futures::{Stream, stream};
use time::OffsetDateTime;

use super::{
    patient::Patient,
    ports::{AsOf, Changes, Read},
    watches::{Cut, Full, Seat, Watches},
};
use crate::domain::{MyOrder, Place};

/// Why a watch was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There are too many.
    #[error(transparent)]
    Full(#[from] Full),
    /// The process is about to end.
    #[error("the service is stopping")]
    Stopping,
}

/// Why a watch has ended.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// The watcher took too little.
    #[error("the watcher took nothing for too long")]
    TooSlow,
    /// The watcher's token is worth nothing any more.
    #[error("the bearer token has expired")]
    Expired,
    /// It was cut off before, and counted then.
    #[error("the watch was cut off")]
    CutOff(Cut),
    /// The process is about to end.
    #[error("the service is stopping")]
    Stopping,
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] store::Error),
}

impl From<Cut> for Ended {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::TooSlow => Self::TooSlow,
            Cut::Expired => Self::Expired,
        }
    }
}

/// What an update is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An order as it is now.
    Order(Box<MyOrder>),
    /// Everything up to now was told.
    Current,
    /// Nothing has changed.
    Heartbeat,
    /// What was seen is of another copy: everything follows.
    Restart,
}

/// One update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    /// What it is.
    pub news: News,
    /// Where to go on after it.
    pub place: Place,
    /// All that had happened by then has been told; none until everything up to now was.
    pub as_of: Option<OffsetDateTime>,
}

/// Begins watches.
#[derive(Clone)]
pub struct WatchMyOrders {
    reads: Arc<dyn Read>,
    watches: Watches,
    clock: Arc<dyn Clock>,
}

impl WatchMyOrders {
    /// Watches what `reads` reads, as one of `watches`.
    pub fn new(reads: Arc<dyn Read>, watches: Watches, clock: Arc<dyn Clock>) -> Self {
        Self { reads, watches, clock }
    }

    /// Begins a watch after a place, from the begin without one, to end at `until`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn run(&self, customer_id: &str, after: Option<Place>, until: OffsetDateTime) -> Result<Watch, Error> {
        if self.watches.is_closed() {
            return Err(Error::Stopping);
        }
        Ok(Watch {
            reads: Arc::clone(&self.reads),
            clock: Arc::clone(&self.clock),
            seat: self.watches.enter(customer_id, until)?,
            until,
            seen: after,
            read_to: None,
            as_of: None,
            ready: VecDeque::new(),
            current: false,
        })
    }
}

/// One watch. It reads only when the next update is asked for: a watcher who takes nothing costs nothing.
pub struct Watch {
    reads: Arc<dyn Read>,
    clock: Arc<dyn Clock>,
    seat: Seat,
    until: OffsetDateTime,
    /// Everything up to there was told or is ready to be.
    seen: Option<Place>,
    /// The copy's number and the customer's counter up to which everything is; none while more is to be read.
    read_to: Option<(i64, i64)>,
    as_of: Option<OffsetDateTime>,
    ready: VecDeque<Update>,
    /// Whether everything that there was at the begin was told.
    current: bool,
}

impl Watch {
    /// The updates, as they come; the first failure is the last of them.
    pub fn updates(self) -> impl Stream<Item = Result<Update, Ended>> + Send {
        let (patience, pulse) = (self.seat.watches().limits().patience, self.seat.pulse.clone());
        let updates = stream::unfold(Some(self), async |watch| {
            let mut watch = watch?;
            let update = watch.next().await;
            let goes_on = update.is_ok().then_some(watch);
            Some((update, goes_on))
        });
        Patient::new(updates, patience, pulse)
    }

    async fn next(&mut self) -> Result<Update, Ended> {
        let update = self.find().await?;
        self.seat.pulse.told(self.read_to.filter(|_| self.ready.is_empty()));
        Ok(update)
    }

    async fn find(&mut self) -> Result<Update, Ended> {
        loop {
            if self.seat.watches().is_closed() {
                return Err(Ended::Stopping);
            }
            let left = self.until - self.clock.now();
            if !left.is_positive() {
                return Err(Ended::Expired);
            }
            if let Some(update) = self.ready.pop_front() {
                return Ok(update);
            }
            let mark = *self.seat.mark.borrow_and_update();
            match (self.read_to, self.seen) {
                (Some(read_to), Some(place)) if mark.place <= read_to => {
                    self.as_of = self.as_of.max(mark.as_of);
                    if self.silent(left.unsigned_abs()).await {
                        self.as_of = self.as_of.max(self.still_true());
                        return Ok(Update { news: News::Heartbeat, place, as_of: self.as_of });
                    }
                }
                _ => self.read().await?,
            }
        }
    }

    /// Waits for something to look at; whether it is time to say that the watch is alive.
    async fn silent(&mut self, left: std::time::Duration) -> bool {
        let watches = self.seat.watches().clone();
        let heartbeat = self.seat.pulse.told_at() + watches.limits().heartbeat;
        tokio::select! {
            _changed = self.seat.mark.changed() => false,
            () = watches.closed() => false,
            () = tokio::time::sleep(left) => false,
            () = tokio::time::sleep_until(heartbeat) => true,
        }
    }

    /// By when what was told is complete, if nothing came meanwhile.
    fn still_true(&self) -> Option<OffsetDateTime> {
        let mark = *self.seat.mark.borrow();
        self.read_to.filter(|read_to| mark.place <= *read_to).and(mark.as_of)
    }

    async fn read(&mut self) -> Result<(), Ended> {
        let (reads, watches) = (Arc::clone(&self.reads), self.seat.watches().clone());
        let turn = watches.turn().await;
        let AsOf { value, as_of } = reads.changes(&self.seat.customer_id, self.seen).await?;
        drop(turn);
        self.take(value, as_of);
        Ok(())
    }

    fn take(&mut self, changes: Changes, as_of: Option<OffsetDateTime>) {
        let Changes { copy, counter, known, orders, complete } = changes;
        let place = |change| Place { epoch: copy.epoch, change };
        if !known {
            (self.as_of, self.current) = (None, false);
            self.ready.push_back(Update { news: News::Restart, place: place(0), as_of: None });
        }
        let (before, count) = (self.as_of, orders.len());
        for (index, changed) in orders.into_iter().enumerate() {
            let last = complete && self.current && index + 1 == count;
            let news = News::Order(Box::new(changed.mine));
            let as_of = if last { before.max(as_of) } else { before };
            self.ready.push_back(Update { news, place: place(changed.change), as_of });
            self.seen = Some(place(changed.change));
        }
        if !complete {
            self.read_to = None;
            return;
        }
        self.as_of = before.max(as_of);
        self.seen = Some(place(counter));
        self.read_to = Some((copy.number, counter));
        if !std::mem::replace(&mut self.current, true) {
            self.ready.push_back(Update { news: News::Current, place: place(counter), as_of: self.as_of });
        }
    }
}
