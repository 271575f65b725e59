//! Deliveries follow their orders' events, in whatever order and however often they come.

use std::collections::VecDeque;

use chassis::consumer::Failure;
use delivery_svc::domain::{
    actor::Actor,
    delivery::{Cancellation, State, Status},
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use proto::order::v1::order;
use uuid::Uuid;

use crate::{
    samples::{book_command, cancel_command, cancellation, event, order_event},
    world::World,
};

const ID: Uuid = Uuid::from_u128(1);

#[tokio::test]
async fn a_placed_order_claims_its_booking() {
    let world = World::sqlite().await;
    world.booked(ID).await;
    world.take_in(&order_event(ID, order::Status::Placed)).await.expect("taken in");
    assert_eq!(world.delivery(ID).await.state, State::Booked { claimed: true });
    assert_eq!(world.kinds(ID).await, ["Booked"]);
}

#[tokio::test]
async fn a_confirmed_order_makes_its_delivery_ready_once() {
    let world = World::sqlite().await;
    world.ready(ID).await;
    for status in [order::Status::Confirmed, order::Status::Placed, order::Status::Confirmed] {
        world.take_in(&order_event(ID, status)).await.expect("taken in");
    }
    assert_eq!(world.delivery(ID).await.state, State::Ready);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready"]);
}

#[tokio::test]
async fn an_ended_order_cancels_its_delivery_as_it_was_told() {
    let world = World::sqlite().await;
    let (cancelled, rejected) = (Uuid::from_u128(1), Uuid::from_u128(2));
    world.ready(cancelled).await;
    world.booked(rejected).await;
    world.take_in(&order_event(cancelled, order::Status::Cancelled)).await.expect("taken in");
    world.take_in(&order_event(rejected, order::Status::Rejected)).await.expect("taken in");
    assert_eq!(world.delivery(cancelled).await.state, State::Cancelled(cancellation("changed my mind")));
    let by_service = Cancellation { by: Actor::service("order-svc"), reason: "OUT_OF_STOCK".into() };
    assert_eq!(world.delivery(rejected).await.state, State::Cancelled(by_service));
}

#[tokio::test]
async fn a_confirmation_that_comes_after_the_cancellation_does_nothing() {
    let world = World::sqlite().await;
    world.booked(ID).await;
    world.cancel().run(cancel_command(ID, "first")).await.expect("cancelled");
    for status in [order::Status::Confirmed, order::Status::Cancelled] {
        world.take_in(&order_event(ID, status)).await.expect("taken in");
    }
    assert_eq!(world.delivery(ID).await.state, State::Cancelled(cancellation("first")));
    assert_eq!(world.kinds(ID).await, ["Booked", "Cancelled"]);
}

#[tokio::test]
async fn what_the_delivery_itself_brought_about_is_no_news() {
    let world = World::sqlite().await;
    world.shipped(ID).await;
    world.take_in(&order_event(ID, order::Status::Shipped)).await.expect("taken in");
    world.completed(ID).await.expect("completed");
    world.take_in(&order_event(ID, order::Status::Delivered)).await.expect("taken in");
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed"]);
}

#[tokio::test]
async fn a_confirmation_waits_for_its_booking() {
    let world = World::sqlite().await;
    let confirmed = order_event(ID, order::Status::Confirmed);
    assert!(matches!(world.take_in(&confirmed).await, Err(Failure::Early(_))));
    assert_eq!(world.find(ID).await, None);
    world.booked(ID).await;
    world.take_in(&confirmed).await.expect("taken in");
    assert_eq!(world.delivery(ID).await.state, State::Ready);
}

#[tokio::test]
async fn a_contradiction_is_the_event_s_fault_and_changes_nothing() {
    let world = World::sqlite().await;
    let before = world.shipped(ID).await;
    let cancelled = order_event(ID, order::Status::Cancelled);
    assert!(matches!(world.take_in(&cancelled).await, Err(Failure::Fault(_))));
    assert_eq!(world.delivery(ID).await, before);
}

#[tokio::test]
async fn events_of_no_interest_do_nothing_and_broken_ones_are_told() {
    let world = World::sqlite().await;
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Book,
    Order(order::Status),
}

/// What happens to one order, and where its delivery ends.
fn histories() -> impl Strategy<Value = (Vec<Step>, Status)> {
    use order::Status::{Cancelled, Confirmed, Delivered, Placed, Rejected, Shipped};
    let history = |statuses: &[order::Status], end: Status| {
        let steps = std::iter::once(Step::Book).chain(statuses.iter().copied().map(Step::Order)).collect::<Vec<_>>();
        Just((steps, end))
    };
    prop_oneof![
        history(&[Placed, Confirmed], Status::Ready),
        history(&[Placed, Rejected], Status::Cancelled),
        history(&[Placed, Cancelled], Status::Cancelled),
        history(&[Placed, Confirmed, Cancelled], Status::Cancelled),
        history(&[Placed, Confirmed, Shipped, Delivered], Status::Delivered),
    ]
}

/// A history with each step one to four times, in any order.
fn schedules() -> impl Strategy<Value = (Vec<Step>, Status)> {
    let repeated = histories().prop_flat_map(|(steps, end)| {
        let times = prop::collection::vec(1_usize..=4, steps.len());
        (Just(steps), times, Just(end))
    });
    repeated.prop_flat_map(|(steps, times, end)| {
        let all: Vec<Step> = steps.iter().zip(times).flat_map(|(step, times)| vec![*step; times]).collect();
        (Just(all).prop_shuffle(), Just(end))
    })
}

#[test]
fn every_schedule_ends_in_one_state() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let world = runtime.block_on(World::sqlite());
    let number = std::cell::Cell::new(0_u128);
    let mut runner = TestRunner::new(Config { cases: 500, failure_persistence: None, ..Config::default() });
    let played = runner.run(&schedules(), |(schedule, end)| {
        number.set(number.get() + 1);
        let id = Uuid::from_u128(number.get());
        runtime.block_on(play(&world, id, schedule));
        runtime.block_on(check(&world, id, end));
        Ok(())
    });
    played.expect("every schedule");
}

async fn play(world: &World, id: Uuid, schedule: Vec<Step>) {
    let mut steps = VecDeque::from(schedule);
    let mut left = 100;
    while let Some(step) = steps.pop_front() {
        left -= 1;
        assert!(left > 0, "{steps:?} never end");
        match step {
            Step::Book => {
                world.book().run(book_command(id)).await.expect("answered");
            }
            Step::Order(status) => match world.take_in(&order_event(id, status)).await {
                Ok(()) => {}
                Err(Failure::Early(_)) => steps.push_back(step),
                Err(failure) => panic!("{status:?}: {failure}"),
            },
        }
    }
}

async fn check(world: &World, id: Uuid, end: Status) {
    let delivery = world.delivery(id).await;
    assert_eq!(delivery.state.status(), end);
    let versions: Vec<i64> = world.history(id).await.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, (1..=delivery.version).collect::<Vec<_>>());
    let kinds = world.kinds(id).await;
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let allowed: &[&[&str]] = match end {
        Status::Ready => &[&["Booked", "Ready"]],
        Status::Delivered => &[&["Booked", "Ready", "Started", "Completed"]],
        Status::Cancelled => &[&["Cancelled"], &["Booked", "Cancelled"], &["Booked", "Ready", "Cancelled"]],
        Status::Booked | Status::Shipped => &[],
    };
    assert!(allowed.contains(&kinds.as_slice()), "{kinds:?}");
}
