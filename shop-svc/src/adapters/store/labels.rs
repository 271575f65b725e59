//! Enums as they are stored: the upper name of each value.

use chassis::store::Error;

use crate::domain::{actor, order, reservation::RejectReason, shop, unit};

/// A value that is stored as one of a few words.
pub trait Label: Sized + Copy + 'static {
    /// Every value with its word.
    const ALL: &'static [(Self, &'static str)];

    /// The value's word.
    fn label(self) -> &'static str;

    /// The value of a stored word.
    ///
    /// # Errors
    /// No value has it.
    fn parse(label: &str) -> Result<Self, Error> {
        let found = Self::ALL.iter().find(|(_, known)| *known == label);
        found.map(|(value, _)| *value).ok_or_else(|| Error::inconsistent(format!("{label} is stored")))
    }
}

macro_rules! labels {
    ($($type:ty { $($value:ident: $label:literal),* $(,)? })*) => {
        $(
            impl Label for $type {
                const ALL: &'static [(Self, &'static str)] = &[$((Self::$value, $label)),*];

                fn label(self) -> &'static str {
                    match self {
                        $(Self::$value => $label,)*
                    }
                }
            }
        )*
    };
}

labels! {
    actor::Kind {
        Customer: "CUSTOMER",
        Staff: "STAFF",
        Manager: "MANAGER",
        Operator: "OPERATOR",
        Service: "SERVICE",
    }
    shop::Status { Open: "OPEN", Closed: "CLOSED" }
    unit::Status { Available: "AVAILABLE", Reserved: "RESERVED", Sold: "SOLD", Withdrawn: "WITHDRAWN" }
    order::Status {
        Placed: "PLACED",
        Confirmed: "CONFIRMED",
        Rejected: "REJECTED",
        Cancelled: "CANCELLED",
        Shipped: "SHIPPED",
        Delivered: "DELIVERED",
    }
    RejectReason {
        UnknownShop: "UNKNOWN_SHOP",
        UnknownPhone: "UNKNOWN_PHONE",
        OutOfStock: "OUT_OF_STOCK",
        PriceChanged: "PRICE_CHANGED",
        ShopClosed: "SHOP_CLOSED",
        Expired: "EXPIRED",
    }
}
