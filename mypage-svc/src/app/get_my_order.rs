//! Reads one of a customer's orders.

use std::sync::Arc;

use chassis::store;
use uuid::Uuid;

use super::ports::{AsOf, Read};
use crate::domain::MyOrder;

/// Why an order was not shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or it is not the customer's.
    #[error("the order was not found")]
    NotFound,
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] store::Error),
}

/// Reads one order for its customer.
#[derive(Clone)]
pub struct GetMyOrder {
    reads: Arc<dyn Read>,
}

impl GetMyOrder {
    /// Reads from `reads`.
    pub fn new(reads: Arc<dyn Read>) -> Self {
        Self { reads }
    }

    /// The order with its delivery and messages.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, customer_id: &str, order_id: Uuid) -> Result<AsOf<MyOrder>, Error> {
        let AsOf { value, as_of } = self.reads.order(customer_id, order_id).await?;
        Ok(AsOf { value: value.ok_or(Error::NotFound)?, as_of })
    }
}
