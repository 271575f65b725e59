//! A cancellation in one replica races a shipment in another: exactly one wins.

use std::sync::Arc;

use chassis::idempotency::Keyed;
use delivery_svc::{
    app::{ChangeError, cancel_delivery},
    domain::delivery::{Error, Status},
};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    database::{On, on_both_in_parallel},
    samples::{cancel_command, correct_command, recipient, recipient_named, ship_command},
    world::World,
};

const ROUNDS: u128 = 200;

async fn exactly_one_of_cancel_and_ship_wins(on: On) {
    let world = World::open(on).await;
    let replica = world.replica().await;
    let (mut shipped, mut cancelled) = (0, 0);
    for round in 0..ROUNDS {
        match race(&world, &replica, Uuid::from_u128(round + 1), round % 2 == 0).await {
            Status::Shipped => shipped += 1,
            Status::Cancelled => cancelled += 1,
            other => panic!("round {round} ended {other:?}"),
        }
    }
    assert_eq!(shipped + cancelled, ROUNDS);
    // Which one is first in the queue changes with the order of spawning: both ways were tried.
    assert!(shipped > 0 && cancelled > 0, "{shipped} shipped, {cancelled} cancelled");
}

/// Where the delivery stands after both were asked at once.
async fn race(world: &World, replica: &World, id: Uuid, ship_first: bool) -> Status {
    world.ready(id).await;
    let start = Arc::new(Barrier::new(2));
    let ship = {
        let (ship, start) = (world.ship(), Arc::clone(&start));
        async move {
            start.wait().await;
            ship.run(ship_command(id), Keyed::without_key()).await
        }
    };
    let cancel = {
        let cancel = replica.cancel();
        async move {
            start.wait().await;
            cancel.run(cancel_command(id, "race")).await
        }
    };
    let (shipped, cancelled) = if ship_first {
        let ship = tokio::spawn(ship);
        let cancel = tokio::spawn(cancel);
        tokio::join!(ship, cancel)
    } else {
        let cancel = tokio::spawn(cancel);
        let ship = tokio::spawn(ship);
        tokio::join!(ship, cancel)
    };
    let (expected, last) = match (shipped.expect("no panic"), cancelled.expect("no panic")) {
        (Ok(_), Err(cancel_delivery::Error::Refused(Error::AlreadyShipped))) => (Status::Shipped, "Started"),
        (Err(ChangeError::Refused(Error::Cancelled)), Ok(_)) => (Status::Cancelled, "Cancelled"),
        (shipped, cancelled) => panic!("not one winner: {shipped:?}, {cancelled:?}"),
    };
    assert_eq!(world.delivery(id).await.state.status(), expected);
    assert_eq!(world.kinds(id).await, ["Booked", "Ready", last]);
    expected
}

async fn a_correction_is_whole_before_a_shipment_or_refused_after_it(on: On) {
    let world = World::open(on).await;
    let replica = world.replica().await;
    let (mut before, mut after) = (0, 0);
    for round in 0..ROUNDS {
        let id = Uuid::from_u128(round + 1);
        world.ready(id).await;
        if corrected_first(&world, &replica, id, round % 2 == 0).await { before += 1 } else { after += 1 }
    }
    assert!(before > 0 && after > 0, "{before} corrected before they were shipped, {after} not");
}

/// Whether a correction came before the shipment that it raced: then it is what was shipped to.
async fn corrected_first(world: &World, replica: &World, id: Uuid, ship_first: bool) -> bool {
    let start = Arc::new(Barrier::new(2));
    let ship = {
        let (ship, start) = (world.ship(), Arc::clone(&start));
        async move {
            start.wait().await;
            ship.run(ship_command(id), Keyed::without_key()).await
        }
    };
    let correct = {
        let correct = replica.correct_recipient();
        async move {
            start.wait().await;
            correct.run(correct_command(id, "Kim Yuna"), Keyed::without_key()).await
        }
    };
    let (shipped, corrected) = if ship_first {
        let ship = tokio::spawn(ship);
        let correct = tokio::spawn(correct);
        tokio::join!(ship, correct)
    } else {
        let correct = tokio::spawn(correct);
        let ship = tokio::spawn(ship);
        tokio::join!(ship, correct)
    };
    let shipped_to = shipped.expect("no panic").expect("shipped").recipient.expect("a recipient");
    let (first, kinds) = match corrected.expect("no panic") {
        Ok(_) => (true, ["Booked", "Ready", "Updated", "Started"].as_slice()),
        Err(ChangeError::Refused(Error::AlreadyShipped)) => (false, ["Booked", "Ready", "Started"].as_slice()),
        Err(error) => panic!("neither before nor after: {error}"),
    };
    assert_eq!(world.kinds(id).await, kinds);
    let expected = if first { recipient_named("Kim Yuna") } else { recipient() };
    assert_eq!(shipped_to, expected);
    assert_eq!(world.find(id).await.expect("a delivery").recipient, Some(expected));
    first
}

on_both_in_parallel! {
    exactly_one_of_cancel_and_ship_wins,
    a_correction_is_whole_before_a_shipment_or_refused_after_it,
}
