//! What clients are told: each use case's errors as refusals.

use std::time::Duration;

use chassis::{
    deadline,
    refusal::{Refusal, Violation, chain, reason as common},
};

use crate::{
    app::{cancel_order, get_order, place_order, ports::NoAnswer, resume_order},
    domain::order::Refused,
};

/// When a customer that was turned away should come again.
const COME_BACK_AFTER: Duration = Duration::from_secs(2);

/// Reasons that only this service has.
pub mod reason {
    chassis::reasons! {
        DELIVERY_UNAVAILABLE: Unavailable, "Deliveries cannot be booked just now and no order was placed; try again later with the same key.";
        IDEMPOTENCY_KEY_WORN_OUT: FailedPrecondition, "Bookings of this idempotency key were voided too often; use a new key.";
        ALREADY_SHIPPED: FailedPrecondition, "The order was shipped and cannot be cancelled any more.";
        ORDER_NOT_CANCELLABLE: FailedPrecondition, "The order is final and cannot be cancelled.";
    }
}

impl From<place_order::Error> for Refusal {
    fn from(error: place_order::Error) -> Self {
        match error {
            place_order::Error::NotBooked | place_order::Error::NoAnswer(NoAnswer::Unavailable) => {
                tracing::warn!(cause = chain(&error), "order not taken");
                unavailable()
            }
            place_order::Error::NoAnswer(NoAnswer::DeadlineExceeded) => deadline::exceeded(),
            place_order::Error::NoAnswer(NoAnswer::Defect(_)) => Self::internal(&error),
            place_order::Error::Reused(reused) => reused.into(),
            place_order::Error::KeyWornOut => Self::new(&reason::IDEMPOTENCY_KEY_WORN_OUT, error.to_string()),
            place_order::Error::Store(error) => error.into(),
        }
    }
}

impl From<cancel_order::Error> for Refusal {
    fn from(error: cancel_order::Error) -> Self {
        match error {
            cancel_order::Error::NotFound => Self::not_found("order"),
            cancel_order::Error::Forbidden => Self::new(&common::PERMISSION_DENIED, error.to_string()),
            cancel_order::Error::ReasonMissing => Self::invalid(vec![Violation {
                field: "reason".to_owned(),
                description: "is required of a shop's staff; the customer is told".to_owned(),
            }]),
            cancel_order::Error::Refused(refused) => refused.into(),
            cancel_order::Error::NoAnswer(NoAnswer::Unavailable) => outcome_unknown(),
            cancel_order::Error::NoAnswer(NoAnswer::DeadlineExceeded) => deadline::exceeded(),
            cancel_order::Error::NoAnswer(NoAnswer::Defect(_)) => Self::internal(&error),
            cancel_order::Error::Reused(reused) => reused.into(),
            cancel_order::Error::Store(error) => error.into(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::AlreadyShipped => Self::new(&reason::ALREADY_SHIPPED, refused.to_string()),
            Refused::AlreadyRejected
            | Refused::AlreadyCancelled
            | Refused::NotBooked
            | Refused::NotConfirmed
            | Refused::ReservationMismatch => Self::new(&reason::ORDER_NOT_CANCELLABLE, refused.to_string()),
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

impl From<resume_order::Error> for Refusal {
    fn from(error: resume_order::Error) -> Self {
        match error {
            resume_order::Error::NotFound => Self::not_found("order"),
            resume_order::Error::DeadlineExceeded => deadline::exceeded(),
            resume_order::Error::Store(error) => error.into(),
        }
    }
}

fn unavailable() -> Refusal {
    Refusal::new(&reason::DELIVERY_UNAVAILABLE, "deliveries cannot be booked just now, no order was placed")
        .retry_after(COME_BACK_AFTER)
}

/// The delivery may have been cancelled though its answer did not come; then so is the order in a moment.
fn outcome_unknown() -> Refusal {
    Refusal::new(&common::OUTCOME_UNKNOWN, "the order may or may not be cancelled by now: repeat the call")
        .retry_after(COME_BACK_AFTER)
}
