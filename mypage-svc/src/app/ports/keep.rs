//! Keeping what was heard.

use chassis::store::Error;
use uuid::Uuid;

use crate::domain::{CopyId, Delivery, Message, Order};

/// What became of something that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// This version or a higher one was kept before: nothing was changed.
    Older,
    /// It was kept, and nobody sees it: its order was not heard of yet.
    Unseen,
    /// It was kept, and its order's customer sees it.
    Seen(Seen),
}

/// A change that a customer sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The customer's subject.
    pub customer_id: String,
    /// The customer's counter, which this change raised.
    pub change: i64,
}

/// The transaction's part that keeps things in a copy. What is kept never goes back to a lower version.
///
/// Each change that a customer sees raises the customer's counter in the copy, and the order that changed, by itself, by its
/// delivery or by its messages, takes the new number. Where transactions overlap, whatever keeps something of an order
/// holds that order's lock to its end ([`Keep::served`]; in a copy that is built, that copy's), and whatever raises a counter
/// the customer's: numbers become visible in their order, and nothing of an order is kept beside an order that is about to
/// come.
#[async_trait::async_trait]
pub trait Keep: Send {
    /// The copy that is served, in order to keep something of an order in it. It is served to the end of this transaction:
    /// where transactions overlap, this holds a lock that others who keep share, and that who serves another copy waits for,
    /// and the order's lock.
    ///
    /// # Errors
    /// The database failed.
    async fn served(&mut self, order_id: Uuid) -> Result<CopyId, Error>;

    /// Keeps an order.
    ///
    /// # Errors
    /// The database failed.
    async fn keep_order(&mut self, copy: CopyId, order: &Order) -> Result<Kept, Error>;

    /// Keeps a delivery, whether or not its order was heard of.
    ///
    /// # Errors
    /// The database failed.
    async fn keep_delivery(&mut self, copy: CopyId, delivery: &Delivery) -> Result<Kept, Error>;

    /// Keeps a message, whether or not its order was heard of.
    ///
    /// # Errors
    /// The database failed.
    async fn keep_message(&mut self, copy: CopyId, message: &Message) -> Result<Kept, Error>;
}
