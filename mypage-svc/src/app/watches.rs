//! Who watches: how many they are, and how far what they watch has come.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use time::OffsetDateTime;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

use super::ports::{AsOf, Counters};
use crate::domain::CopyId;

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
}

#[derive(Default)]
struct Seats {
    taken: usize,
    customers: HashMap<Arc<str>, Customer>,
}

struct Customer {
    taken: usize,
    mark: watch::Sender<Mark>,
}

impl Watches {
    /// No watches yet.
    pub fn new(limits: Limits) -> Self {
        let shared =
            Shared { limits, seats: Mutex::default(), closing: CancellationToken::new(), reads: Semaphore::new(READS) };
        Self { shared: Arc::new(shared) }
    }

    /// What they may take.
    pub fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    /// Begins a watch of a customer's orders; it ends when the seat is dropped.
    ///
    /// # Errors
    /// There are too many.
    pub fn enter(&self, customer_id: &str) -> Result<Seat, Full> {
        let limits = self.limits();
        let mut seats = self.seats();
        if seats.taken >= limits.all {
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
        seats.taken += 1;
        Ok(Seat { watches: self.clone(), customer_id, mark })
    }

    /// A customer's counter has risen in the served copy.
    pub fn changed(&self, customer_id: &str, copy: CopyId, counter: i64) {
        if let Some(customer) = self.seats().customers.get(customer_id) {
            customer.raise(Mark { place: (copy.number, counter), as_of: None });
        }
    }

    /// Another copy is served.
    pub fn switched(&self, copy: CopyId) {
        for customer in self.seats().customers.values() {
            customer.raise(Mark { place: (copy.number, 0), as_of: None });
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
        self.seats().taken
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
    pub(super) customer_id: Arc<str>,
    pub(super) mark: watch::Receiver<Mark>,
}

impl Seat {
    /// All watches.
    pub(super) fn watches(&self) -> &Watches {
        &self.watches
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.watches.seats();
        seats.taken = seats.taken.saturating_sub(1);
        if let Some(customer) = seats.customers.get_mut(&self.customer_id) {
            customer.taken = customer.taken.saturating_sub(1);
            if customer.taken == 0 {
                seats.customers.remove(&self.customer_id);
            }
        }
    }
}
