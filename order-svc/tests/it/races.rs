//! What happens at once in several replicas comes out as if it had happened one after another.

use std::{collections::HashSet, sync::Arc};

use chassis::{
    consumer::Taken,
    idempotency::{Answer, Keyed, Request},
    store,
};
use futures::future::join_all;
use order_svc::{
    app::{
        cancel_order,
        place_order::Fallback,
        ports::{Booked, NoAnswer},
    },
    domain::{Order, Status},
};
use time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    database::{On, on_both_in_parallel},
    events::{self, reserved},
    world::{CUSTOMER, World, as_customer, command, key},
};

const ROUNDS: u32 = 100;

/// Two replicas on one database.
async fn replicas(on: On) -> [Arc<World>; 2] {
    let world = World::open(on).await;
    let replica = world.replica().await;
    [Arc::new(world), Arc::new(replica)]
}

fn events_of(written: &[(String, i64)]) -> Vec<&str> {
    written.iter().map(|(kind, _)| kind.as_str()).collect()
}

async fn a_hundred_callers_of_two_replicas_with_one_key_make_one_order(on: On) {
    let worlds = replicas(on).await;
    let calls = (0..100).map(|call| {
        let world = Arc::clone(&worlds[call % 2]);
        tokio::spawn(async move { world.place().run(command(Some("k"), 1)).await })
    });
    let orders: Vec<Order> =
        join_all(calls).await.into_iter().map(|order| order.expect("no panic").expect("placed")).collect();
    assert!(orders.iter().all(|order| *order == orders[0]));
    assert_eq!(events_of(&worlds[0].written().await), ["OrderPlaced"]);
}

async fn a_key_makes_one_order_whether_delivery_answers_which_replica_or_not(on: On) {
    let worlds = replicas(on).await;
    for round in 0..ROUNDS / 4 {
        let answers = (0..10).map(|call| if call % 2 == 0 { Err(NoAnswer::Unavailable) } else { Ok(Booked::Yes) });
        worlds[0].bookings.answer(answers);
        let calls = (0..10).map(|call| {
            let world = Arc::clone(&worlds[call % 2]);
            tokio::spawn(
                async move { world.place_or(Fallback::Accept).run(command(Some(&format!("k{round}")), 1)).await },
            )
        });
        let ids: HashSet<Uuid> =
            join_all(calls).await.into_iter().map(|order| order.expect("no panic").expect("placed").id).collect();
        assert_eq!(ids.len(), 1, "round {round}");
        worlds[0].bookings.book_answers.lock().expect("unpoisoned").clear();
    }
    assert_eq!(worlds[0].written().await.len(), ROUNDS as usize / 4);
    let unbooked = "SELECT count(*) FROM orders WHERE booking = 'OUTSTANDING'";
    assert_eq!(worlds[0].recipients().await, worlds[0].kept.count(unbooked).await, "none is kept of an order lost");
}

/// A try that failed after its booking, so that the id of the key's order is known and free.
async fn known_id(world: &World, key: &str) -> Uuid {
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    world.place().run(command(Some(key), 1)).await.expect_err("away");
    *world.bookings.ids().last().expect("an id")
}

async fn an_order_and_a_void_of_two_replicas_leave_exactly_one(on: On) {
    let [one, other] = replicas(on).await;
    for round in 0..2 * ROUNDS {
        let key = format!("k{round}");
        let id = known_id(&one, &key).await;
        let (placing, voiding) = (Arc::clone(&one), Arc::clone(&other));
        let place = tokio::spawn(async move { placing.place().run(command(Some(&key), 1)).await });
        let void = tokio::spawn(async move { voiding.void(id).await });
        let placed = place.await.expect("no panic").expect("placed under one id or the next");
        let void = void.await.expect("no panic").expect("resolved")[0].1.is_none();
        assert_eq!(void, placed.id != id, "round {round}");
        assert_eq!(one.read.order(id).await.expect("the store").is_none(), void, "round {round}");
    }
}

async fn a_cancelled_delivery_is_never_forgotten_over_the_placing_of_its_order(on: On) {
    let [one, other] = replicas(on).await;
    for round in 0..ROUNDS {
        let key = format!("k{round}");
        let id = known_id(&one, &key).await;
        let (placing, hearing) = (Arc::clone(&one), Arc::clone(&other));
        let place = tokio::spawn(async move { placing.place().run(command(Some(&key), 1)).await });
        let hear =
            tokio::spawn(async move { hearing.hear_delivery(events::cancelled(id, u128::from(round) + 1)).await });
        let placed = place.await.expect("no panic").expect("placed under one id or the next");
        if hear.await.expect("no panic") != Taken::Done {
            assert_eq!(one.hear_delivery(events::cancelled(id, u128::from(round) + 1)).await, Taken::Done);
        }
        let met = placed.id == id;
        match one.read.order(id).await.expect("the store") {
            Some(order) => assert!(met && matches!(order.status, Status::Cancelled { .. }), "round {round}: {order:?}"),
            None => assert!(!met, "round {round}"),
        }
    }
    assert_eq!(one.dead_letters().await, 0);
}

