//! The relay: numbers outbox rows in a committed transaction, then publishes them, one leaseholder at a time.

mod meters;
pub mod publish;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use meters::describe;

use crate::{
    broker::Broker,
    clock::Clock,
    outbox::LoggedEvent,
    recovery::{self, Halt},
    refusal::chain,
    store::{Error, Store, Tx},
};

/// How long a lease holds without being renewed: after a crash, another relay takes over this much later.
pub const LEASE: Duration = Duration::from_secs(6);
const RENEWAL: Duration = Duration::from_secs(2);
/// Events numbered and published at once at most.
const BATCH: u32 = 256;
/// Bodies of one of them in bytes: what is more waits for the next one.
pub(crate) const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
const RETRY_DELAY: Duration = Duration::from_millis(200);

/// A producer epoch and its highest number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The epoch.
    pub epoch: Uuid,
    /// The highest sequence numbered so far, 0 for none.
    pub sequence: i64,
}

/// The lease of one relay: whoever holds the highest term may number rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term(pub i64);

/// Events that wait to be published.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// The producer's current epoch.
    pub epoch: Uuid,
    /// The events in the order of their sequence, without a gap.
    pub events: Vec<LoggedEvent>,
}

/// The transaction's part that numbers events.
#[async_trait::async_trait]
pub trait Numbering: Send {
    /// Takes or extends the lease for `holder`: the term held, or none while another holds it.
    ///
    /// # Errors
    /// The database failed.
    async fn lease(&mut self, holder: Uuid, now: OffsetDateTime, time_to_live: Duration)
    -> Result<Option<Term>, Error>;

    /// Gives the lease back, so that the next holder need not wait.
    ///
    /// # Errors
    /// The database failed.
    async fn release(&mut self, term: Term) -> Result<(), Error>;

    /// Marks what was published up to `published`, gives the next numbers to rows that have none, and answers at most
    /// `limit` numbered rows that are not marked, in order. None where `term` is no longer the highest: then nothing
    /// was changed.
    ///
    /// # Errors
    /// The database failed.
    async fn number(&mut self, term: Term, published: i64, limit: u32) -> Result<Option<Numbered>, Error>;
}

/// What was numbered, outside of any transaction.
#[async_trait::async_trait]
pub trait Log: Send + Sync {
    /// Every epoch of this producer with its head, the current one last.
    ///
    /// # Errors
    /// The database failed.
    async fn epochs(&self) -> Result<Vec<Head>, Error>;

    /// Whether events wait to be numbered.
    ///
    /// # Errors
    /// The database failed.
    async fn unnumbered(&self) -> Result<bool, Error>;

    /// At most `limit` events of `epoch` after `after`, in order, and no more of them than `max_bytes` of bodies hold,
    /// but one at least. What is not answered is not read.
    ///
    /// # Errors
    /// The database failed.
    async fn read(&self, epoch: Uuid, after: i64, limit: u32, max_bytes: usize) -> Result<Vec<LoggedEvent>, Error>;

    /// Answers once events were appended since it was last asked; may answer too often.
    async fn appended(&self);

    /// Answers once the database takes no writes any more: then nothing may be promised.
    async fn stopped(&self);

    /// Sets the gauges of the database's queues and pools as they are now.
    fn measure(&self);

    /// Whether the database answers.
    ///
    /// # Errors
    /// It does not.
    async fn ping(&self) -> Result<(), Error>;
}

/// Publishes one producer's events while it holds the lease.
pub struct Relay<T: ?Sized> {
    /// The producer's store.
    pub store: Store<T>,
    /// What it numbered.
    pub log: Arc<dyn Log>,
    /// Where it publishes.
    pub broker: Broker,
    /// The producer, such as `order`.
    pub producer: &'static str,
    /// Tells when the lease ends.
    pub clock: Arc<dyn Clock>,
    /// Stops the process where it is found out that the database is older than what was published.
    pub(crate) halt: Halt,
}

