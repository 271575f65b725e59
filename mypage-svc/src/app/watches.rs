//! Who watches: how many they are, and how far what they watch has come.

mod pulse;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use super::ports::{AsOf, Counters};

pub use pulse::{Cut, Pulse};

/// Watches that read at once: whatever wakes all of them leaves connections to everybody else.
const READS: usize = 4;

/// What watches may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Watches at once at most.
    pub all: usize,
    /// Watches of one customer at once at most.
    pub of_customer: usize,
    /// How long a watch may be silent before it says that it is alive.
    pub heartbeat: Duration,
    /// How long a watcher may take nothing while there is something for it.
    pub patience: Duration,
}

/// Why a watch was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// There are as many as there may be.
    #[error("there are too many watches")]
    All,
    /// The customer has as many as it may have.
    #[error("the customer has too many watches")]
    OfCustomer,
}

/// How far what a customer watches has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The number of the copy that is served, and the customer's counter in it.
    pub place: (i64, i64),
    /// All that had happened by then is in what leads up to there.
    pub as_of: Option<OffsetDateTime>,
}

/// Every watch of this process.
#[derive(Clone)]
pub struct Watches {
    shared: Arc<Shared>,
}

struct Shared {
    limits: Limits,
    seats: Mutex<Seats>,
    closing: CancellationToken,
    reads: Semaphore,
    /// Seats that were not dropped, whether or not they are counted still.
    held: AtomicUsize,
}

#[derive(Default)]
struct Seats {
    last: u64,
    taken: HashMap<u64, Taken>,
    customers: HashMap<Arc<str>, Customer>,
}

struct Taken {
    customer_id: Arc<str>,
    until: OffsetDateTime,
    pulse: Pulse,
}

struct Customer {
    taken: usize,
    mark: watch::Sender<Mark>,
}

impl Watches {
    /// No watches yet.
    pub fn new(limits: Limits) -> Self {
        let (closing, reads) = (CancellationToken::new(), Semaphore::new(READS));
        let shared = Shared { limits, seats: Mutex::default(), closing, reads, held: AtomicUsize::new(0) };
        Self { shared: Arc::new(shared) }
    }

    /// What they may take.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Begins a watch of a customer's orders; it ends when the seat is dropped, or is cut off, at `until` at the latest.
    ///
    /// # Errors
    /// There are too many.
    pub fn enter(&self, customer_id: &str, until: OffsetDateTime) -> Result<Seat, Full> {
        let limits = self.limits();
        let mut seats = self.seats();
        if seats.taken.len() >= limits.all {
            return Err(Full::All);
        }
        let known = seats.customers.get_key_value(customer_id).map(|(id, _customer)| Arc::clone(id));
        let customer_id = known.unwrap_or_else(|| Arc::from(customer_id));
        let customer = seats.customers.entry(Arc::clone(&customer_id)).or_insert_with(Customer::new);
        if customer.taken >= limits.of_customer {
            return Err(Full::OfCustomer);
        }
        customer.taken += 1;
        let mark = customer.mark.subscribe();
        seats.last += 1;
        let (id, pulse) = (seats.last, Pulse::new());
        seats.taken.insert(id, Taken { customer_id: Arc::clone(&customer_id), until, pulse: pulse.clone() });
        self.shared.held.fetch_add(1, Ordering::Relaxed);
        Ok(Seat { watches: self.clone(), id, customer_id, mark, pulse })
    }

    /// A customer's counter has risen in the served copy, of this number.
    pub fn changed(&self, customer_id: &str, copy: i64, counter: i64) {
        if let Some(customer) = self.seats().customers.get(customer_id) {
            customer.raise(Mark { place: (copy, counter), as_of: None });
        }
    }

    /// Another copy is served, of this number.
    pub fn switched(&self, copy: i64) {
        for customer in self.seats().customers.values() {
            customer.raise(Mark { place: (copy, 0), as_of: None });
        }
    }

    /// How far these customers' changes have come, as the database tells.
    pub fn note(&self, customers: &[Arc<str>], read: &AsOf<Counters>) {
        let (copy, counters) = (read.value.copy.number, &read.value.counters);
        let seats = self.seats();
        for id in customers {
            if let Some(customer) = seats.customers.get(id) {
                let counter = counters.get(id.as_ref()).copied().unwrap_or(0);
                customer.raise(Mark { place: (copy, counter), as_of: read.as_of });
            }
        }
    }

    /// Every customer who watches.
    pub fn customers(&self) -> Vec<Arc<str>> {
        self.seats().customers.keys().cloned().collect()
    }

    /// How many watches there are.
    pub fn count(&self) -> usize {
        self.seats().taken.len()
    }

    /// Cuts off the watches whose token has expired, and those of which nothing was taken for too long although there was
    /// something: they give their places back at once, and end once they are polled again, which may never be. A watch that
    /// is taken from is polled twice as often as it has to be.
    pub fn cut_off(&self, now: OffsetDateTime) -> Vec<Cut> {
        let mut seats = self.seats();
        let cut_off = |(id, taken): (&u64, &Taken)| {
            let customer = seats.customers.get(&taken.customer_id);
            let place = customer.map_or((0, 0), |customer| customer.mark.borrow().place);
            let cut = taken.pulse.cut_off(taken.until <= now, place, self.limits())?;
            Some((*id, cut))
        };
        let cut: Vec<(u64, Cut)> = seats.taken.iter().filter_map(cut_off).collect();
        for (id, _cut) in &cut {
            seats.free(*id);
        }
        cut.into_iter().map(|(_id, cut)| cut).collect()
    }

    /// Once they have ended: the watches that do not, since nobody takes what they give. None before.
    pub fn unread(&self) -> usize {
        if self.is_closed() { self.shared.held.load(Ordering::Relaxed) } else { 0 }
    }

    /// Ends every watch, and lets none begin.
    pub fn close(&self) {
        self.shared.closing.cancel();
    }

    /// Whether they have ended.
    pub fn is_closed(&self) -> bool {
        self.shared.closing.is_cancelled()
    }

    /// Answers once they have ended.
    pub(super) async fn closed(&self) {
        self.shared.closing.cancelled().await;
    }

    /// Waits until it is a watch's turn to read.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.shared.reads.acquire().await.ok()
    }

    /// A panic leaves counts as they are, which are right between any two statements.
    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.shared.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    /// Gives a place back, unless it was before.
    fn free(&mut self, id: u64) {
        let Some(taken) = self.taken.remove(&id) else { return };
        if let Some(customer) = self.customers.get_mut(&taken.customer_id) {
            customer.taken = customer.taken.saturating_sub(1);
            if customer.taken == 0 {
                self.customers.remove(&taken.customer_id);
            }
        }
    }
}

impl Customer {
    fn new() -> Self {
        Self { taken: 0, mark: watch::Sender::default() }
    }

    /// Takes in what is farther than what is known; watches wake only for changes.
    fn raise(&self, mark: Mark) {
        self.mark.send_if_modified(|known| {
            known.as_of = known.as_of.max(mark.as_of);
            let farther = mark.place > known.place;
            known.place = known.place.max(mark.place);
            farther
        });
    }
}

/// The place of one watch among all.
pub struct Seat {
    watches: Watches,
    id: u64,
    pub(super) customer_id: Arc<str>,
    pub(super) mark: watch::Receiver<Mark>,
    pub(super) pulse: Pulse,
}

impl Seat {
    /// All watches.
    pub(super) fn watches(&self) -> &Watches {
        &self.watches
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.watches.seats().free(self.id);
        self.watches.shared.held.fetch_sub(1, Ordering::Relaxed);
    }
}
