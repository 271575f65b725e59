//! What this service shows, in its contract.

use chassis::wire;
use proto::mypage::v1::{MyDelivery, MyMessage, MyOrder as WireOrder, MyOrderLine, my_delivery, my_message, my_order};

use crate::domain::{Delivery, Line, Message, Money, MyOrder, delivery, message, order};

/// A status that a list is asked for.
///
/// # Errors
/// It is none that an order has.
pub fn status(number: i32) -> Result<Option<order::Status>, &'static str> {
    match my_order::Status::try_from(number) {
        Ok(my_order::Status::Unspecified) => Ok(None),
        Ok(my_order::Status::Placed) => Ok(Some(order::Status::Placed)),
        Ok(my_order::Status::Confirmed) => Ok(Some(order::Status::Confirmed)),
        Ok(my_order::Status::Rejected) => Ok(Some(order::Status::Rejected)),
        Ok(my_order::Status::Cancelled) => Ok(Some(order::Status::Cancelled)),
        Ok(my_order::Status::Shipped) => Ok(Some(order::Status::Shipped)),
        Ok(my_order::Status::Delivered) => Ok(Some(order::Status::Delivered)),
        Err(_unknown) => Err("must be a status of an order"),
    }
}

/// An order as its customer sees it.
pub fn my_order(mine: MyOrder) -> WireOrder {
    let order = mine.order;
    WireOrder {
        order_id: order.id.to_string(),
        shop_id: order.shop_id.to_string(),
        lines: order.lines.into_iter().map(line).collect(),
        status: order_status(order.status).into(),
        total: order.total.as_ref().map(money),
        reason: order.reason,
        delivery: mine.delivery.map(delivery),
        messages: mine.messages.into_iter().map(message).collect(),
        order_version: order.version,
        create_time: Some(wire::timestamp(order.create_time)),
        update_time: Some(wire::timestamp(order.update_time)),
    }
}

/// One phone of an order.
pub fn line(line: Line) -> MyOrderLine {
    MyOrderLine {
        phone_id: line.phone_id.to_string(),
        quantity: line.quantity,
        unit_price: line.unit_price.as_ref().map(money),
        serials: line.serials,
    }
}

fn delivery(delivery: Delivery) -> MyDelivery {
    let status = match delivery.status {
        delivery::Status::Booked => my_delivery::Status::Booked,
        delivery::Status::Ready => my_delivery::Status::Ready,
        delivery::Status::Shipped => my_delivery::Status::Shipped,
        delivery::Status::Delivered => my_delivery::Status::Delivered,
        delivery::Status::Cancelled => my_delivery::Status::Cancelled,
    };
    let Delivery { carrier, tracking_number, version, .. } = delivery;
    MyDelivery { status: status.into(), carrier, tracking_number, version }
}

fn message(message: Message) -> MyMessage {
    let status = match message.status {
        message::Status::Sent => my_message::Status::Sent,
        message::Status::Failed => my_message::Status::Failed,
    };
    MyMessage {
        message_id: message.id.to_string(),
        template: message.template,
        channel: message.channel,
        status: status.into(),
        time: Some(wire::timestamp(message.time)),
    }
}

fn order_status(status: order::Status) -> my_order::Status {
    match status {
        order::Status::Placed => my_order::Status::Placed,
        order::Status::Confirmed => my_order::Status::Confirmed,
        order::Status::Rejected => my_order::Status::Rejected,
        order::Status::Cancelled => my_order::Status::Cancelled,
        order::Status::Shipped => my_order::Status::Shipped,
        order::Status::Delivered => my_order::Status::Delivered,
    }
}

fn money(money: &Money) -> proto::Money {
    wire::money(money.minor_units, &money.currency)
}
