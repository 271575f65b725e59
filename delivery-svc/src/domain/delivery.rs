//! The delivery: the shipment of one order.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{actor::Actor, tracking::Tracking};

mod taking_back;
#[cfg(test)]
mod tests;
mod transitions;

pub use taking_back::{Lost, TakenBack, taken_back};

/// SHA-256 over the command that asked for the order.
pub type RequestHash = [u8; 32];

/// Where a delivery stands. It never goes backward.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Booked with its order, which is not confirmed yet.
    Booked {
        /// Whether an order is known to stand behind it: kept beside the delivery, and no change of it.
        claimed: bool,
    },
    /// Its order is confirmed: staff can ship it.
    Ready,
    /// On its way.
    Shipped(Tracking),
    /// Reached its recipient; final.
    Delivered(Tracking),
    /// Will not happen; final.
    Cancelled(Cancellation),
}

/// A [`State`] without what it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// See [`State::Booked`].
    Booked,
    /// See [`State::Ready`].
    Ready,
    /// See [`State::Shipped`].
    Shipped,
    /// See [`State::Delivered`].
    Delivered,
    /// See [`State::Cancelled`].
    Cancelled,
}

impl State {
    /// Its status.
    pub fn status(&self) -> Status {
        match self {
            Self::Booked { .. } => Status::Booked,
            Self::Ready => Status::Ready,
            Self::Shipped(_) => Status::Shipped,
            Self::Delivered(_) => Status::Delivered,
            Self::Cancelled(_) => Status::Cancelled,
        }
    }

    /// Whether somebody still has to know whom it goes to.
    pub fn needs_recipient(&self) -> bool {
        match self {
            Self::Booked { .. } | Self::Ready | Self::Shipped(_) => true,
            Self::Delivered(_) | Self::Cancelled(_) => false,
        }
    }
}

/// Who cancelled, and why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cancellation {
    /// Who cancelled first.
    pub by: Actor,
    /// The reason as told; empty where none was.
    pub reason: String,
}

/// What a delivery is booked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The order; its delivery has the same id.
    pub id: Uuid,
    /// Binds the id to one request.
    pub request_hash: RequestHash,
    /// The shop that will ship.
    pub shop_id: Uuid,
    /// The customer's opaque subject.
    pub customer_id: String,
}

/// A delivery without its recipient, who is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The same as the order's.
    pub id: Uuid,
    /// The shop that ships it.
    pub shop_id: Uuid,
    /// The customer's opaque subject.
    pub customer_id: String,
    /// The request it was booked for; none for a tombstone, and where it was lost with a restore.
    pub request_hash: Option<RequestHash>,
    /// Where it stands.
    pub state: State,
    /// From 1, grows by 1 with each change.
    pub version: i64,
    /// When it was booked.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}

/// What happened to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It was booked.
    Booked,
    /// Its order is confirmed.
    Ready,
    /// It was shipped.
    Started,
    /// It reached its recipient.
    Completed,
    /// It will not happen.
    Cancelled,
    /// Its recipient or its tracking number was corrected, or its personal data erased; it stands where it stood.
    Updated,
}

/// One change of a delivery: the only way to a new version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Event {
    /// What happened.
    pub kind: Kind,
    /// The delivery after the change.
    pub delivery: Delivery,
    /// Who caused it.
    pub actor: Actor,
}

/// What a cancellation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// It cancelled.
    Now(Event),
    /// It had been cancelled before, like this.
    Before(Cancellation),
}

/// Why a delivery does not change as asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The id is booked for another request.
    #[error("the delivery was booked for another request")]
    Mismatch,
    /// Its order is not confirmed.
    #[error("the order is not confirmed yet")]
    NotConfirmed,
    /// It is not on its way.
    #[error("the delivery has not been shipped")]
    NotShipped,
    /// It is on its way or has arrived.
    #[error("the delivery was already shipped")]
    AlreadyShipped,
    /// It has arrived.
    #[error("the delivery was already completed")]
    AlreadyDelivered,
    /// It was cancelled.
    #[error("the delivery was cancelled")]
    Cancelled,
    /// Whom it goes to was lost with a restore.
    #[error("the recipient of the delivery is lost")]
    NoRecipient,
}

/// A peer says what cannot be: one of the two lost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order contradicts its delivery")]
pub struct Contradiction;
