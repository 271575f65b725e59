//! How this service's errors are told to clients. It needs no reasons but those that every service has.

use chassis::refusal::Refusal;

use crate::app::get_my_order;

impl From<get_my_order::Error> for Refusal {
    fn from(error: get_my_order::Error) -> Self {
        match error {
            get_my_order::Error::NotFound => Self::not_found("order"),
            get_my_order::Error::Store(error) => error.into(),
        }
    }
}
