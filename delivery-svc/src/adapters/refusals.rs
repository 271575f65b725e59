//! From this service's errors to refusals.

use chassis::refusal::Refusal;

use crate::{
    app::{ChangeError, book_delivery, cancel_delivery, get_delivery, list_deliveries},
    domain::delivery,
};

/// Reasons that only this service has.
pub mod reason {
    chassis::reasons! {
        BOOKING_MISMATCH: FailedPrecondition, "The delivery is booked for another request; only the same request meets its booking.";
        NOT_CONFIRMED: FailedPrecondition, "The order is not confirmed yet; ship its delivery when it is READY.";
        NOT_SHIPPED: FailedPrecondition, "The delivery has not been shipped; ship it first.";
        ALREADY_SHIPPED: FailedPrecondition, "The delivery was shipped before; it cannot be shipped again, cancelled or sent to another recipient.";
        ALREADY_DELIVERED: FailedPrecondition, "The delivery reached its recipient before; nothing is left to do.";
        CANCELLED: FailedPrecondition, "The delivery was cancelled; it will not be shipped.";
        NO_RECIPIENT: FailedPrecondition, "The recipient of the delivery was lost; its customer has to give it again with CorrectRecipient before it can be shipped.";
    }
}

impl From<delivery::Error> for Refusal {
    fn from(error: delivery::Error) -> Self {
        let reason = match error {
            delivery::Error::Mismatch => &reason::BOOKING_MISMATCH,
            delivery::Error::NotConfirmed => &reason::NOT_CONFIRMED,
            delivery::Error::NotShipped => &reason::NOT_SHIPPED,
            delivery::Error::AlreadyShipped => &reason::ALREADY_SHIPPED,
            delivery::Error::AlreadyDelivered => &reason::ALREADY_DELIVERED,
            delivery::Error::Cancelled => &reason::CANCELLED,
            delivery::Error::NoRecipient => &reason::NO_RECIPIENT,
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

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::not_found("delivery"),
            ChangeError::Refused(error) => error.into(),
            ChangeError::Reused(error) => error.into(),
            ChangeError::Store(error) => error.into(),
        }
    }
}

impl From<get_delivery::Error> for Refusal {
    fn from(error: get_delivery::Error) -> Self {
        match error {
            get_delivery::Error::NotFound => Self::not_found("delivery"),
            get_delivery::Error::Store(error) => error.into(),
        }
    }
}

impl From<list_deliveries::NotFound> for Refusal {
    fn from(_error: list_deliveries::NotFound) -> Self {
        Self::not_found("shop")
    }
}
