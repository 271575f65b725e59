//! delivery-svc, and what it is asked for.

use std::time::Duration;

use chassis::idempotency::RequestHash;
use time::OffsetDateTime;
use uuid::Uuid;

pub use crate::domain::placing::Booked;
use crate::domain::{Actor, Order, Recipient};

/// What to book.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The order's id.
    pub order_id: Uuid,
    /// Binds the id to what was asked for.
    pub hash: RequestHash,
    /// The shop that ships.
    pub shop_id: Uuid,
    /// The customer.
    pub customer_id: String,
    /// Whom it goes to.
    pub recipient: Recipient,
}

/// A booking that is outstanding.
#[derive(Clone, Debug)]
pub struct DueBooking {
    /// What to book.
    pub booking: Booking,
    /// When it may be tried next.
    pub due: OffsetDateTime,
    /// Tries that failed by its own fault.
    pub faults: u32,
}

/// Who cancelled a delivery first, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelledDelivery {
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// Why a call to delivery-svc has no answer. Its effect may or may not have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It is away, overloaded or slow.
    #[error("delivery-svc is not available")]
    Unavailable,
    /// The caller's own deadline is spent.
    #[error("the caller's deadline is spent")]
    DeadlineExceeded,
    /// It said what it should never say to this call: coming back does not help.
    #[error("a defect between order-svc and delivery-svc: {0}")]
    Defect(String),
}

/// delivery-svc, as order-svc calls it: never twice inside a request.
#[async_trait::async_trait]
pub trait Bookings: Send + Sync {
    /// Books a delivery, and waits no longer than `left`.
    ///
    /// # Errors
    /// No answer in time, or none that makes sense.
    async fn book(&self, booking: Booking, left: Duration) -> Result<Booked, NoAnswer>;

    /// Cancels a confirmed order's delivery; none where it was shipped.
    ///
    /// # Errors
    /// No answer in time, or none that makes sense.
    async fn cancel(&self, order: &Order, by: &Actor, reason: &str) -> Result<Option<CancelledDelivery>, NoAnswer>;
}
