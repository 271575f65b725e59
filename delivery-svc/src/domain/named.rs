//! Values that are stored, counted and audited by their names.

use super::{actor::Role, delivery::Status};

/// A value with a name, in capitals as everywhere.
pub trait Named: Sized {
    /// Its name.
    fn name(self) -> &'static str;

    /// The value of a name.
    fn parse(name: &str) -> Option<Self>;
}

macro_rules! named {
    ($kind:ty { $($value:ident = $name:literal),* }) => {
        impl Named for $kind {
            fn name(self) -> &'static str {
                match self { $(Self::$value => $name),* }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$value),)* _ => None }
            }
        }
    };
}

named!(Status { Booked = "BOOKED", Ready = "READY", Shipped = "SHIPPED", Delivered = "DELIVERED", Cancelled = "CANCELLED" });
named!(Role { Customer = "CUSTOMER", Staff = "STAFF", Manager = "MANAGER", Operator = "OPERATOR", Service = "SERVICE" });
