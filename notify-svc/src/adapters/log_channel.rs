//! The channel `log`: a structured line of this service's log, without the text.

use crate::app::ports::{Channel, ChannelError, Envelope};

/// Writes to the log that there was a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogChannel;

#[async_trait::async_trait]
impl Channel for LogChannel {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        tracing::info!(
            message_id = %envelope.message_id,
            order_id = %envelope.order_id,
            recipient_kind = envelope.recipient.kind(),
            template = envelope.template.name(),
            channel = "log",
            language = envelope.language.code(),
            "message sent"
        );
        Ok(())
    }
}
