//! What clients are told: each use case's errors as refusals.

use std::time::Duration;

use chassis::{
    deadline,
    refusal::{Reason, Refusal, Violation, chain},
};
use tonic::Code;

use crate::{
    app::{cancel_order, get_order, place_order, ports::NoAnswer},
    domain::order::Refused,
};

/// When a customer that was turned away should come again.
const COME_BACK_AFTER: Duration = Duration::from_secs(2);

/// Delivery-svc is away, overloaded or slow.
pub const DELIVERY_UNAVAILABLE: Reason = Reason {
    name: "DELIVERY_UNAVAILABLE",
    code: Code::Unavailable,
    meaning: "Deliveries cannot be booked or cancelled just now and nothing was changed; try again later with the same key.",
};
/// A key that was voided too often.
pub const IDEMPOTENCY_KEY_WORN_OUT: Reason = Reason {
    name: "IDEMPOTENCY_KEY_WORN_OUT",
    code: Code::FailedPrecondition,
    meaning: "Bookings of this idempotency key were voided too often; use a new key.",
};
/// The order is on its way.
pub const ALREADY_SHIPPED: Reason = Reason {
    name: "ALREADY_SHIPPED",
    code: Code::FailedPrecondition,
    meaning: "The order was shipped and cannot be cancelled any more.",
};
/// The order is final.
pub const ORDER_NOT_CANCELLABLE: Reason = Reason {
    name: "ORDER_NOT_CANCELLABLE",
    code: Code::FailedPrecondition,
    meaning: "The order is final and cannot be cancelled.",
};

/// order-svc's own reasons.
pub const REASONS: &[&Reason] =
    &[&DELIVERY_UNAVAILABLE, &IDEMPOTENCY_KEY_WORN_OUT, &ALREADY_SHIPPED, &ORDER_NOT_CANCELLABLE];

impl From<place_order::Error> for Refusal {
    fn from(error: place_order::Error) -> Self {
        match error {
            place_order::Error::NotBooked(_) => {
                tracing::warn!(cause = chain(&error), "order not taken");
                unavailable()
            }
            place_order::Error::DeadlineExceeded => deadline::exceeded(),
            place_order::Error::Reused(reused) => reused.into(),
            place_order::Error::KeyWornOut => Self::new(&IDEMPOTENCY_KEY_WORN_OUT, error.to_string()),
            place_order::Error::Store(error) => error.into(),
        }
    }
}

impl From<cancel_order::Error> for Refusal {
    fn from(error: cancel_order::Error) -> Self {
        match error {
            cancel_order::Error::NotFound => Self::not_found("order"),
            cancel_order::Error::Forbidden => {
                Self::new(&chassis::refusal::reason::PERMISSION_DENIED, error.to_string())
            }
            cancel_order::Error::ReasonMissing => Self::invalid(vec![Violation {
                field: "reason".to_owned(),
                description: "is required of a shop's staff; the customer is told".to_owned(),
            }]),
            cancel_order::Error::Refused(refused) => refused.into(),
            cancel_order::Error::NoAnswer(NoAnswer::Unavailable) => unavailable(),
            cancel_order::Error::NoAnswer(NoAnswer::DeadlineExceeded) => deadline::exceeded(),
            cancel_order::Error::Reused(reused) => reused.into(),
            cancel_order::Error::Store(error) => error.into(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::AlreadyShipped => Self::new(&ALREADY_SHIPPED, refused.to_string()),
            Refused::AlreadyRejected
            | Refused::AlreadyCancelled
            | Refused::NotConfirmed
            | Refused::ReservationMismatch => Self::new(&ORDER_NOT_CANCELLABLE, refused.to_string()),
        }
    }
}

impl From<get_order::Error> for Refusal {
    fn from(error: get_order::Error) -> Self {
        match error {
            get_order::Error::NotFound => Self::not_found("order"),
            get_order::Error::Store(error) => error.into(),
        }
    }
}

fn unavailable() -> Refusal {
    Refusal::new(&DELIVERY_UNAVAILABLE, "deliveries cannot be booked just now, nothing was changed")
        .retry_after(COME_BACK_AFTER)
}
