//! From this service's errors to refusals.

use chassis::refusal::{Reason, Refusal};
use tonic::Code;

use crate::{
    app::{StaffChangeError, book_delivery, cancel_delivery, get_delivery, list_deliveries},
    domain::delivery,
};

macro_rules! reasons {
    ($($name:ident: $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Reason = Reason { name: stringify!($name), code: Code::FailedPrecondition, meaning: $meaning };
        )*
        /// Every reason of this service.
        pub const ALL: &[&Reason] = &[$(&$name),*];
    };
}

reasons! {
    BOOKING_MISMATCH: "The delivery is booked for another request; only the same request meets its booking.";
    NOT_CONFIRMED: "The order is not confirmed yet; ship its delivery when it is READY.";
    NOT_SHIPPED: "The delivery has not been shipped; ship it first.";
    ALREADY_SHIPPED: "The delivery was shipped before; it cannot be shipped again or cancelled.";
    ALREADY_DELIVERED: "The delivery reached its recipient before; nothing is left to do.";
    CANCELLED: "The delivery was cancelled; it will not be shipped.";
}

impl From<delivery::Error> for Refusal {
    fn from(error: delivery::Error) -> Self {
        let reason = match error {
            delivery::Error::Mismatch => &BOOKING_MISMATCH,
            delivery::Error::NotConfirmed => &NOT_CONFIRMED,
            delivery::Error::NotShipped => &NOT_SHIPPED,
            delivery::Error::AlreadyShipped => &ALREADY_SHIPPED,
            delivery::Error::AlreadyDelivered => &ALREADY_DELIVERED,
            delivery::Error::Cancelled => &CANCELLED,
        };
        Self::new(reason, error.to_string())
    }
}

impl From<book_delivery::Error> for Refusal {
    fn from(error: book_delivery::Error) -> Self {
        match error {
            book_delivery::Error::Refused(error) => error.into(),
            book_delivery::Error::Store(error) => error.into(),
        }
    }
}

impl From<cancel_delivery::Error> for Refusal {
    fn from(error: cancel_delivery::Error) -> Self {
        match error {
            cancel_delivery::Error::Refused(error) => error.into(),
            cancel_delivery::Error::Store(error) => error.into(),
        }
    }
}

impl From<StaffChangeError> for Refusal {
    fn from(error: StaffChangeError) -> Self {
        match error {
            StaffChangeError::NotFound => Self::not_found("the delivery"),
            StaffChangeError::Refused(error) => error.into(),
            StaffChangeError::Reused(error) => error.into(),
            StaffChangeError::Store(error) => error.into(),
        }
    }
}

impl From<get_delivery::Error> for Refusal {
    fn from(error: get_delivery::Error) -> Self {
        match error {
            get_delivery::Error::NotFound => Self::not_found("the delivery"),
            get_delivery::Error::Store(error) => error.into(),
        }
    }
}

impl From<list_deliveries::NotFound> for Refusal {
    fn from(_error: list_deliveries::NotFound) -> Self {
        Self::not_found("the shop")
    }
}
