//! A delivery, as delivery-svc told it.

use uuid::Uuid;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Booked with its order.
    Booked,
    /// Ready to be shipped.
    Ready,
    /// On its way.
    Shipped,
    /// Reached its recipient.
    Delivered,
    /// Will not happen.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Booked, Self::Ready, Self::Shipped, Self::Delivered, Self::Cancelled];

    /// Its name, such as `BOOKED`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Booked => "BOOKED",
            Self::Ready => "READY",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// The delivery of an order at one version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Delivery {
    /// The order.
    pub order_id: Uuid,
    /// Where it stands.
    pub status: Status,
    /// Who carries it; empty until it is shipped.
    pub carrier: String,
    /// The carrier's tracking number; empty until it is shipped.
    pub tracking_number: String,
    /// The higher one is the later one.
    pub version: i64,
}
