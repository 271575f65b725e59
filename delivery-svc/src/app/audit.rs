//! What the audit tells of deliveries.

use chassis::audit::{FieldChange, Fields, Record};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use uuid::Uuid;

use crate::domain::{
    actor::Actor,
    delivery::{Delivery, State},
    named::Named,
    recipient::Recipient,
};

/// A delivery's fields, its recipient's among them.
pub fn fields(delivery: &Delivery, recipient: Option<&Recipient>) -> Fields {
    let tracking = match &delivery.state {
        State::Shipped(tracking) | State::Delivered(tracking) => Some(tracking),
        State::Booked { .. } | State::Ready | State::Cancelled(_) => None,
    };
    Fields::default()
        .with("status", delivery.state.status().name())
        .with("carrier", tracking.map(|tracking| tracking.carrier.as_str()).unwrap_or_default())
        .with("tracking_number", tracking.map(|tracking| tracking.number.as_str()).unwrap_or_default())
        .personal("recipient.name", recipient.map(Recipient::name).unwrap_or_default())
        .personal("recipient.phone_number", recipient.map(Recipient::phone_number).unwrap_or_default())
        .personal("recipient.address", recipient.map(Recipient::address).unwrap_or_default())
}

/// What a person did to a delivery; `action` is the RPC's name.
pub fn of_delivery(
    action: &'static str,
    actor: &Actor,
    delivery_id: Uuid,
    changes: Vec<FieldChange>,
    time: OffsetDateTime,
) -> Record {
    record(action, actor, ("delivery", delivery_id.to_string()), changes, time)
}

/// That a customer's personal data was erased, first or again.
pub fn of_erasure(actor: &Actor, customer_id: &str, before: Option<OffsetDateTime>, now: OffsetDateTime) -> Record {
    let erased = |time: Option<OffsetDateTime>| {
        Fields::default().with("erase_time", time.and_then(|time| time.format(&Rfc3339).ok()).unwrap_or_default())
    };
    let changes = erased(before).changes(&erased(Some(now)));
    record("EraseCustomer", actor, ("customer", customer_id.to_owned()), changes, now)
}

fn record(
    action: &'static str,
    actor: &Actor,
    (subject_kind, subject_id): (&'static str, String),
    changes: Vec<FieldChange>,
    time: OffsetDateTime,
) -> Record {
    let (actor_role, actor_id) = (actor.role.name(), actor.id.clone());
    Record { actor_role, actor_id, action, subject_kind, subject_id, changes, time }
}
