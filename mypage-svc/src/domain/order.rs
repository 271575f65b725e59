//! An order, as order-svc told it.

use time::OffsetDateTime;
use uuid::Uuid;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Taken; stock not decided yet.
    Placed,
    /// Booked and reserved.
    Confirmed,
    /// Could not be fulfilled.
    Rejected,
    /// Cancelled before shipment.
    Cancelled,
    /// On its way.
    Shipped,
    /// Delivered.
    Delivered,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Placed, Self::Confirmed, Self::Rejected, Self::Cancelled, Self::Shipped, Self::Delivered];

    /// Its name, such as `PLACED`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::Confirmed => "CONFIRMED",
            Self::Rejected => "REJECTED",
            Self::Cancelled => "CANCELLED",
            Self::Shipped => "SHIPPED",
            Self::Delivered => "DELIVERED",
        }
    }
}

/// An amount in minor units of its currency (for KRW, won).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// How many minor units.
    pub minor_units: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// One phone of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// The phone.
    pub phone_id: Uuid,
    /// How many units.
    pub quantity: i32,
    /// The price reserved; absent until CONFIRMED.
    pub unit_price: Option<Money>,
    /// Serials of the units; empty until CONFIRMED.
    pub serials: Vec<String>,
}

/// An order at one version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// The order's id.
    pub id: Uuid,
    /// Its customer's subject: who may see it.
    pub customer_id: String,
    /// The shop it was placed at.
    pub shop_id: Uuid,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// Where it stands.
    pub status: Status,
    /// The sum of all lines; absent until CONFIRMED.
    pub total: Option<Money>,
    /// Why it was rejected or cancelled; empty otherwise.
    pub reason: String,
    /// Whether its delivery still had to be booked when it last changed.
    pub booking_outstanding: bool,
    /// The higher one is the later one.
    pub version: i64,
    /// When it was placed.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}
