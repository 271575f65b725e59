//! Lists orders that wait longer than they should.

use std::{sync::Arc, time::Duration};

use chassis::{clock::Clock, page::Page, store};

use super::ports::{Counts, Read, TooLong};
use crate::domain::{Order, order::WaitsFor};

/// How long orders may wait.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// PLACED ones, for booking or stock.
    pub placed: Duration,
    /// CONFIRMED ones, for shipment.
    pub confirmed: Duration,
}

/// Lists orders that are stuck.
#[derive(Clone)]
pub struct ListStuckOrders {
    read: Arc<dyn Read>,
    clock: Arc<dyn Clock>,
    patience: Patience,
}

impl ListStuckOrders {
    /// Reads orders from `read` that wait longer than `patience` has it.
    pub fn new(read: Arc<dyn Read>, clock: Arc<dyn Clock>, patience: Patience) -> Self {
        Self { read, clock, patience }
    }

    /// A page of them, the longest waiting first; one row more than the page has.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, waits_for: Option<WaitsFor>, page: &Page) -> Result<Vec<Order>, store::Error> {
        self.read.stuck(waits_for, &self.too_long(), page).await
    }

    /// How many there are, beside all that are not final.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(&self) -> Result<Counts, store::Error> {
        self.read.counts(&self.too_long()).await
    }

    fn too_long(&self) -> TooLong {
        let now = self.clock.now();
        TooLong { placed_before: now - self.patience.placed, confirmed_before: now - self.patience.confirmed }
    }
}
