//! The changes of an order that people are told of, and what a text needs to tell them.

use uuid::Uuid;

use super::Recipient;

/// Which change a message tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Template {
    /// An order was placed.
    Placed,
    /// An order was confirmed.
    Confirmed,
    /// An order was rejected.
    Rejected,
    /// An order was cancelled.
    Cancelled,
    /// An order was shipped.
    Shipped,
    /// An order was delivered.
    Delivered,
}

impl Template {
    /// Every template.
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

    /// Whether the shop hears of it as well as the customer.
    pub fn concerns_shop(self) -> bool {
        match self {
            Self::Placed | Self::Cancelled => true,
            Self::Confirmed | Self::Rejected | Self::Shipped | Self::Delivered => false,
        }
    }

    /// Everyone who hears of this change of an order of `customer_id` at `shop_id`.
    pub fn recipients(self, customer_id: &str, shop_id: Uuid) -> Vec<Recipient> {
        let mut recipients = vec![Recipient::Customer(customer_id.to_owned())];
        if self.concerns_shop() {
            recipients.push(Recipient::Shop(shop_id));
        }
        recipients
    }
}

/// Why an order was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// No such shop.
    UnknownShop,
    /// The shop sells no such phone.
    UnknownPhone,
    /// Fewer units were available than ordered.
    OutOfStock,
    /// The price was not the one expected.
    PriceChanged,
    /// The shop was closed.
    ShopClosed,
    /// It was not confirmed before its deadline.
    Expired,
}

impl RejectReason {
    /// Every reason.
    pub const ALL: [Self; 6] =
        [Self::UnknownShop, Self::UnknownPhone, Self::OutOfStock, Self::PriceChanged, Self::ShopClosed, Self::Expired];

    /// Its name, such as `OUT_OF_STOCK`.
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

/// An amount in minor units of its currency (for KRW, won).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// How many minor units.
    pub minor_units: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// A change with what its text needs. It is forgotten once the message is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// An order was placed.
    Placed,
    /// An order was confirmed.
    Confirmed {
        /// The sum of all lines.
        total: Money,
    },
    /// An order was rejected.
    Rejected {
        /// Why.
        reason: RejectReason,
    },
    /// An order was cancelled.
    Cancelled {
        /// What the one who cancelled it said; may be empty.
        reason: String,
    },
    /// An order was shipped.
    Shipped {
        /// Who carries it.
        carrier: String,
        /// The carrier's tracking number.
        tracking_number: String,
    },
    /// An order was delivered.
    Delivered,
}

impl Change {
    /// The template that tells of it.
    pub fn template(&self) -> Template {
        match self {
            Self::Placed => Template::Placed,
            Self::Confirmed { .. } => Template::Confirmed,
            Self::Rejected { .. } => Template::Rejected,
            Self::Cancelled { .. } => Template::Cancelled,
            Self::Shipped { .. } => Template::Shipped,
            Self::Delivered => Template::Delivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_customer_hears_of_every_change_and_the_shop_of_new_and_cancelled_orders() {
        for template in Template::ALL {
            let recipients = template.recipients("mina", Uuid::nil());
            assert_eq!(recipients.first(), Some(&Recipient::Customer("mina".to_owned())));
            let shop_hears = matches!(template, Template::Placed | Template::Cancelled);
            assert_eq!(recipients.contains(&Recipient::Shop(Uuid::nil())), shop_hears, "{template:?}");
        }
    }
}
