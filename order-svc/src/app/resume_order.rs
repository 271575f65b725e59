//! Resume: an operator has an order tried at once, as the sweeps try it by themselves.

use std::sync::Arc;

use chassis::store;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    BookOutstanding, ExpireOrders,
    book_outstanding::Tried,
    ports::{NoAnswer, Read},
};
use crate::domain::{Actor, Order, order::WaitsFor};

/// Why an order was not tried.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("order was not found")]
    NotFound,
    /// The caller's own deadline is spent.
    #[error("the caller's deadline is spent")]
    DeadlineExceeded,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// The order as it is now.
    pub order: Order,
    /// What was done.
    pub outcome: Outcome,
}

/// What resuming did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The order went on.
    Advanced,
    /// It waits as before.
    Waiting,
    /// It waited for nothing.
    Final,
}

/// Resumes orders.
pub struct ResumeOrder {
    read: Arc<dyn Read>,
    book: BookOutstanding,
    expire: ExpireOrders,
}

impl ResumeOrder {
    /// Tries orders of `read` by what the sweeps do.
    pub fn new(read: Arc<dyn Read>, book: BookOutstanding, expire: ExpireOrders) -> Self {
        Self { read, book, expire }
    }

    /// Tries one order for an operator. `caught_up` is as for [`ExpireOrders::run`].
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, operator: &Actor, id: Uuid, caught_up: Option<OffsetDateTime>) -> Result<Resumed, Error> {
        let before = self.read.order(id).await?.ok_or(Error::NotFound)?;
        match before.waits_for() {
            None => return Ok(Resumed { order: before, outcome: Outcome::Final }),
            // Staff ship it, nobody else can.
            Some(WaitsFor::Shipment) => {}
            Some(WaitsFor::Stock) => {
                self.expire.run_for(&before, operator.clone(), caught_up).await?;
            }
            Some(WaitsFor::Booking) => {
                if !self.expire.run_for(&before, operator.clone(), caught_up).await? {
                    self.book(operator, id).await?;
                }
            }
        }
        let order = self.read.order(id).await?.ok_or(Error::NotFound)?;
        let outcome = if order == before { Outcome::Waiting } else { Outcome::Advanced };
        Ok(Resumed { order, outcome })
    }

    async fn book(&self, operator: &Actor, id: Uuid) -> Result<(), Error> {
        let Some(due) = self.read.outstanding_booking(id).await? else { return Ok(()) };
        match self.book.book(&due, operator).await? {
            Tried::Unanswered(NoAnswer::DeadlineExceeded) => Err(Error::DeadlineExceeded),
            Tried::Booked | Tried::Passed | Tried::Refused | Tried::Unanswered(_) => Ok(()),
        }
    }
}
