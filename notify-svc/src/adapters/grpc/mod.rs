//! The gRPC faces of this service, thin: parse, run the use case, answer.

mod contacts;
mod notify;
mod operations;

use std::sync::Arc;

use chassis::refusal::Refusal;
use proto::notify::v1::Message as WireMessage;

use super::convert;
use crate::{
    app::Texts,
    domain::{Message, Status},
};

pub use contacts::Contacts;
pub use notify::Notify;
pub use operations::Operations;

/// Shows messages with their texts, as long as they are PENDING.
#[derive(Clone)]
struct Shown(Arc<dyn Texts>);

impl Shown {
    fn message(&self, message: &Message) -> Result<WireMessage, Refusal> {
        let words = match message.status() {
            Status::Pending => self.0.words(message).map_err(|error| Refusal::internal(&error))?,
            Status::Sent | Status::Failed => None,
        };
        Ok(convert::message(message, words.map(|words| words.text).unwrap_or_default()))
    }
}
