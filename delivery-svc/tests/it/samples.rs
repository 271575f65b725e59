//! What the tests book, ship and hear of.

use chassis::inbox;
use delivery_svc::{
    app::{book_delivery, cancel_delivery, correct_recipient, ship_delivery, viewer::Staff},
    domain::{
        actor::{Actor, Role},
        delivery::{Booking, Cancellation},
        recipient::{Address, Name, PhoneNumber, Recipient},
        tracking::Tracking,
    },
};
use prost::Message;
use proto::{
    actor::v1::{Actor as ActorMessage, actor::Kind},
    order::v1::{
        Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderRejected, OrderShipped,
        order::{RejectReason, Status},
    },
};
use time::OffsetDateTime;
use uuid::Uuid;

pub const SHOP: Uuid = Uuid::from_u128(0xA);
pub const CUSTOMER: &str = "customer-1";
/// What must never leave the row it stands in.
pub const PERSONAL: [&str; 3] = ["Hong Gildong", "+82 10-1234-5678", "110 Sejong-daero"];

pub fn recipient() -> Recipient {
    recipient_named(PERSONAL[0])
}

pub fn recipient_named(name: &str) -> Recipient {
    let [_, phone_number, address] = PERSONAL;
    Recipient::new(
        Name::new(name).expect("a name"),
        PhoneNumber::new(phone_number).expect("a phone number"),
        Address::new(address).expect("an address"),
    )
}

pub fn booking(id: Uuid) -> Booking {
    Booking { id, request_hash: [7; 32], shop_id: SHOP, customer_id: CUSTOMER.into() }
}

pub fn book_command(id: Uuid) -> book_delivery::Command {
    book_delivery::Command { booking: booking(id), recipient: recipient() }
}

pub fn cancellation(reason: &str) -> Cancellation {
    Cancellation { by: Actor::customer(CUSTOMER), reason: reason.into() }
}

pub fn cancel_command(id: Uuid, reason: &str) -> cancel_delivery::Command {
    let (delivery_id, shop_id, customer_id) = (id, SHOP, CUSTOMER.into());
    cancel_delivery::Command { delivery_id, shop_id, customer_id, cancellation: cancellation(reason) }
}

pub fn correct_command(id: Uuid, name: &str) -> correct_recipient::Command {
    let (recipient, customer_id) = (recipient_named(name), CUSTOMER.into());
    correct_recipient::Command { delivery_id: id, recipient, customer_id }
}

pub fn staff() -> Staff {
    Staff { shop_id: SHOP, actor: Actor { role: Role::Staff, id: "staff-1".into() } }
}

pub fn operator() -> Actor {
    Actor { role: Role::Operator, id: "operator-1".into() }
}

pub fn tracking() -> Tracking {
    Tracking::new("CJ", "123-456").expect("valid")
}

pub fn ship_command(id: Uuid) -> ship_delivery::Command {
    ship_delivery::Command { delivery_id: id, tracking: tracking(), staff: staff() }
}

pub fn order_at(id: Uuid, status: Status) -> Order {
    let mut order = Order {
        order_id: id.to_string(),
        customer_id: CUSTOMER.into(),
        shop_id: SHOP.to_string(),
        status: status.into(),
        ..Order::default()
    };
    match status {
        Status::Rejected => order.reject_reason = RejectReason::OutOfStock.into(),
        Status::Cancelled => {
            order.cancelled_by = Some(ActorMessage { kind: Kind::Customer.into(), id: CUSTOMER.into() });
            order.cancel_reason = "changed my mind".into();
        }
        Status::Shipped | Status::Delivered => (order.carrier, order.tracking_number) = ("CJ".into(), "123-456".into()),
        Status::Unspecified | Status::Placed | Status::Confirmed => {}
    }
    order
}

/// The event of an order that came to `status`; the same event for the same arguments.
pub fn order_event(id: Uuid, status: Status) -> inbox::Event {
    let order = Some(order_at(id, status));
    let actor = Some(ActorMessage { kind: Kind::Service.into(), id: "order-svc".into() });
    let (kind, body) = match status {
        Status::Placed => ("OrderPlaced", OrderPlaced { order, actor }.encode_to_vec()),
        Status::Confirmed => ("OrderConfirmed", OrderConfirmed { order, actor }.encode_to_vec()),
        Status::Rejected => ("OrderRejected", OrderRejected { order, actor }.encode_to_vec()),
        Status::Cancelled => ("OrderCancelled", OrderCancelled { order, actor }.encode_to_vec()),
        Status::Shipped => ("OrderShipped", OrderShipped { order, actor }.encode_to_vec()),
        Status::Delivered => ("OrderDelivered", OrderDelivered { order, actor }.encode_to_vec()),
        Status::Unspecified => panic!("no event has this status"),
    };
    event(id, status as u16, &format!("tword.order.v1.{kind}"), body)
}

pub fn event(aggregate_id: Uuid, number: u16, kind: &str, body: Vec<u8>) -> inbox::Event {
    let id = Uuid::from_u128(aggregate_id.as_u128() << 16 | u128::from(number));
    inbox::Event {
        id,
        producer: "order".into(),
        epoch: Uuid::from_u128(1),
        sequence: i64::try_from(id.as_u128()).expect("small ids in tests"),
        kind: kind.into(),
        aggregate_id,
        time: OffsetDateTime::UNIX_EPOCH,
        traceparent: None,
        body: body.into(),
    }
}
