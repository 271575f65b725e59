//! What shop-svc and delivery-svc tell, in any order and as often as it comes.

use chassis::{
    consumer::{MAX_FAULTS, Taken},
    inbox::Event,
    wire::money,
};
use order_svc::domain::Status;
use prost::{Message, Name};
use proto::{
    actor::v1::{Actor, actor::Kind},
    delivery::v1::{Delivery, DeliveryBooked, DeliveryCancelled, DeliveryCompleted, DeliveryStarted},
    shop::v1::{Reservation, ReservedLine, StockRejected, StockReserved, reservation::RejectReason},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    world::{PHONE, World},
};

fn event<M: Message + Name>(producer: &str, order_id: Uuid, id: u128, message: &M) -> Event {
    Event {
        id: Uuid::from_u128(id),
        producer: producer.to_owned(),
        epoch: Uuid::from_u128(1),
        sequence: i64::try_from(id).expect("a small number"),
        kind: M::full_name(),
        aggregate_id: order_id,
        time: OffsetDateTime::UNIX_EPOCH,
        traceparent: None,
        body: message.encode_to_vec().into(),
    }
}

fn actor() -> Actor {
    Actor { kind: Kind::Staff.into(), id: "staff-1".to_owned() }
}

/// Two units are held, as ordered.
pub fn reserved(order_id: Uuid, id: u128) -> Event {
    held(order_id, id, &["A-0001", "A-0002"])
}

pub fn held(order_id: Uuid, id: u128, serials: &[&str]) -> Event {
    let line = ReservedLine {
        phone_id: PHONE.to_string(),
        unit_price: Some(money(500, "KRW")),
        serials: serials.iter().map(|serial| (*serial).to_owned()).collect(),
    };
    let reservation = Reservation { lines: vec![line], total: Some(money(1_000, "KRW")), ..Reservation::default() };
    event("shop", order_id, id, &StockReserved { reservation: Some(reservation), actor: None })
}

/// Its delivery is booked.
pub fn booked(order_id: Uuid, id: u128) -> Event {
    event("delivery", order_id, id, &DeliveryBooked { delivery: Some(Delivery::default()), actor: None })
}

pub fn rejected(order_id: Uuid, id: u128) -> Event {
    let reject_reason = RejectReason::OutOfStock.into();
    let reservation = Some(Reservation { reject_reason, ..Reservation::default() });
    event("shop", order_id, id, &StockRejected { reservation, actor: None })
}

fn delivery() -> Delivery {
    Delivery { carrier: "CJ".to_owned(), tracking_number: "123".to_owned(), ..Delivery::default() }
}

pub fn started(order_id: Uuid, id: u128) -> Event {
    event("delivery", order_id, id, &DeliveryStarted { delivery: Some(delivery()), actor: Some(actor()) })
}

pub fn completed(order_id: Uuid, id: u128) -> Event {
    event("delivery", order_id, id, &DeliveryCompleted { delivery: Some(delivery()), actor: Some(actor()) })
}

/// Cancelled by staff, with a reason.
pub fn cancelled(order_id: Uuid, id: u128) -> Event {
    let delivery = Delivery { cancelled_by: Some(actor()), cancel_reason: "broken".to_owned(), ..Delivery::default() };
    event("delivery", order_id, id, &DeliveryCancelled { delivery: Some(delivery), actor: Some(actor()) })
}

async fn an_order_goes_all_the_way_whatever_is_repeated(on: On) {
    let world = World::open(on).await;
    let id = world.placed().await.id;
    for _ in 0..3 {
        assert_eq!(world.hear_stock(reserved(id, 1)).await, Taken::Done);
    }
    for _ in 0..3 {
        assert_eq!(world.hear_delivery(started(id, 2)).await, Taken::Done);
        assert_eq!(world.hear_delivery(completed(id, 3)).await, Taken::Done);
    }
    let kinds: Vec<_> = world.written().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["OrderPlaced", "OrderConfirmed", "OrderShipped", "OrderDelivered"]);
}