/// What ends or confirms an order, at once, each in a replica of its own.
async fn at_once(worlds: &[Arc<World>; 2], id: Uuid, event: u128) -> Vec<String> {
    let before = worlds[0].written().await.len();
    let [expiring, hearing, cancelling] = [&worlds[0], &worlds[1], &worlds[0]].map(Arc::clone);
    let expire = tokio::spawn(async move { expiring.expire().run(None).await.expect("swept") });
    let hear = tokio::spawn(async move { assert_eq!(hearing.hear_stock(reserved(id, event)).await, Taken::Done) });
    let cancel = tokio::spawn(async move {
        let command =
            cancel_order::Command { caller: as_customer(CUSTOMER), order_id: id, reason: "changed".to_owned() };
        let outcome = cancelling.cancel().run(command, Keyed::without_key()).await;
        assert!(matches!(outcome, Ok(_) | Err(cancel_order::Error::Refused(_))), "{outcome:?}");
    });
    for done in join_all([expire, hear, cancel]).await {
        done.expect("no failure");
    }
    let written = worlds[0].written().await.split_off(before);
    let versions: Vec<i64> = written.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, (2..2 + i64::try_from(versions.len()).expect("few")).collect::<Vec<_>>());
    written.into_iter().map(|(kind, _)| kind).collect()
}

async fn cancellation_confirmation_and_expiry_leave_one_history(on: On) {
    let worlds = replicas(on).await;
    let mut outcomes = HashSet::new();
    for round in 0..ROUNDS {
        let id = worlds[0].placed().await.id;
        worlds[0].clock.pass(Duration::hours(25) + Duration::SECOND);
        outcomes.insert(at_once(&worlds, id, u128::from(round) + 1).await);
        // What the sweep left to whoever was at it does not wait for ever.
        worlds[1].expire().run(None).await.expect("swept");
        assert_ne!(worlds[0].order(id).await.status, Status::Placed);
    }
    let possible =
        [&["OrderRejected"][..], &["OrderCancelled"], &["OrderConfirmed"], &["OrderConfirmed", "OrderCancelled"]];
    assert!(outcomes.iter().all(|outcome| possible.iter().any(|kinds| outcome == kinds)), "{outcomes:?}");
}

async fn replicas_book_what_is_outstanding_once_each(on: On) {
    let worlds = replicas(on).await;
    for _ in 0..60 {
        worlds[0].unbooked().await;
    }
    let calls = worlds[0].bookings.ids().len();
    worlds[0].clock.pass(Duration::seconds(2));
    let sweeps = (0..4).map(|sweep| {
        let world = Arc::clone(&worlds[sweep % 2]);
        tokio::spawn(async move { world.book_outstanding().run().await })
    });
    for swept in join_all(sweeps).await {
        swept.expect("no panic").expect("swept");
    }
    let tried = worlds[0].bookings.ids().split_off(calls);
    let distinct: HashSet<_> = tried.iter().collect();
    assert_eq!((tried.len(), distinct.len()), (60, 60));
    assert_eq!(worlds[0].recipients().await, 0);
}

async fn replicas_reject_what_is_overdue_once_each(on: On) {
    let worlds = replicas(on).await;
    for _ in 0..60 {
        worlds[0].placed().await;
    }
    worlds[0].clock.pass(Duration::hours(25) + Duration::SECOND);
    // Each looks past what the other is at; a second round finds what both looked past.
    for _round in 0..2 {
        let sweeps = (0..4).map(|sweep| {
            let world = Arc::clone(&worlds[sweep % 2]);
            tokio::spawn(async move { world.expire().run(None).await })
        });
        for swept in join_all(sweeps).await {
            swept.expect("no panic").expect("swept");
        }
    }
    let written = worlds[0].written().await;
    assert_eq!(written.iter().filter(|(kind, _)| kind == "OrderRejected").count(), 60);
    assert_eq!(written.len(), 120);
}

