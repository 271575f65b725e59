//! What the audit tells of contacts and messages.

use chassis::audit::{FieldChange, Fields, Record};
use time::OffsetDateTime;

use super::Actor;
use crate::domain::{Contact, Message, Recipient, Target};

/// A change of a contact; `before` is what its owner had set, if anything. `action` is the RPC's name.
pub fn contact(
    action: &'static str,
    actor: &Actor,
    owner: &Recipient,
    before: Option<&Contact>,
    after: &Contact,
    now: OffsetDateTime,
) -> Record {
    let before = before.map(|contact| contact_fields(owner, contact)).unwrap_or_default();
    let changes = before.changes(&contact_fields(owner, after));
    let id = after.id.map(|id| id.to_string()).unwrap_or_default();
    record(action, actor, ("contact", id), changes, now)
}

/// A message that was redriven.
pub fn redriven(actor: &Actor, before: &Message, after: &Message, now: OffsetDateTime) -> Record {
    let fields = |message: &Message| {
        Fields::default().with("status", message.status().name()).with("channel", message.channel.name())
    };
    let subject = ("message", after.id.to_string());
    record("RedriveMessage", actor, subject, fields(before).changes(&fields(after)), now)
}

/// A customer's data that was erased: what it had set, if anything, and so many unsent texts.
pub fn erased(
    actor: &Actor,
    customer: &Recipient,
    contact: Option<&Contact>,
    texts: usize,
    now: OffsetDateTime,
) -> Record {
    let before = contact.map(|contact| contact_fields(customer, contact)).unwrap_or_default();
    let changes = before.with("unsent_texts", texts).changes(&Fields::default().with("unsent_texts", 0));
    record("EraseCustomer", actor, ("customer", customer.id()), changes, now)
}

fn contact_fields(owner: &Recipient, contact: &Contact) -> Fields {
    let (url, address, secret_time) = match &contact.target {
        Target::Log => ("", "", None),
        Target::Webhook(webhook) => (webhook.url.as_str(), "", Some(webhook.secrets.current_time)),
        Target::Smtp(mailbox) => ("", mailbox.as_str(), None),
    };
    Fields::default()
        .with("owner_kind", owner.kind())
        .with("owner_id", owner.id())
        .with("language", contact.language)
        .with("channel", contact.channel().name())
        .personal("webhook.url", url)
        .with("webhook.secret_time", secret_time.map(|time| time.to_string()).unwrap_or_default())
        .personal("smtp.address", address)
}

fn record(
    action: &'static str,
    actor: &Actor,
    (subject_kind, subject_id): (&'static str, String),
    changes: Vec<FieldChange>,
    time: OffsetDateTime,
) -> Record {
    Record { actor_role: actor.role, actor_id: actor.id.clone(), action, subject_kind, subject_id, changes, time }
}
