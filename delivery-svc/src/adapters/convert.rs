//! Between wire types and the domain.

use chassis::{
    refusal::{Refusal, Violations},
    wire,
};
use proto::{
    actor::v1::{Actor as ActorMessage, actor::Kind as ActorKind},
    delivery::v1::{
        self as messages, BookDeliveryRequest, CancelDeliveryRequest, ShipDeliveryRequest,
        delivery::Status as WireStatus,
    },
    order::v1::{Order as OrderMessage, order::RejectReason, order::Status as OrderStatus},
};
use uuid::Uuid;

use crate::{
    app::{book_delivery, cancel_delivery, follow_order::Report},
    domain::{
        actor::{Actor, Role},
        delivery::{Booking, Cancellation, Delivery, RequestHash, State, Status},
        follow::Standing,
        recipient::{self, Recipient},
        tracking::{Carrier, Number, Tracking},
    },
};

#[cfg(test)]
mod tests;

const MOST_REASON: usize = 200;
const MOST_SUBJECT: usize = 128;

/// Why a message makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Nonsense {
    /// Not a UUID.
    #[error("{0} is not a UUID")]
    Id(&'static str),
    /// A part that is always there.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An actor without a kind or an id.
    #[error("an actor has no kind or no id")]
    Actor,
    /// No status, or one that this version does not know.
    #[error("a status is not known")]
    Status,
    /// Shipped, but nobody can say how.
    #[error("an order is shipped without a carrier and a tracking number")]
    Tracking,
}

/// A delivery as it goes into answers, and without a recipient into events and recorded answers.
pub fn delivery(delivery: &Delivery, recipient: Option<&Recipient>) -> messages::Delivery {
    let (tracking, cancellation) = match &delivery.state {
        State::Booked { .. } | State::Ready => (None, None),
        State::Shipped(tracking) | State::Delivered(tracking) => (Some(tracking), None),
        State::Cancelled(cancellation) => (None, Some(cancellation)),
    };
    messages::Delivery {
        delivery_id: delivery.id.to_string(),
        order_id: delivery.id.to_string(),
        shop_id: delivery.shop_id.to_string(),
        customer_id: delivery.customer_id.clone(),
        recipient: recipient.map(recipient_message),
        status: wire_status(delivery.state.status()).into(),
        carrier: tracking.map(|tracking| tracking.carrier.as_str().to_owned()).unwrap_or_default(),
        tracking_number: tracking.map(|tracking| tracking.number.as_str().to_owned()).unwrap_or_default(),
        cancel_reason: cancellation.map(|cancellation| cancellation.reason.clone()).unwrap_or_default(),
        cancelled_by: cancellation.map(|cancellation| actor_message(&cancellation.by)),
        version: delivery.version,
        create_time: Some(wire::timestamp(delivery.create_time)),
        update_time: Some(wire::timestamp(delivery.update_time)),
    }
}

/// A recipient as it goes into answers.
pub fn recipient_message(recipient: &Recipient) -> messages::Recipient {
    messages::Recipient {
        name: recipient.name().to_owned(),
        phone_number: recipient.phone_number().to_owned(),
        address: recipient.address().to_owned(),
    }
}

/// A status on the wire.
pub fn wire_status(status: Status) -> WireStatus {
    match status {
        Status::Booked => WireStatus::Booked,
        Status::Ready => WireStatus::Ready,
        Status::Shipped => WireStatus::Shipped,
        Status::Delivered => WireStatus::Delivered,
        Status::Cancelled => WireStatus::Cancelled,
    }
}

/// A status to filter by; none where unspecified.
///
/// # Errors
/// No status of this version.
pub fn status(number: i32) -> Result<Option<Status>, &'static str> {
    match WireStatus::try_from(number) {
        Ok(WireStatus::Unspecified) => Ok(None),
        Ok(WireStatus::Booked) => Ok(Some(Status::Booked)),
        Ok(WireStatus::Ready) => Ok(Some(Status::Ready)),
        Ok(WireStatus::Shipped) => Ok(Some(Status::Shipped)),
        Ok(WireStatus::Delivered) => Ok(Some(Status::Delivered)),
        Ok(WireStatus::Cancelled) => Ok(Some(Status::Cancelled)),
        Err(_) => Err("must be a status of a delivery"),
    }
}

/// An actor on the wire.
pub fn actor_message(actor: &Actor) -> ActorMessage {
    let kind = match actor.role {
        Role::Customer => ActorKind::Customer,
        Role::Staff => ActorKind::Staff,
        Role::Manager => ActorKind::Manager,
        Role::Operator => ActorKind::Operator,
        Role::Service => ActorKind::Service,
    };
    ActorMessage { kind: kind.into(), id: actor.id.clone() }
}

/// An actor from the wire.
///
/// # Errors
/// It has no kind or no id.
pub fn actor(message: &ActorMessage) -> Result<Actor, Nonsense> {
    let role = match ActorKind::try_from(message.kind) {
        Ok(ActorKind::Customer) => Role::Customer,
        Ok(ActorKind::Staff) => Role::Staff,
        Ok(ActorKind::Manager) => Role::Manager,
        Ok(ActorKind::Operator) => Role::Operator,
        Ok(ActorKind::Service) => Role::Service,
        Ok(ActorKind::Unspecified) | Err(_) => return Err(Nonsense::Actor),
    };
    if message.id.is_empty() {
        return Err(Nonsense::Actor);
    }
    Ok(Actor { role, id: message.id.clone() })
}