impl<T: Tx + ?Sized + 'static> Relay<T> {
    /// Runs until `drain` is cancelled, then gives the lease back.
    pub async fn run(self, drain: CancellationToken) {
        let holder = Uuid::now_v7();
        if !self.checked(&drain).await {
            return drain.cancelled().await;
        }
        let mut published = 0;
        while !drain.is_cancelled() {
            let pause = match self.lead(holder, &mut published, &drain).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(cause = chain(error.as_ref()), "events could not be relayed, trying again");
                    meters::failed();
                    RETRY_DELAY
                }
            };
            let _drained = tokio::time::timeout(pause, drain.cancelled()).await;
        }
        meters::leading(false);
        if let Ok(Some(term)) = self.lease(holder).await {
            let _best_effort = self.store.run(move |tx| Box::pin(async move { tx.release(term).await })).await;
        }
    }

    /// Compares what was published with what is known, before anything is numbered; false where nothing may be.
    async fn checked(&self, drain: &CancellationToken) -> bool {
        loop {
            let checked = tokio::select! {
                () = drain.cancelled() => return false,
                checked = self.published_later() => checked,
            };
            match checked {
                Ok(None) => return true,
                Ok(Some(found)) => {
                    self.halt.now(found);
                    return false;
                }
                Err(error) => {
                    tracing::warn!(
                        cause = chain(error.as_ref()),
                        "published events could not be looked at, trying again"
                    );
                    // Processes of one service that look at once end each other's look: one of them has to come first.
                    let pause = RETRY_DELAY.mul_f64(rand::random_range(1.0..10.0));
                    let _drained = tokio::time::timeout(pause, drain.cancelled()).await;
                }
            }
        }
    }

    async fn published_later(&self) -> Result<Option<String>, crate::broker::Error> {
        self.broker.connected().await;
        let service = format!("{}-svc", self.producer);
        let published = recovery::published(&self.broker, &service, self.producer).await?;
        Ok(recovery::published_later(&published, &self.log.epochs().await?))
    }

    /// Publishes for as long as the lease holds; answers how long to wait before asking for it again.
    async fn lead(
        &self,
        holder: Uuid,
        published: &mut i64,
        drain: &CancellationToken,
    ) -> Result<Duration, crate::broker::Error> {
        let term = self.lease(holder).await?;
        meters::leading(term.is_some());
        let Some(term) = term else { return Ok(RENEWAL) };
        let renew_at = tokio::time::Instant::now() + RENEWAL;
        self.until_drained(drain, self.broker.connected(), renew_at).await;
        while tokio::time::Instant::now() < renew_at && !drain.is_cancelled() {
            let through = *published;
            let numbered =
                self.store.run(move |tx| Box::pin(async move { tx.number(term, through, BATCH).await })).await?;
            let Some(numbered) = numbered else { return Ok(RENEWAL) };
            let Some(last) = numbered.events.last() else {
                self.until_drained(drain, self.log.appended(), renew_at).await;
                continue;
            };
            let (last, began) = (last.sequence, Instant::now());
            if let Err(error) = publish::publish(&self.broker, self.producer, numbered.epoch, &numbered.events).await {
                // The stream may be gone; the same batch is published again, under the same numbers and ids.
                self.broker.ensure_stream().await?;
                return Err(error);
            }
            meters::published(numbered.events.len(), began.elapsed());
            *published = last;
        }
        Ok(Duration::ZERO)
    }

    async fn lease(&self, holder: Uuid) -> Result<Option<Term>, Error> {
        let now = self.clock.now();
        self.store.run(move |tx| Box::pin(async move { tx.lease(holder, now, LEASE).await })).await
    }

    async fn until_drained(
        &self,
        drain: &CancellationToken,
        done: impl Future<Output = ()>,
        deadline: tokio::time::Instant,
    ) {
        tokio::select! {
            () = done => {}
            () = tokio::time::sleep_until(deadline) => {}
            () = drain.cancelled() => {}
        }
    }
}
