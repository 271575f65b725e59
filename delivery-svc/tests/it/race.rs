//! A cancellation races a shipment: exactly one wins.

use std::sync::Arc;

use chassis::idempotency::Keyed;
use delivery_svc::{
    app::{StaffChangeError, cancel_delivery},
    domain::delivery::{Error, Status},
};
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::{
    samples::{cancel_command, ship_command},
    world::World,
};

const ROUNDS: u128 = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_one_of_cancel_and_ship_wins() {
    let world = World::sqlite().await;
    let (mut shipped, mut cancelled) = (0, 0);
    for round in 0..ROUNDS {
        match race(&world, Uuid::from_u128(round + 1), round % 2 == 0).await {
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
async fn race(world: &World, id: Uuid, ship_first: bool) -> Status {
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
        let cancel = world.cancel();
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
        (Err(StaffChangeError::Refused(Error::Cancelled)), Ok(_)) => (Status::Cancelled, "Cancelled"),
        (shipped, cancelled) => panic!("not one winner: {shipped:?}, {cancelled:?}"),
    };
    assert_eq!(world.delivery(id).await.state.status(), expected);
    assert_eq!(world.kinds(id).await, ["Booked", "Ready", last]);
    expected
}
