//! What other services' contracts say, as this service keeps it.

use chassis::wire;
use proto::{delivery::v1 as delivery_contract, notify::v1 as notify_contract, order::v1 as order_contract};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Delivery, Line, Message, Money, Order, delivery, message, order};

/// A field of what an event carries is missing or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event's {0} is missing or wrong")]
pub struct Wrong(pub &'static str);

/// An order that an event carries.
///
/// # Errors
/// It lacks what every order has.
pub fn order(order: order_contract::Order) -> Result<Order, Wrong> {
    let status = order_status(order.status()).ok_or(Wrong("order.status"))?;
    if order.customer_id.is_empty() {
        return Err(Wrong("order.customer_id"));
    }
    Ok(Order {
        id: uuid(&order.order_id, "order.order_id")?,
        shop_id: uuid(&order.shop_id, "order.shop_id")?,
        status,
        total: money(order.total.as_ref(), "order.total")?,
        reason: reason(&order, status),
        booking_outstanding: order.booking_outstanding,
        version: version(order.version, "order.version")?,
        create_time: wire::time(order.create_time.as_ref()).ok_or(Wrong("order.create_time"))?,
        update_time: wire::time(order.update_time.as_ref()).ok_or(Wrong("order.update_time"))?,
        customer_id: order.customer_id,
        lines: order.lines.into_iter().map(line).collect::<Result<_, _>>()?,
    })
}

fn line(line: order_contract::OrderLine) -> Result<Line, Wrong> {
    Ok(Line {
        phone_id: uuid(&line.phone_id, "order.lines.phone_id")?,
        quantity: line.quantity,
        unit_price: money(line.unit_price.as_ref(), "order.lines.unit_price")?,
        serials: line.serials,
    })
}

/// The reject reason's name without its prefix, or what the one who cancelled said.
fn reason(order: &order_contract::Order, status: order::Status) -> String {
    match status {
        order::Status::Rejected => order.reject_reason().as_str_name().trim_start_matches("REJECT_REASON_").to_owned(),
        order::Status::Cancelled => order.cancel_reason.clone(),
        order::Status::Placed | order::Status::Confirmed | order::Status::Shipped | order::Status::Delivered => {
            String::new()
        }
    }
}

fn order_status(status: order_contract::order::Status) -> Option<order::Status> {
    match status {
        order_contract::order::Status::Unspecified => None,
        order_contract::order::Status::Placed => Some(order::Status::Placed),
        order_contract::order::Status::Confirmed => Some(order::Status::Confirmed),
        order_contract::order::Status::Rejected => Some(order::Status::Rejected),
        order_contract::order::Status::Cancelled => Some(order::Status::Cancelled),
        order_contract::order::Status::Shipped => Some(order::Status::Shipped),
        order_contract::order::Status::Delivered => Some(order::Status::Delivered),
    }
}

/// A delivery that an event carries.
///
/// # Errors
/// It lacks what every delivery has.
pub fn delivery(delivery: delivery_contract::Delivery) -> Result<Delivery, Wrong> {
    Ok(Delivery {
        order_id: uuid(&delivery.order_id, "delivery.order_id")?,
        status: delivery_status(delivery.status()).ok_or(Wrong("delivery.status"))?,
        version: version(delivery.version, "delivery.version")?,
        carrier: delivery.carrier,
        tracking_number: delivery.tracking_number,
    })
}

fn delivery_status(status: delivery_contract::delivery::Status) -> Option<delivery::Status> {
    match status {
        delivery_contract::delivery::Status::Unspecified => None,
        delivery_contract::delivery::Status::Booked => Some(delivery::Status::Booked),
        delivery_contract::delivery::Status::Ready => Some(delivery::Status::Ready),
        delivery_contract::delivery::Status::Shipped => Some(delivery::Status::Shipped),
        delivery_contract::delivery::Status::Delivered => Some(delivery::Status::Delivered),
        delivery_contract::delivery::Status::Cancelled => Some(delivery::Status::Cancelled),
    }
}

/// A message that an event of `time` carries; none where it is not for a customer.
///
/// # Errors
/// It lacks what every message has.
pub fn message(message: notify_contract::Message, time: OffsetDateTime) -> Result<Option<Message>, Wrong> {
    match message.recipient_kind() {
        notify_contract::message::RecipientKind::Customer => {}
        notify_contract::message::RecipientKind::Shop => return Ok(None),
        notify_contract::message::RecipientKind::Unspecified => return Err(Wrong("message.recipient_kind")),
    }
    Ok(Some(Message {
        id: uuid(&message.message_id, "message.message_id")?,
        order_id: uuid(&message.order_id, "message.order_id")?,
        template: template(message.template()).ok_or(Wrong("message.template"))?,
        status: message_status(message.status()).ok_or(Wrong("message.status"))?,
        version: version(message.version, "message.version")?,
        time,
        channel: message.channel,
    }))
}

fn template(template: notify_contract::message::Template) -> Option<String> {
    let name = template.as_str_name().trim_start_matches("TEMPLATE_");
    (template != notify_contract::message::Template::Unspecified).then(|| name.to_owned())
}

fn message_status(status: notify_contract::message::Status) -> Option<message::Status> {
    match status {
        notify_contract::message::Status::Sent => Some(message::Status::Sent),
        notify_contract::message::Status::Failed => Some(message::Status::Failed),
        notify_contract::message::Status::Unspecified | notify_contract::message::Status::Pending => None,
    }
}

fn uuid(text: &str, field: &'static str) -> Result<Uuid, Wrong> {
    wire::uuid(text).map_err(|_wrong| Wrong(field))
}

fn version(version: i64, field: &'static str) -> Result<i64, Wrong> {
    if version > 0 { Ok(version) } else { Err(Wrong(field)) }
}

fn money(money: Option<&proto::Money>, field: &'static str) -> Result<Option<Money>, Wrong> {
    if money.is_none() {
        return Ok(None);
    }
    let (minor_units, currency) = wire::minor_units(money).map_err(|_wrong| Wrong(field))?;
    Ok(Some(Money { minor_units, currency: currency.to_owned() }))
}
