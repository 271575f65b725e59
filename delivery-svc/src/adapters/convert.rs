//! Between wire types and the domain.

use chassis::wire;
use proto::{
    actor::v1::{Actor as ActorMessage, actor::Kind as ActorKind},
    delivery::v1::{self as messages, delivery::Status as WireStatus},
    order::v1::{Order as OrderMessage, order::RejectReason, order::Status as OrderStatus},
};

use crate::{
    app::follow_order::Report,
    domain::{
        actor::{Actor, Role},
        delivery::{Cancellation, Delivery, State, Status},
        follow::Standing,
        recipient::Recipient,
        tracking::Tracking,
    },
};

mod commands;
#[cfg(test)]
mod tests;

pub use commands::{
    book_command, cancel_command, correct_recipient_command, correct_tracking_number_command, customer, ship_command,
};

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
        order_time: wire::time(order.create_time.as_ref()),
        standing,
        actor: by,
    })
}

fn order_tracking(order: &OrderMessage) -> Result<Tracking, Nonsense> {
    Tracking::new(&order.carrier, &order.tracking_number).map_err(|_invalid| Nonsense::Tracking)
}
