//! What a customer sees of an order: copies of what other services hold, each at the version it was heard of.

pub mod copy;
pub mod delivery;
pub mod message;
pub mod order;

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
