//! How this service's errors are told to clients. It needs no reasons but those that every service has.

use chassis::refusal::Refusal;

use crate::app::get_message;

impl From<get_message::Error> for Refusal {
    fn from(error: get_message::Error) -> Self {
        match error {
            get_message::Error::NotFound => Self::not_found("message"),
            get_message::Error::Store(error) => error.into(),
        }
    }
}
