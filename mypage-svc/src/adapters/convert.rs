//! What this service shows, in its contract.

use std::collections::BTreeMap;

use chassis::wire;
use proto::mypage::v1::{
    MyDelivery, MyMessage, MyOrder as WireOrder, MyOrderLine, Rebuild as WireRebuild, RebuildProgress,
    WatchMyOrdersResponse, my_delivery, my_message, my_order, rebuild, watch_my_orders_response::Kind,
};

use super::cursor;
use crate::{
    app::watch_my_orders::{News, Update},
    domain::{Delivery, Line, Message, Money, MyOrder, Rebuild, delivery, message, order},
};

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
    let booking_outstanding = mine.booking_outstanding();
    let order = mine.order;
    WireOrder {
        booking_outstanding,
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

/// An update of a customer's watch.
pub fn update(customer_id: &str, update: Update) -> WatchMyOrdersResponse {
    let (kind, order) = match update.news {
        News::Order(mine) => (Kind::Order, Some(my_order(*mine))),
        News::Current => (Kind::Current, None),
        News::Heartbeat => (Kind::Heartbeat, None),
        News::Restart => (Kind::Restart, None),
    };
    WatchMyOrdersResponse {
        kind: kind.into(),
        order,
        cursor: cursor::encode(customer_id, update.place),
        as_of_time: update.as_of.map(wire::timestamp),
    }
}

/// A rebuild as operators see it.
pub fn rebuild(rebuild: &Rebuild) -> WireRebuild {
    let status = match (&rebuild.failure, rebuild.served_time) {
        (Some(_), _) => rebuild::Status::Failed,
        (None, Some(_)) => rebuild::Status::Done,
        (None, None) => rebuild::Status::Running,
    };
    let progress =
        by_producer(rebuild).map(|(producer, handled, total)| RebuildProgress { producer, handled, total }).collect();
    WireRebuild {
        rebuild_id: rebuild.copy.epoch.to_string(),
        status: status.into(),
        progress,
        create_time: Some(wire::timestamp(rebuild.create_time)),
        done_time: rebuild.served_time.map(wire::timestamp),
        failure: rebuild.failure.clone().unwrap_or_default(),
        passed_over: rebuild.passed_over,
    }
}

/// Each producer with the events that were taken in and those that there are, in all of its epochs.
pub fn by_producer(rebuild: &Rebuild) -> impl Iterator<Item = (String, i64, i64)> + use<> {
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for progress in &rebuild.progress {
        let (handled, total) = sums.entry(progress.producer.clone()).or_default();
        *handled += progress.through;
        *total += progress.head;
    }
    sums.into_iter().map(|(producer, (handled, total))| (producer, handled, total))
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
