//! The channel `log`: a structured line of this service's log.

use crate::app::ports::{Channel, ChannelError, Envelope};

/// Writes each message to the log.
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
            channel = envelope.channel.name(),
            language = envelope.language.code(),
            text = envelope.text,
            "message sent"
        );
        Ok(())
    }
}
