//! Deliveries follow their orders' events, in whatever order and however often they come.

use chassis::consumer::Failure;
use delivery_svc::domain::{
    actor::Actor,
    delivery::{Cancellation, State},
};
use proto::order::v1::order;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    samples::{cancel_command, cancellation, event, order_event},
    world::World,
};

const ID: Uuid = Uuid::from_u128(1);

async fn a_placed_order_claims_its_booking(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    world.take_in(&order_event(ID, order::Status::Placed)).await.expect("taken in");
    assert_eq!(world.delivery(ID).await.state, State::Booked { claimed: true });
    assert_eq!(world.kinds(ID).await, ["Booked"]);
}

async fn a_confirmed_order_makes_its_delivery_ready_once(on: On) {
    let world = World::open(on).await;
    world.ready(ID).await;
    for status in [order::Status::Confirmed, order::Status::Placed, order::Status::Confirmed] {
        world.take_in(&order_event(ID, status)).await.expect("taken in");
    }
    assert_eq!(world.delivery(ID).await.state, State::Ready);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready"]);
}

async fn an_ended_order_cancels_its_delivery_as_it_was_told(on: On) {
    let world = World::open(on).await;
    let (cancelled, rejected) = (Uuid::from_u128(1), Uuid::from_u128(2));
    world.ready(cancelled).await;
    world.booked(rejected).await;
    world.take_in(&order_event(cancelled, order::Status::Cancelled)).await.expect("taken in");
    world.take_in(&order_event(rejected, order::Status::Rejected)).await.expect("taken in");
    assert_eq!(world.delivery(cancelled).await.state, State::Cancelled(cancellation("changed my mind")));
    let by_service = Cancellation { by: Actor::service("order-svc"), reason: "OUT_OF_STOCK".into() };
    assert_eq!(world.delivery(rejected).await.state, State::Cancelled(by_service));
}

async fn a_confirmation_that_comes_after_the_cancellation_does_nothing(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    world.cancel().run(cancel_command(ID, "first")).await.expect("cancelled");
    for status in [order::Status::Confirmed, order::Status::Cancelled] {
        world.take_in(&order_event(ID, status)).await.expect("taken in");
    }
    assert_eq!(world.delivery(ID).await.state, State::Cancelled(cancellation("first")));
    assert_eq!(world.kinds(ID).await, ["Booked", "Cancelled"]);
}

async fn what_the_delivery_itself_brought_about_is_no_news(on: On) {
    let world = World::open(on).await;
    world.shipped(ID).await;
    world.take_in(&order_event(ID, order::Status::Shipped)).await.expect("taken in");
    world.completed(ID).await.expect("completed");
    world.take_in(&order_event(ID, order::Status::Delivered)).await.expect("taken in");
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed"]);
}

async fn a_confirmation_waits_for_its_booking(on: On) {
    let world = World::open(on).await;
    let confirmed = order_event(ID, order::Status::Confirmed);
    assert!(matches!(world.take_in(&confirmed).await, Err(Failure::Early(_))));
    assert_eq!(world.find(ID).await, None);
    world.booked(ID).await;
    world.take_in(&confirmed).await.expect("taken in");
    assert_eq!(world.delivery(ID).await.state, State::Ready);
}

async fn a_contradiction_is_the_event_s_fault_and_changes_nothing(on: On) {
    let world = World::open(on).await;
    let before = world.shipped(ID).await;
    let cancelled = order_event(ID, order::Status::Cancelled);
    assert!(matches!(world.take_in(&cancelled).await, Err(Failure::Fault(_))));
    assert_eq!(world.delivery(ID).await, before);
}

async fn events_of_no_interest_do_nothing_and_broken_ones_are_told(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    for (number, kind) in [(100, "tword.order.v1.OrderAdmired"), (101, "tword.shop.v1.OrderPlaced")] {
        world.take_in(&event(ID, number, kind, vec![0xff])).await.expect("of no interest");
    }
    let broken = world.take_in(&event(ID, 102, "tword.order.v1.OrderPlaced", vec![0xff])).await;
    assert!(matches!(broken, Err(Failure::Undecodable(_))));
    let empty = world.take_in(&event(ID, 103, "tword.order.v1.OrderPlaced", vec![])).await;
    assert!(matches!(empty, Err(Failure::Fault(_))));
    assert_eq!(world.delivery(ID).await.state, State::Booked { claimed: false });
}

on_both! {
    a_placed_order_claims_its_booking,
    a_confirmed_order_makes_its_delivery_ready_once,
    an_ended_order_cancels_its_delivery_as_it_was_told,
    a_confirmation_that_comes_after_the_cancellation_does_nothing,
    what_the_delivery_itself_brought_about_is_no_news,
    a_confirmation_waits_for_its_booking,
    a_contradiction_is_the_event_s_fault_and_changes_nothing,
    events_of_no_interest_do_nothing_and_broken_ones_are_told,
}
