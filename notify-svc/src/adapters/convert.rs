//! Between the contract and the domain.

pub mod contact;
pub mod told;

use chassis::{inbox::Event, wire};
use proto::{
    actor::v1::{Actor as WireActor, actor},
    notify::v1::{Message as WireMessage, message as wire_message},
    order::v1::{Order, order as wire_order},
};

use crate::domain::{Change, Heard, Message, Money, Recipient, RejectReason, Status, Template, message::State};

/// What is wrong with an order that an event carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the order's {0} is missing or wrong")]
pub struct WrongOrder(pub &'static str);

/// A status that a list is asked for.
///
/// # Errors
/// It is none that a message has.
pub fn status(number: i32) -> Result<Option<Status>, &'static str> {
    match wire_message::Status::try_from(number) {
        Ok(wire_message::Status::Unspecified) => Ok(None),
        Ok(wire_message::Status::Pending) => Ok(Some(Status::Pending)),
        Ok(wire_message::Status::Sent) => Ok(Some(Status::Sent)),
        Ok(wire_message::Status::Failed) => Ok(Some(Status::Failed)),
        Err(_unknown) => Err("must be a status of a message"),
    }
}

/// A message as clients and events show it; `text` is empty where it is not shown.
pub fn message(message: &Message, text: String) -> WireMessage {
    WireMessage {
        message_id: message.id.to_string(),
        order_id: message.order_id.to_string(),
        recipient_kind: recipient_kind(&message.recipient).into(),
        recipient_id: message.recipient.id(),
        template: template(message.template).into(),
        channel: message.channel.name().to_owned(),
        language: message.language.code().to_owned(),
        status: wire_status(message.status()).into(),
        text,
        attempts: i32::try_from(message.attempts).unwrap_or(i32::MAX),
        version: message.version,
        create_time: Some(wire::timestamp(message.create_time)),
        sent_time: match message.state {
            State::Sent { sent_time } => Some(wire::timestamp(sent_time)),
            State::Pending { .. } | State::Failed { .. } | State::Erased => None,
        },
    }
}

/// What kind of recipient someone is.
pub fn recipient_kind(recipient: &Recipient) -> wire_message::RecipientKind {
    match recipient {
        Recipient::Customer(_) => wire_message::RecipientKind::Customer,
        Recipient::Shop(_) => wire_message::RecipientKind::Shop,
    }
}

fn template(template: Template) -> wire_message::Template {
    match template {
        Template::Placed => wire_message::Template::Placed,
        Template::Confirmed => wire_message::Template::Confirmed,
        Template::Rejected => wire_message::Template::Rejected,
        Template::Cancelled => wire_message::Template::Cancelled,
        Template::Shipped => wire_message::Template::Shipped,
        Template::Delivered => wire_message::Template::Delivered,
    }
}

fn wire_status(status: Status) -> wire_message::Status {
    match status {
        Status::Pending => wire_message::Status::Pending,
        Status::Sent => wire_message::Status::Sent,
        Status::Failed => wire_message::Status::Failed,
    }
}

/// What an event tells of an order that went through the change named by `template`.
///
/// # Errors
/// The order lacks what every order has, or what this change gives it.
pub fn heard(event: &Event, template: Template, order: Order, actor: Option<&WireActor>) -> Result<Heard, WrongOrder> {
    let order_id = wire::uuid(&order.order_id).map_err(|_wrong| WrongOrder("order_id"))?;
    let shop_id = wire::uuid(&order.shop_id).map_err(|_wrong| WrongOrder("shop_id"))?;
    if order.customer_id.is_empty() {
        return Err(WrongOrder("customer_id"));
    }
    let reason = order.reject_reason();
    let change = match template {
        Template::Placed => Change::Placed,
        Template::Confirmed => Change::Confirmed { total: total(&order)? },
        Template::Rejected => Change::Rejected { reason: reject_reason(reason).ok_or(WrongOrder("reject_reason"))? },
        Template::Cancelled => Change::Cancelled { reason: order.cancel_reason },
        Template::Shipped => Change::Shipped { carrier: order.carrier, tracking_number: order.tracking_number },
        Template::Delivered => Change::Delivered,
    };
    Ok(Heard {
        by_customer: is_customer(actor, &order.customer_id),
        event_id: event.id,
        order_id,
        customer_id: order.customer_id,
        shop_id,
        change,
        traceparent: chassis::trace::current().or_else(|| event.traceparent.clone()),
    })
}

/// Whether an actor is an order's customer, in whatever role. One that is not told is taken for it.
fn is_customer(actor: Option<&WireActor>, customer_id: &str) -> bool {
    let Some(actor) = actor else { return true };
    match actor.kind() {
        actor::Kind::Unspecified | actor::Kind::Customer => true,
        actor::Kind::Staff | actor::Kind::Manager | actor::Kind::Operator => actor.id == customer_id,
        actor::Kind::Service => false,
    }
}

fn total(order: &Order) -> Result<Money, WrongOrder> {
    let (minor_units, currency) = wire::minor_units(order.total.as_ref()).map_err(|_wrong| WrongOrder("total"))?;
    Ok(Money { minor_units, currency: currency.to_owned() })
}

fn reject_reason(reason: wire_order::RejectReason) -> Option<RejectReason> {
    match reason {
        wire_order::RejectReason::Unspecified => None,
        wire_order::RejectReason::UnknownShop => Some(RejectReason::UnknownShop),
        wire_order::RejectReason::UnknownPhone => Some(RejectReason::UnknownPhone),
        wire_order::RejectReason::OutOfStock => Some(RejectReason::OutOfStock),
        wire_order::RejectReason::PriceChanged => Some(RejectReason::PriceChanged),
        wire_order::RejectReason::ShopClosed => Some(RejectReason::ShopClosed),
        wire_order::RejectReason::Expired => Some(RejectReason::Expired),
    }
}