async fn an_event_that_two_replicas_hear_at_once_has_its_effect_once(on: On) {
    let worlds = replicas(on).await;
    for round in 1..=u128::from(ROUNDS) {
        let id = worlds[0].unbooked().await.id;
        let hearings = (0..6).map(|hearing| {
            let world = Arc::clone(&worlds[hearing % 2]);
            tokio::spawn(async move {
                match hearing % 3 {
                    0 => world.hear_stock(reserved(id, 3 * round)).await,
                    1 => world.hear_delivery(events::booked(id, 3 * round + 1)).await,
                    _ => world.hear_delivery(events::started(id, 3 * round + 2)).await,
                }
            })
        });
        for heard in join_all(hearings).await {
            assert!(!matches!(heard.expect("no panic"), Taken::StoreAway(_)), "round {round}");
        }
        worlds[1].hear_delivery(events::started(id, 3 * round + 2)).await;
        assert!(matches!(worlds[0].order(id).await.status, Status::Shipped(_)), "round {round}");
    }
    assert_eq!(worlds[0].written().await.len(), 3 * ROUNDS as usize);
    assert_eq!((worlds[0].recipients().await, worlds[0].reservations().await), (0, 0));
    assert_eq!(worlds[0].dead_letters().await, 0);
}

async fn a_cancellation_that_comes_twice_at_once_is_answered_twice_the_same(on: On) {
    let worlds = replicas(on).await;
    let encode = |order: &Order| order.version.to_be_bytes().to_vec();
    for round in 0..ROUNDS {
        let id = worlds[0].placed().await.id;
        let calls = worlds.each_ref().map(|world| {
            let world = Arc::clone(world);
            let command =
                cancel_order::Command { caller: as_customer(CUSTOMER), order_id: id, reason: "changed".to_owned() };
            let keyed = Keyed::new(Some(Request { hash: [1; 32], ..key(&format!("k{round}")) }), encode);
            tokio::spawn(async move { world.cancel().run(command, keyed).await })
        });
        let answers = join_all(calls).await.into_iter().map(|answer| answer.expect("no panic").expect("cancelled"));
        let answers: Vec<_> = answers.collect();
        let replayed = answers.iter().filter(|answer| matches!(answer, Answer::Replayed(_))).count();
        assert_eq!(replayed, 1, "round {round}: {answers:?}");
        assert_eq!(worlds[0].order(id).await.version, 2);
    }
}

async fn bookings_resolved_in_any_order_at_once_are_resolved_the_same(on: On) {
    let worlds = replicas(on).await;
    for round in 0..u128::from(ROUNDS) / 4 {
        let ids: Vec<Uuid> = (0..50).map(|number| Uuid::from_u128((round << 32) | (number + 1))).collect();
        let asked = [ids.clone(), ids.into_iter().rev().collect()];
        let calls = asked.into_iter().zip(&worlds).map(|(ids, world)| {
            let world = Arc::clone(world);
            tokio::spawn(async move { world.resolve().run(ids).await })
        });
        let answers: Vec<_> =
            join_all(calls).await.into_iter().map(|answer| answer.expect("no panic").expect("resolved")).collect();
        assert_eq!(answers[0], answers[1]);
    }
}

on_both_in_parallel! {
    a_hundred_callers_of_two_replicas_with_one_key_make_one_order,
    a_key_makes_one_order_whether_delivery_answers_which_replica_or_not,
    an_order_and_a_void_of_two_replicas_leave_exactly_one,
    a_cancelled_delivery_is_never_forgotten_over_the_placing_of_its_order,
    cancellation_confirmation_and_expiry_leave_one_history,
    replicas_book_what_is_outstanding_once_each,
    replicas_reject_what_is_overdue_once_each,
    an_event_that_two_replicas_hear_at_once_has_its_effect_once,
    a_cancellation_that_comes_twice_at_once_is_answered_twice_the_same,
    bookings_resolved_in_any_order_at_once_are_resolved_the_same,
}

/// Holds an order until it is told to let go; answers once it does.
async fn hold(world: &Arc<World>, id: Uuid) -> (oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let ((held, holds), (release, released)) = (oneshot::channel(), oneshot::channel());
    let (store, mut told) = (world.store.clone(), Some((held, released)));
    let holding = tokio::spawn(async move {
        let unit = store.run(move |tx| {
            let told = told.take();
            Box::pin(async move {
                tx.order(id).await?;
                if let Some((held, released)) = told {
                    held.send(()).expect("the test waits");
                    released.await.expect("the test lets go");
                }
                Ok::<_, store::Error>(())
            })
        });
        unit.await.expect("let go");
    });
    holds.await.expect("held");
    (release, holding)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_held_keeps_no_other_from_being_rejected() {
    let [one, other] = replicas(On::Postgres).await;
    let (held, free) = (one.placed().await.id, one.placed().await.id);
    one.clock.pass(Duration::hours(25) + Duration::SECOND);
    let (release, holding) = hold(&other, held).await;
    one.expire().run(None).await.expect("swept");
    assert_eq!(one.order(held).await.status, Status::Placed);
    assert!(matches!(one.order(free).await.status, Status::Rejected(_)));
    release.send(()).expect("it is held");
    holding.await.expect("no panic");
    one.expire().run(None).await.expect("swept");
    assert!(matches!(one.order(held).await.status, Status::Rejected(_)));
}