/// What an order's message says to its delivery; `by` is who brought the order there.
///
/// # Errors
/// No order-svc of this version would send it.
pub fn report(order: &OrderMessage, by: Actor) -> Result<Report, Nonsense> {
    let standing = match OrderStatus::try_from(order.status) {
        Ok(OrderStatus::Placed) => Standing::Placed,
        Ok(OrderStatus::Confirmed) => Standing::Confirmed,
        Ok(OrderStatus::Rejected) => {
            let reason = RejectReason::try_from(order.reject_reason).unwrap_or(RejectReason::Unspecified);
            let reason = reason.as_str_name().trim_start_matches("REJECT_REASON_").to_owned();
            Standing::Ended(Cancellation { by: by.clone(), reason })
        }
        Ok(OrderStatus::Cancelled) => {
            let cancelled_by = order.cancelled_by.as_ref().ok_or(Nonsense::Missing("cancelled_by"))?;
            Standing::Ended(Cancellation { by: actor(cancelled_by)?, reason: order.cancel_reason.clone() })
        }
        Ok(OrderStatus::Shipped) => Standing::Shipped(order_tracking(order)?),
        Ok(OrderStatus::Delivered) => Standing::Delivered(order_tracking(order)?),
        Ok(OrderStatus::Unspecified) | Err(_) => return Err(Nonsense::Status),
    };
    Ok(Report {
        order_id: wire::uuid(&order.order_id).map_err(|_wrong| Nonsense::Id("order_id"))?,
        shop_id: wire::uuid(&order.shop_id).map_err(|_wrong| Nonsense::Id("shop_id"))?,
        customer_id: order.customer_id.clone(),
        standing,
        actor: by,
    })
}

fn order_tracking(order: &OrderMessage) -> Result<Tracking, Nonsense> {
    Tracking::new(&order.carrier, &order.tracking_number).map_err(|_invalid| Nonsense::Tracking)
}

/// What to book.
///
/// # Errors
/// Every wrong field.
pub fn book_command(request: BookDeliveryRequest) -> Result<book_delivery::Command, Refusal> {
    let mut violations = Violations::default();
    let id = violations.check("order_id", wire::uuid(&request.order_id));
    let request_hash = violations.check("request_hash", request_hash(&request.request_hash));
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let customer_id = violations.check("customer_id", subject(request.customer_id));
    let recipient = recipient(request.recipient, &mut violations);
    violations.finish()?;
    // Whatever is absent was noted as a violation.
    let (Some(id), Some(request_hash), Some(shop_id), Some(customer_id), Some(recipient)) =
        (id, request_hash, shop_id, customer_id, recipient)
    else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok(book_delivery::Command { booking: Booking { id, request_hash, shop_id, customer_id }, recipient })
}

/// What to cancel.
///
/// # Errors
/// Every wrong field.
pub fn cancel_command(request: CancelDeliveryRequest) -> Result<cancel_delivery::Command, Refusal> {
    let mut violations = Violations::default();
    let delivery_id = violations.check("order_id", wire::uuid(&request.order_id));
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let customer_id = violations.check("customer_id", subject(request.customer_id));
    let by = request.actor.as_ref().ok_or(Nonsense::Missing("actor")).and_then(actor);
    let by = violations.check("actor", by);
    let reason = violations.check("reason", reason(request.reason));
    violations.finish()?;
    let (Some(delivery_id), Some(shop_id), Some(customer_id), Some(by), Some(reason)) =
        (delivery_id, shop_id, customer_id, by, reason)
    else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok(cancel_delivery::Command { delivery_id, shop_id, customer_id, cancellation: Cancellation { by, reason } })
}

/// Which delivery to ship, and how it goes.
///
/// # Errors
/// Every wrong field.
pub fn ship_command(request: &ShipDeliveryRequest) -> Result<(Uuid, Tracking), Refusal> {
    let mut violations = Violations::default();
    let delivery_id = violations.check("delivery_id", wire::uuid(&request.delivery_id));
    let carrier = violations.check("carrier", Carrier::new(&request.carrier));
    let number = violations.check("tracking_number", Number::new(&request.tracking_number));
    violations.finish()?;
    let (Some(delivery_id), Some(carrier), Some(number)) = (delivery_id, carrier, number) else {
        return Err(Refusal::invalid(Vec::new()));
    };
    Ok((delivery_id, Tracking { carrier, number }))
}

fn recipient(message: Option<messages::Recipient>, violations: &mut Violations) -> Option<Recipient> {
    let Some(message) = message else {
        violations.add("recipient", "is required");
        return None;
    };
    let name = violations.check("recipient.name", recipient::Name::new(&message.name));
    let phone_number = violations.check("recipient.phone_number", recipient::PhoneNumber::new(&message.phone_number));
    let address = violations.check("recipient.address", recipient::Address::new(&message.address));
    Some(Recipient::new(name?, phone_number?, address?))
}

fn request_hash(bytes: &[u8]) -> Result<RequestHash, &'static str> {
    bytes.try_into().map_err(|_length| "must be 32 bytes")
}

fn subject(text: String) -> Result<String, &'static str> {
    let fits = !text.is_empty() && text.chars().take(MOST_SUBJECT + 1).count() <= MOST_SUBJECT;
    if fits && !text.contains('@') { Ok(text) } else { Err("must be an opaque subject of 1 to 128 characters") }
}

fn reason(text: String) -> Result<String, &'static str> {
    let fits = text.chars().take(MOST_REASON + 1).count() <= MOST_REASON;
    if fits { Ok(text) } else { Err("must be at most 200 characters") }
}
