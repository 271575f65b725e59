//! Orders as order-svc would tell of them.

use std::sync::atomic::{AtomicI64, Ordering};

use chassis::inbox::Event;
use prost::{Message, Name};
use proto::order::v1;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::world::{START, won};

/// The next event's number.
static SEQUENCE: AtomicI64 = AtomicI64::new(1);

/// What order-svc may tell of an order, in the order of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Placed,
    Confirmed,
    Rejected,
    Cancelled,
    Shipped,
    Delivered,
}

/// An order of some phones: (phone, quantity, expected price in won).
pub fn order(shop_id: Uuid, lines: &[(Uuid, i32, Option<i64>)]) -> v1::Order {
    let line = |(phone_id, quantity, expected): &(Uuid, i32, Option<i64>)| v1::OrderLine {
        phone_id: phone_id.to_string(),
        quantity: *quantity,
        expected_unit_price: expected.map(won),
        unit_price: None,
        serials: Vec::new(),
        requested_serials: Vec::new(),
    };
    v1::Order {
        order_id: Uuid::now_v7().to_string(),
        customer_id: "kim".to_owned(),
        shop_id: shop_id.to_string(),
        lines: lines.iter().map(line).collect(),
        status: v1::order::Status::Placed.into(),
        reserve_by: Some(chassis::wire::timestamp(START + Duration::DAY)),
        version: 1,
        create_time: Some(chassis::wire::timestamp(START)),
        update_time: Some(chassis::wire::timestamp(START)),
        ..v1::Order::default()
    }
}

/// The same order, asking for these very units of one of its phones.
pub fn asking(mut order: v1::Order, phone_id: Uuid, serials: &[String]) -> v1::Order {
    for line in order.lines.iter_mut().filter(|line| line.phone_id == phone_id.to_string()) {
        line.requested_serials = serials.to_vec();
    }
    order
}

/// The event of `order` reaching `version` by `step`.
pub fn event(order: &v1::Order, version: i64, step: Step) -> Event {
    let status = match step {
        Step::Placed => v1::order::Status::Placed,
        Step::Confirmed => v1::order::Status::Confirmed,
        Step::Rejected => v1::order::Status::Rejected,
        Step::Cancelled => v1::order::Status::Cancelled,
        Step::Shipped => v1::order::Status::Shipped,
        Step::Delivered => v1::order::Status::Delivered,
    };
    let order = Some(v1::Order { version, status: status.into(), ..order.clone() });
    match step {
        Step::Placed => wrap(order.as_ref(), &v1::OrderPlaced { order: order.clone(), actor: None }),
        Step::Confirmed => wrap(order.as_ref(), &v1::OrderConfirmed { order: order.clone(), actor: None }),
        Step::Rejected => wrap(order.as_ref(), &v1::OrderRejected { order: order.clone(), actor: None }),
        Step::Cancelled => wrap(order.as_ref(), &v1::OrderCancelled { order: order.clone(), actor: None }),
        Step::Shipped => wrap(order.as_ref(), &v1::OrderShipped { order: order.clone(), actor: None }),
        Step::Delivered => wrap(order.as_ref(), &v1::OrderDelivered { order: order.clone(), actor: None }),
    }
}

/// `message` as the event of `order`.
pub fn wrap<M: Message + Name>(order: Option<&v1::Order>, message: &M) -> Event {
    Event {
        id: Uuid::now_v7(),
        producer: "order".to_owned(),
        epoch: Uuid::nil(),
        sequence: SEQUENCE.fetch_add(1, Ordering::Relaxed),
        kind: M::full_name(),
        aggregate_id: order.and_then(|order| order.order_id.parse().ok()).unwrap_or_default(),
        time: OffsetDateTime::UNIX_EPOCH,
        traceparent: None,
        body: message.encode_to_vec().into(),
    }
}
