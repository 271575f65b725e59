//! After a restore to an older point, numbers of changes are given once more: no place that was seen before goes on.

use chassis::{
    consumer::Failure,
    recovery::{Loss, TakeBack},
};
use mypage_svc::{
    adapters::{cursor, take_back::NoEvents},
    domain::Place,
};
use proto::{mypage::v1::watch_my_orders_response::Kind, order::v1::order::Status};
use uuid::Uuid;

use crate::{
    logbook::Logbook,
    support::{On, World, on_both, order},
};

const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

/// Ends the recovery of a world's database as `recover` does.
async fn finish(world: &World) -> Vec<Loss> {
    let clock = world.clock.clone();
    let finished = world.store.run(move |tx| {
        let own = NoEvents::new(clock.clone());
        Box::pin(async move { own.finish(tx).await })
    });
    finished.await.expect("finished")
}

async fn hear(world: &World, id: Uuid, status: Status, version: i64) {
    world.deliver(order(id, "mina", status, version)).await.expect("handled");
}

async fn a_place_that_was_seen_before_the_restore_starts_again(on: On) {
    let world = World::on(on).await;
    hear(&world, FIRST, Status::Placed, 1).await;
    let (_, current) = world.watch("mina", "").await.expect("a watch").current().await;
    // A second change was seen, and is lost.
    let epoch = world.reads.changes("mina", None).await.expect("read").value.copy.epoch;
    let lost = cursor::encode("mina", Place { epoch, change: 2 });
    assert_eq!(finish(&world).await, []);
    hear(&world, SECOND, Status::Placed, 1).await;

    for cursor in [&lost, &current.cursor] {
        let mut watcher = world.watch("mina", cursor).await.expect("a watch");
        let restart = watcher.expect(Kind::Restart).await;
        let (orders, current) = watcher.current().await;
        let ids: Vec<_> = orders.into_iter().map(|order| order.order_id).collect();
        assert_eq!(ids, [FIRST, SECOND].map(|id| id.to_string()), "everything, the other second change too");
        for (cursor, left) in [(restart.cursor, 2), (current.cursor, 0)] {
            let mut watcher = world.watch("mina", &cursor).await.expect("a watch");
            assert_eq!(watcher.next().await.expect("an update").kind() == Kind::Current, left == 0, "it goes on");
            let seen = world.watch("mina", &cursor).await.expect("a watch").current().await.0;
            assert_eq!(seen.len(), left);
        }
    }
}

async fn what_is_shown_stays_and_events_that_come_again_change_nothing(on: On) {
    let world = World::on(on).await;
    for (version, status) in [(1, Status::Placed), (2, Status::Confirmed)] {
        hear(&world, FIRST, status, version).await;
    }
    let before = world.get("mina", FIRST).await.expect("an order");
    finish(&world).await;
    for (version, status) in [(1, Status::Placed), (2, Status::Confirmed)] {
        world.deliver_unremembered(order(FIRST, "mina", status, version)).await.expect("handled");
    }
    assert_eq!(world.get("mina", FIRST).await.expect("an order"), before);
    assert_eq!(world.reads.changes("mina", None).await.expect("read").value.counter, 2);
}

async fn a_copy_that_was_being_built_is_given_up_by_name(on: On) {
    let (world, logbook) = (World::on(on).await, Logbook::new());
    world.deliver(logbook.publish(order(FIRST, "mina", Status::Placed, 1))).await.expect("handled");
    let given_up = world.rebuild().await;
    let losses = finish(&world).await;
    let subjects: Vec<_> = losses.iter().map(|loss| loss.subject.clone()).collect();
    assert_eq!(subjects, [format!("rebuild {}", given_up.copy.epoch)]);
    let last = world.reads.rebuild().await.expect("read").expect("a rebuild");
    assert_eq!((last.copy, last.failure.is_some()), (given_up.copy, true));
    assert_eq!(finish(&world).await, [], "there is none any more");

    let another = world.rebuild().await;
    world.build(&logbook).await;
    let served = world.reads.changes("mina", None).await.expect("read").value.copy;
    assert_eq!((served, world.get("mina", FIRST).await.expect("an order").order_version), (another.copy, 1));
}

async fn an_event_of_its_own_is_a_fault(on: On) {
    let world = World::on(on).await;
    let clock = world.clock.clone();
    let taken = world.store.run(move |tx| {
        let (own, event) = (NoEvents::new(clock.clone()), order(FIRST, "mina", Status::Placed, 1));
        Box::pin(async move { own.take_back(tx, &event).await })
    });
    let failure = taken.await.expect_err("there are none");
    assert!(matches!(failure, Failure::Fault(_)), "{failure}");
}

on_both! {
    a_place_that_was_seen_before_the_restore_starts_again,
    what_is_shown_stays_and_events_that_come_again_change_nothing,
    a_copy_that_was_being_built_is_given_up_by_name,
    an_event_of_its_own_is_a_fault,
}
