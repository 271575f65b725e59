//! Messages as this service's own events told of them.

use chassis::wire;
use proto::notify::v1::{Message as WireMessage, message as wire_message};

use crate::domain::{ChannelName, Recipient, Template, Told, told::Outcome};

/// What is wrong with a message that an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message's {0} is missing or wrong")]
pub struct WrongMessage(pub &'static str);

/// A message as its event carries it, in the trace that its event belongs to.
///
/// # Errors
/// It lacks what every message has that has an outcome.
pub fn message(message: &WireMessage, traceparent: Option<String>) -> Result<Told, WrongMessage> {
    let (recipient, template, outcome) = (recipient(message)?, template(message)?, outcome(message)?);
    Ok(Told {
        id: wire::uuid(&message.message_id).map_err(|_wrong| WrongMessage("message_id"))?,
        order_id: wire::uuid(&message.order_id).map_err(|_wrong| WrongMessage("order_id"))?,
        recipient,
        template,
        channel: channel(&message.channel)?,
        language: message.language.parse().map_err(|_unknown| WrongMessage("language"))?,
        outcome,
        attempts: attempts(message, outcome)?,
        version: Some(message.version).filter(|version| *version > 0).ok_or(WrongMessage("version"))?,
        create_time: wire::time(message.create_time.as_ref()).ok_or(WrongMessage("create_time"))?,
        traceparent,
    })
}

fn recipient(message: &WireMessage) -> Result<Recipient, WrongMessage> {
    match message.recipient_kind() {
        wire_message::RecipientKind::Customer if !message.recipient_id.is_empty() => {
            Ok(Recipient::Customer(message.recipient_id.clone()))
        }
        wire_message::RecipientKind::Shop => {
            let id = wire::uuid(&message.recipient_id).map_err(|_wrong| WrongMessage("recipient_id"))?;
            Ok(Recipient::Shop(id))
        }
        wire_message::RecipientKind::Customer => Err(WrongMessage("recipient_id")),
        wire_message::RecipientKind::Unspecified => Err(WrongMessage("recipient_kind")),
    }
}

fn template(message: &WireMessage) -> Result<Template, WrongMessage> {
    match message.template() {
        wire_message::Template::Placed => Ok(Template::Placed),
        wire_message::Template::Confirmed => Ok(Template::Confirmed),
        wire_message::Template::Rejected => Ok(Template::Rejected),
        wire_message::Template::Cancelled => Ok(Template::Cancelled),
        wire_message::Template::Shipped => Ok(Template::Shipped),
        wire_message::Template::Delivered => Ok(Template::Delivered),
        wire_message::Template::Unspecified => Err(WrongMessage("template")),
    }
}

fn outcome(message: &WireMessage) -> Result<Outcome, WrongMessage> {
    match message.status() {
        wire_message::Status::Sent => {
            let time = wire::time(message.sent_time.as_ref()).ok_or(WrongMessage("sent_time"))?;
            Ok(Outcome::Sent { time })
        }
        wire_message::Status::Failed => Ok(Outcome::Failed),
        wire_message::Status::Pending | wire_message::Status::Unspecified => Err(WrongMessage("status")),
    }
}

/// One that was sent was tried at least once; one that was erased need not have been.
fn attempts(message: &WireMessage, outcome: Outcome) -> Result<u32, WrongMessage> {
    let least = match outcome {
        Outcome::Sent { .. } => 1,
        Outcome::Failed => 0,
    };
    let attempts = u32::try_from(message.attempts).ok().filter(|attempts| *attempts >= least);
    attempts.ok_or(WrongMessage("attempts"))
}

fn channel(name: &str) -> Result<ChannelName, WrongMessage> {
    let known = ChannelName::ALL.into_iter().find(|channel| channel.name() == name);
    known.ok_or(WrongMessage("channel"))
}