async fn what_overtakes_waits_or_passes_through(on: On) {
    let world = World::open(on).await;
    let id = world.placed().await.id;
    assert!(matches!(world.hear_delivery(completed(id, 3)).await, Taken::Later(_)), "not confirmed yet");
    world.hear_stock(reserved(id, 1)).await;
    assert_eq!(world.hear_delivery(completed(id, 3)).await, Taken::Done);
    assert_eq!(world.hear_delivery(started(id, 2)).await, Taken::Done);
    let versions: Vec<_> = world.written().await;
    assert_eq!(versions.last(), Some(&("OrderDelivered".to_owned(), 4)));
    assert_eq!(versions.len(), 4);
}

async fn stock_that_is_rejected_rejects_the_order(on: On) {
    let world = World::open(on).await;
    let id = world.placed().await.id;
    world.hear_stock(rejected(id, 1)).await;
    assert!(matches!(world.order(id).await.status, Status::Rejected(_)));
    assert_eq!(world.hear_stock(reserved(id, 2)).await, Taken::Done, "ignored");
    assert!(matches!(world.order(id).await.status, Status::Rejected(_)));
}

async fn an_event_of_an_unknown_order_waits(on: On) {
    let world = World::open(on).await;
    assert!(matches!(world.hear_stock(reserved(Uuid::from_u128(5), 1)).await, Taken::Later(_)));
    assert!(matches!(world.hear_delivery(started(Uuid::from_u128(5), 2)).await, Taken::Later(_)));
}

async fn a_cancelled_booking_without_an_order_is_void(on: On) {
    let world = World::open(on).await;
    let id = Uuid::from_u128(5);
    assert_eq!(world.hear_delivery(cancelled(id, 1)).await, Taken::Done);
    assert_eq!(world.void(id).await.expect("resolved"), [(id, None)]);
    assert_eq!(world.written().await, []);
}

async fn what_breaks_a_rule_is_put_aside_at_the_fifth_time_and_what_cannot_be_read_at_the_first(on: On) {
    let world = World::open(on).await;
    let id = world.placed().await.id;
    for _ in 0..4 {
        assert!(matches!(world.hear_stock(held(id, 1, &["A-0001"])).await, Taken::Later(_)));
    }
    assert_eq!(world.hear_stock(held(id, 1, &["A-0001"])).await, Taken::Done);
    let garbage = Event { body: vec![0xff; 3].into(), ..reserved(id, 2) };
    assert_eq!(world.hear_stock(garbage).await, Taken::Done);
    assert_eq!(world.order(id).await.status, Status::Placed);
    assert_eq!(world.kept.dead_letters().await, [(Uuid::from_u128(1), 5), (Uuid::from_u128(2), 1)]);
    assert_eq!(world.hear_stock(reserved(id, 3)).await, Taken::Done, "others are not held up");
    assert_eq!(world.order(id).await.status, Status::Confirmed);
}

async fn the_delivery_of_a_rejected_order_is_cancelled_without_a_fault(on: On) {
    let world = World::open(on).await;
    let id = world.placed().await.id;
    world.hear_stock(rejected(id, 1)).await;
    let order = world.order(id).await;
    assert_eq!(world.hear_delivery(cancelled(id, 2)).await, Taken::Done);
    assert_eq!(world.order(id).await, order);
    assert_eq!(world.dead_letters().await, 0);
}

async fn what_is_early_waits_however_often_it_comes(on: On) {
    let world = World::open(on).await;
    let id = world.placed().await.id;
    for _ in 0..2 * MAX_FAULTS {
        assert!(matches!(world.hear_delivery(started(id, 2)).await, Taken::Later(_)));
    }
    assert_eq!(world.dead_letters().await, 0);
    world.hear_stock(reserved(id, 1)).await;
    assert_eq!(world.hear_delivery(started(id, 2)).await, Taken::Done);
    assert!(matches!(world.order(id).await.status, Status::Shipped(_)));
}

on_both! {
    an_order_goes_all_the_way_whatever_is_repeated,
    what_overtakes_waits_or_passes_through,
    stock_that_is_rejected_rejects_the_order,
    an_event_of_an_unknown_order_waits,
    a_cancelled_booking_without_an_order_is_void,
    what_breaks_a_rule_is_put_aside_at_the_fifth_time_and_what_cannot_be_read_at_the_first,
    the_delivery_of_a_rejected_order_is_cancelled_without_a_fault,
    what_is_early_waits_however_often_it_comes,
}
