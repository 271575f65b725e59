//! Looks for changes that other processes wrote.

use std::sync::Arc;

use chassis::store::Error;

use super::{ports::Read, watches::Watches};

/// Customers that are asked for at once.
const CUSTOMERS: usize = 1_000;

/// Wakes watches for what they cannot hear of in this process, all of them by few questions.
#[derive(Clone)]
pub struct LookForWatches {
    reads: Arc<dyn Read>,
    watches: Watches,
}

impl LookForWatches {
    /// Looks by `reads` for `watches`.
    pub fn new(reads: Arc<dyn Read>, watches: Watches) -> Self {
        Self { reads, watches }
    }

    /// Tells every watch how far what it watches has come.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self) -> Result<(), Error> {
        for customers in self.watches.customers().chunks(CUSTOMERS) {
            self.watches.note(customers, &self.reads.counters(customers).await?);
        }
        Ok(())
    }
}
