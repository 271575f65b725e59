//! How this service's errors are told to clients.

use chassis::refusal::Refusal;

use crate::{
    app::{change_contact, get_message, redrive_message},
    domain::message,
};

/// Reasons that only this service has.
pub mod reason {
    chassis::reasons! {
        TARGET_NOT_ALLOWED: FailedPrecondition, "Webhooks may not go to this host and port here; an operator can allow it.";
        CHANNEL_NOT_SERVED: FailedPrecondition, "This channel is not set up here; choose another target.";
        NO_WEBHOOK: FailedPrecondition, "The contact has no webhook, so there is no secret to rotate; set one first.";
        MESSAGE_NOT_FAILED: FailedPrecondition, "The message waits to be sent or was sent; only one that FAILED is redriven.";
        MESSAGE_ERASED: FailedPrecondition, "The message's text was erased with its customer's data; it cannot be sent any more.";
    }
}

impl From<get_message::Error> for Refusal {
    fn from(error: get_message::Error) -> Self {
        match error {
            get_message::Error::NotFound => Self::not_found("message"),
            get_message::Error::Store(error) => error.into(),
        }
    }
}

impl From<change_contact::Error> for Refusal {
    fn from(error: change_contact::Error) -> Self {
        match error {
            change_contact::Error::NoWebhook(error) => Self::new(&reason::NO_WEBHOOK, error.to_string()),
            change_contact::Error::Reused(error) => error.into(),
            change_contact::Error::Store(error) => error.into(),
        }
    }
}

impl From<redrive_message::Error> for Refusal {
    fn from(error: redrive_message::Error) -> Self {
        match error {
            redrive_message::Error::NotFound => Self::not_found("message"),
            redrive_message::Error::Refused(error @ message::Error::Erased) => {
                Self::new(&reason::MESSAGE_ERASED, error.to_string())
            }
            redrive_message::Error::Refused(
                error @ (message::Error::Pending | message::Error::Sent | message::Error::Failed),
            ) => Self::new(&reason::MESSAGE_NOT_FAILED, error.to_string()),
            redrive_message::Error::Store(error) => error.into(),
        }
    }
}
