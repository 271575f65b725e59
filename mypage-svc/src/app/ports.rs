//! What the use cases need of the world.

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Delivery, Message, MyOrder, Order, order::Status};

/// The transaction's part that keeps copies. What is kept never goes back to a lower version.
#[async_trait::async_trait]
pub trait Tx: chassis::store::Tx {
    /// Keeps an order. False where this version or a higher one was kept before: then nothing was changed.
    ///
    /// # Errors
    /// The database failed.
    async fn keep_order(&mut self, order: &Order) -> Result<bool, Error>;

    /// Keeps a delivery, whether or not its order was heard of. False as with [`Tx::keep_order`].
    ///
    /// # Errors
    /// The database failed.
    async fn keep_delivery(&mut self, delivery: &Delivery) -> Result<bool, Error>;

    /// Keeps a message, whether or not its order was heard of. False as with [`Tx::keep_order`].
    ///
    /// # Errors
    /// The database failed.
    async fn keep_message(&mut self, message: &Message) -> Result<bool, Error>;
}

/// A run of one customer's orders that was asked for, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The customer's subject.
    pub customer_id: String,
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those before this create time and id.
    pub before: Option<(OffsetDateTime, Uuid)>,
    /// At most this many.
    pub rows: i64,
}

/// Reads outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// One order, if it is this customer's.
    ///
    /// # Errors
    /// The database failed.
    async fn order(&self, customer_id: &str, order_id: Uuid) -> Result<Option<MyOrder>, Error>;

    /// The orders that a query asks for.
    ///
    /// # Errors
    /// The database failed.
    async fn orders(&self, query: &Query) -> Result<Vec<MyOrder>, Error>;
}
