//! The states of an order, with what each of them knows.

use crate::domain::Actor;

/// Where an order stands, with what that state knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Taken; stock not decided yet.
    Placed,
    /// Booked and reserved.
    Confirmed,
    /// Could not be fulfilled; final.
    Rejected(RejectReason),
    /// Cancelled before shipment; final.
    Cancelled {
        /// Who cancelled it.
        by: Actor,
        /// What they said.
        reason: String,
    },
    /// On its way.
    Shipped(Shipment),
    /// Delivered; final.
    Delivered(Shipment),
}

/// How an order travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shipment {
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number for it.
    pub tracking_number: String,
}

/// Why an order could not be fulfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// No such shop.
    UnknownShop,
    /// The shop sells no such phone.
    UnknownPhone,
    /// Fewer units are available than were ordered.
    OutOfStock,
    /// The price is not the one expected.
    PriceChanged,
    /// The shop is closed.
    ShopClosed,
    /// Stock was not reserved in time.
    Expired,
}

/// Who decides whether an order can be cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decider {
    /// The order alone: nothing of it can have been shipped, or all is over.
    Order,
    /// Its delivery, which may be shipped at the same time.
    Delivery,
}

impl Status {
    /// Who decides whether it can be cancelled.
    pub fn cancel_decider(&self) -> Decider {
        match self {
            Self::Confirmed => Decider::Delivery,
            Self::Placed | Self::Rejected(_) | Self::Cancelled { .. } | Self::Shipped(_) | Self::Delivered(_) => {
                Decider::Order
            }
        }
    }

    /// Its name, in capitals as everywhere.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Placed => "PLACED",
            Self::Confirmed => "CONFIRMED",
            Self::Rejected(_) => "REJECTED",
            Self::Cancelled { .. } => "CANCELLED",
            Self::Shipped(_) => "SHIPPED",
            Self::Delivered(_) => "DELIVERED",
        }
    }
}

impl RejectReason {
    /// Its name, in capitals as everywhere.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownShop => "UNKNOWN_SHOP",
            Self::UnknownPhone => "UNKNOWN_PHONE",
            Self::OutOfStock => "OUT_OF_STOCK",
            Self::PriceChanged => "PRICE_CHANGED",
            Self::ShopClosed => "SHOP_CLOSED",
            Self::Expired => "EXPIRED",
        }
    }
}
