//! How this service's errors are told to clients.

use std::time::Duration;

use chassis::refusal::Refusal;

use crate::app::{
    get_my_order,
    watch_my_orders::{self, Ended},
    watches::Full,
};

/// Reasons that only this service has.
pub mod reason {
    chassis::reasons! {
        INVALID_CURSOR: InvalidArgument, "The cursor is not one that this customer was given; watch without one to begin with all orders.";
        TOO_MANY_WATCHES: ResourceExhausted, "The service, or the customer, has as many watches as it may have; end one, or try again later.";
        WATCH_TOO_SLOW: ResourceExhausted, "The watcher took nothing for too long; watch again from the cursor of the last update.";
        WATCH_MOVED: Unavailable, "The service is stopping; watch again from the cursor of the last update, and be served elsewhere.";
    }
}

/// When a place may be free.
const PLACE_FREE: Duration = Duration::from_secs(5);
/// When another process serves.
const ELSEWHERE: Duration = Duration::from_secs(1);

impl From<get_my_order::Error> for Refusal {
    fn from(error: get_my_order::Error) -> Self {
        match error {
            get_my_order::Error::NotFound => Self::not_found("order"),
            get_my_order::Error::Store(error) => error.into(),
        }
    }
}

impl From<watch_my_orders::Error> for Refusal {
    fn from(error: watch_my_orders::Error) -> Self {
        match error {
            watch_my_orders::Error::Full(full @ (Full::All | Full::OfCustomer)) => {
                Self::new(&reason::TOO_MANY_WATCHES, full.to_string()).retry_after(PLACE_FREE)
            }
            watch_my_orders::Error::Stopping => moved(),
        }
    }
}

impl From<Ended> for Refusal {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::TooSlow => {
                Self::new(&reason::WATCH_TOO_SLOW, "the watcher took nothing for too long; go on from the last cursor")
            }
            Ended::Expired => Self::new(
                &chassis::refusal::reason::UNAUTHENTICATED,
                "the bearer token has expired; go on with a new one",
            ),
            Ended::CutOff(cut) => Ended::from(cut).into(),
            Ended::Stopping => moved(),
            Ended::Store(error) => error.into(),
        }
    }
}

fn moved() -> Refusal {
    Refusal::new(&reason::WATCH_MOVED, "the service is stopping; go on from the last cursor").retry_after(ELSEWHERE)
}

/// A cursor that was not given to this customer.
pub fn invalid_cursor() -> Refusal {
    Refusal::new(&reason::INVALID_CURSOR, "the cursor was not given to this customer")
}
