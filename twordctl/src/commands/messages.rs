//! `messages`: what is told to customers and shops.

use proto::notify::v1::{Message, RedriveMessageRequest};

use super::Context;
use crate::{
    error::{Error, Exit, Failure},
    json,
};

/// What to do about messages.
#[derive(clap::Subcommand)]
pub enum Command {
    /// Send a message again that was given up
    Redrive {
        /// The message, a UUID
        #[arg(value_name = "MESSAGE")]
        message_id: String,
    },
}

/// Does what was asked for.
///
/// # Errors
/// It was refused, or notify-svc does not answer.
pub async fn run(context: &Context, command: Command) -> Result<Exit, Error> {
    let Command::Redrive { message_id } = command;
    let call = context.edge.call(RedriveMessageRequest { message_id });
    let answered = context.edge.notify_operations().redrive_message(call).await.map_err(Failure::from)?.into_inner();
    context.output.tell(&json::of(&answered)?, || {
        let Message { message_id, channel, attempts, .. } = answered.message.clone().unwrap_or_default();
        format!("Message {message_id} is sent again by {channel}, after {attempts} attempts.")
    })?;
    Ok(Exit::Done)
}
