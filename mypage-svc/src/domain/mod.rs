//! What a customer sees of an order: copies of what other services hold, each at the version it was heard of.

pub mod copy;
pub mod delivery;
pub mod message;
pub mod order;

use uuid::Uuid;

pub use copy::{CopyId, PassedOver, Place, Progress, Rebuild};
pub use delivery::Delivery;
pub use message::Message;
pub use order::{Line, Money, Order};

/// An order with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyOrder {
    /// The order.
    pub order: Order,
    /// Its delivery, once it was heard of.
    pub delivery: Option<Delivery>,
    /// Messages to its customer about it, oldest first.
    pub messages: Vec<Message>,
}

impl MyOrder {
    /// Whether its delivery still has to be booked: until one is heard of, or the order needs none any more.
    pub fn booking_outstanding(&self) -> bool {
        match self.order.status {
            order::Status::Placed => self.order.booking_outstanding && self.delivery.is_none(),
            order::Status::Confirmed
            | order::Status::Rejected
            | order::Status::Cancelled
            | order::Status::Shipped
            | order::Status::Delivered => false,
        }
    }
}

/// Whether a version is later than the one that is `kept` of the same thing, if any is: what is kept never goes back. Where
/// one statement both compares and writes, the database compares by itself; every store is tested to answer as this does.
pub fn is_news(kept: Option<i64>, heard: i64) -> bool {
    kept < Some(heard)
}

/// One thing at one version, as an event told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// An order.
    Order(Order),
    /// The delivery of an order.
    Delivery(Delivery),
    /// A message to a customer.
    Message(Message),
}

impl Heard {
    /// The order that it is or belongs to.
    pub fn order_id(&self) -> Uuid {
        match self {
            Self::Order(order) => order.id,
            Self::Delivery(delivery) => delivery.order_id,
            Self::Message(message) => message.order_id,
        }
    }
}
