use chassis::refusal::{Refusal, reason};
use proto::{
    delivery::v1::{BookDeliveryRequest, CancelDeliveryRequest, ShipDeliveryRequest},
    order::v1::{Order, order},
};
use time::OffsetDateTime;
use tonic::Status as GrpcStatus;
use tonic_types::StatusExt;
use uuid::Uuid;

use super::*;

fn actor_of(kind: ActorKind, id: &str) -> ActorMessage {
    ActorMessage { kind: kind.into(), id: id.into() }
}

fn booking() -> BookDeliveryRequest {
    BookDeliveryRequest {
        order_id: Uuid::from_u128(1).to_string(),
        request_hash: vec![7; 32].into(),
        shop_id: Uuid::from_u128(2).to_string(),
        customer_id: "customer-1".into(),
        recipient: Some(messages::Recipient {
            name: " Hong Gildong ".into(),
            phone_number: "010-1234-5678".into(),
            address: "Seoul".into(),
        }),
    }
}

fn wrong_fields(refusal: Refusal) -> Vec<String> {
    assert_eq!(refusal.reason(), &reason::INVALID_REQUEST);
    let details = GrpcStatus::from(refusal).get_error_details();
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn a_booking_is_read_with_its_recipient_trimmed() {
    let command = book_command(booking()).expect("valid");
    assert_eq!(command.booking.request_hash, [7; 32]);
    assert_eq!(command.recipient.name(), "Hong Gildong");
}

#[test]
fn every_wrong_field_of_a_booking_is_named_at_once() {
    let wrong =
        BookDeliveryRequest { recipient: Some(messages::Recipient::default()), ..BookDeliveryRequest::default() };
    let expected = [
        "order_id",
        "request_hash",
        "shop_id",
        "customer_id",
        "recipient.name",
        "recipient.phone_number",
        "recipient.address",
    ];
    assert_eq!(wrong_fields(book_command(wrong).expect_err("refused")), expected);
    let nobody = BookDeliveryRequest { recipient: None, customer_id: "a@b".into(), ..booking() };
    assert_eq!(wrong_fields(book_command(nobody).expect_err("refused")), ["customer_id", "recipient"]);
}

#[test]
fn every_wrong_field_of_a_cancellation_is_named_at_once() {
    let wrong = CancelDeliveryRequest { reason: "x".repeat(201), ..CancelDeliveryRequest::default() };
    let expected = ["order_id", "shop_id", "customer_id", "actor", "reason"];
    assert_eq!(wrong_fields(cancel_command(wrong).expect_err("refused")), expected);
}

#[test]
fn every_wrong_field_of_a_shipment_is_named_at_once() {
    let wrong = ShipDeliveryRequest { delivery_id: "x".into(), carrier: " ".into(), tracking_number: "1\u{0}".into() };
    let expected = ["delivery_id", "carrier", "tracking_number"];
    assert_eq!(wrong_fields(ship_command(&wrong).expect_err("refused")), expected);
}

#[test]
fn an_actor_comes_back_as_it_went() {
    for role in [Role::Customer, Role::Staff, Role::Manager, Role::Operator, Role::Service] {
        let sent = Actor { role, id: "a-1".into() };
        assert_eq!(actor(&actor_message(&sent)), Ok(sent));
    }
    assert_eq!(actor(&actor_of(ActorKind::Unspecified, "a-1")), Err(Nonsense::Actor));
    assert_eq!(actor(&actor_of(ActorKind::Staff, "")), Err(Nonsense::Actor));
}

#[test]
fn a_status_comes_back_as_it_went() {
    for sent in [Status::Booked, Status::Ready, Status::Shipped, Status::Delivered, Status::Cancelled] {
        assert_eq!(status(wire_status(sent).into()), Ok(Some(sent)));
    }
    assert_eq!(status(0), Ok(None));
    assert!(status(99).is_err());
}

#[test]
fn a_delivery_without_its_recipient_carries_all_the_rest() {
    let booked = Delivery::book(book_command(booking()).expect("valid").booking, OffsetDateTime::UNIX_EPOCH).delivery;
    let message = delivery(&booked, None);
    assert_eq!((message.recipient, message.version), (None, 1));
    assert_eq!(
        (message.delivery_id.as_str(), message.order_id.as_str()),
        (&*booked.id.to_string(), &*booked.id.to_string())
    );
    assert_eq!((message.carrier.as_str(), message.cancelled_by), ("", None));
}

fn order_at(status: order::Status) -> Order {
    Order {
        order_id: Uuid::from_u128(1).to_string(),
        shop_id: Uuid::from_u128(2).to_string(),
        customer_id: "customer-1".into(),
        status: status.into(),
        ..Order::default()
    }
}

fn standing(order: &Order) -> Result<Standing, Nonsense> {
    report(order, Actor::service("order-svc")).map(|report| report.standing)
}

#[test]
fn an_order_tells_where_it_stands() {
    assert_eq!(standing(&order_at(order::Status::Placed)), Ok(Standing::Placed));
    assert_eq!(standing(&order_at(order::Status::Confirmed)), Ok(Standing::Confirmed));

    let out_of_stock = RejectReason::OutOfStock.into();
    let rejected = Order { reject_reason: out_of_stock, ..order_at(order::Status::Rejected) };
    let cancellation = Cancellation { by: Actor::service("order-svc"), reason: "OUT_OF_STOCK".into() };
    assert_eq!(standing(&rejected), Ok(Standing::Ended(cancellation)));

    let cancelled_by = Some(actor_of(ActorKind::Customer, "customer-1"));
    let cancelled = Order { cancelled_by, cancel_reason: "why not".into(), ..order_at(order::Status::Cancelled) };
    let cancellation = Cancellation { by: Actor::customer("customer-1"), reason: "why not".into() };
    assert_eq!(standing(&cancelled), Ok(Standing::Ended(cancellation)));

    let tracking = Tracking::new("CJ", "123").expect("valid");
    for (status, expected) in [
        (order::Status::Shipped, Standing::Shipped(tracking.clone())),
        (order::Status::Delivered, Standing::Delivered(tracking)),
    ] {
        let shipped = Order { carrier: "CJ".into(), tracking_number: "123".into(), ..order_at(status) };
        assert_eq!(standing(&shipped), Ok(expected));
    }
}

#[test]
fn an_order_that_makes_no_sense_is_refused() {
    assert_eq!(standing(&order_at(order::Status::Unspecified)), Err(Nonsense::Status));
    assert_eq!(standing(&order_at(order::Status::Cancelled)), Err(Nonsense::Missing("cancelled_by")));
    assert_eq!(standing(&order_at(order::Status::Shipped)), Err(Nonsense::Tracking));
    let nameless = Order { order_id: "x".into(), ..order_at(order::Status::Placed) };
    assert_eq!(standing(&nameless), Err(Nonsense::Id("order_id")));
}
