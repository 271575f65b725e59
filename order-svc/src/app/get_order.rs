//! Reads one order: what a caller may not see is not there.

use std::sync::Arc;

use chassis::store;
use uuid::Uuid;

use super::ports::Read;
use crate::domain::{Caller, Order};

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the caller may not see it.
    #[error("the order was not found")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Reads one order.
pub struct GetOrder {
    read: Arc<dyn Read>,
}

impl GetOrder {
    /// Reads from `read`.
    pub fn new(read: Arc<dyn Read>) -> Self {
        Self { read }
    }

    /// The order.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, caller: &Caller, id: Uuid) -> Result<Order, Error> {
        let order = self.read.order(id).await?.ok_or(Error::NotFound)?;
        if caller.may_see(&order) { Ok(order) } else { Err(Error::NotFound) }
    }
}
