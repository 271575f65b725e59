//! What happens at once in several replicas comes out as if it had happened one after another.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use chassis::{
    idempotency::{Answer, Keyed, Request, Scope},
    store,
};
use delivery_svc::{
    app::{
        Claims,
        ports::{Resolution, Unresolved},
        void_bookings::VoidBookings,
    },
    domain::delivery::{Cancel, Delivery, Status},
};
use futures::future::join_all;
use proto::order::v1::order;
use time::OffsetDateTime;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::{
    database::{On, on_both_in_parallel},
    samples::{CUSTOMER, book_command, cancel_command, cancellation, order_event, ship_command},
    world::World,
};

const ROUNDS: u128 = 100;

/// Two replicas on one database.
async fn replicas(on: On) -> [Arc<World>; 2] {
    let world = World::open(on).await;
    let replica = world.replica().await;
    [Arc::new(world), Arc::new(replica)]
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number + 1)
}

async fn recipient_is_kept(world: &World, id: Uuid) -> bool {
    world.find(id).await.expect("a delivery").recipient.is_some()
}

async fn a_booking_that_comes_to_both_at_once_is_one(on: On) {
    let worlds = replicas(on).await;
    for round in 0..ROUNDS {
        let calls = worlds.each_ref().map(|world| {
            let book = world.book();
            tokio::spawn(async move { book.run(book_command(id(round))).await })
        });
        for booked in join_all(calls).await {
            assert_eq!(booked.expect("no panic").expect("booked").version, 1);
        }
        assert_eq!(worlds[0].kinds(id(round)).await, ["Booked"]);
    }
}

async fn a_booking_and_its_cancellation_at_once_leave_it_cancelled(on: On) {
    let [one, other] = replicas(on).await;
    let mut histories = HashSet::new();
    for round in 0..ROUNDS {
        let (book, cancel) = (one.book(), other.cancel());
        let book = tokio::spawn(async move { book.run(book_command(id(round))).await });
        let cancel = tokio::spawn(async move { cancel.run(cancel_command(id(round), "no")).await });
        let (booked, cancelled) = tokio::join!(book, cancel);
        assert_eq!(cancelled.expect("no panic").expect("cancelled"), cancellation("no"));
        let booked = booked.expect("no panic").expect("answered");
        let kinds = one.kinds(id(round)).await;
        assert_eq!(kinds.len() == 1, booked.state.status() == Status::Cancelled, "a late booking is told: {kinds:?}");
        assert_eq!(one.delivery(id(round)).await.state.status(), Status::Cancelled);
        histories.insert(kinds);
    }
    assert!(
        histories.iter().all(|kinds| *kinds == ["Cancelled"] || *kinds == ["Booked", "Cancelled"]),
        "{histories:?}"
    );
}

fn keyed(round: u128) -> Keyed<Delivery> {
    let scope = Scope {
        issuer: "tword".to_owned(),
        subject: "staff-1".to_owned(),
        method: "/ship".to_owned(),
        key: format!("k{round}"),
    };
    let request = Request { scope, hash: [1; 32], time: OffsetDateTime::UNIX_EPOCH };
    Keyed::new(Some(request), |delivery: &Delivery| delivery.version.to_be_bytes().to_vec())
}

async fn a_shipment_that_comes_twice_at_once_with_one_key_is_answered_twice(on: On) {
    let worlds = replicas(on).await;
    for round in 0..ROUNDS {
        worlds[0].ready(id(round)).await;
        let calls = worlds.each_ref().map(|world| {
            let ship = world.ship();
            tokio::spawn(async move { ship.run(ship_command(id(round)), keyed(round)).await })
        });
        let answers =
            join_all(calls).await.into_iter().map(|answer| answer.expect("no panic").expect("shipped").answer);
        let replayed = answers.filter(|answer| *answer == Answer::Replayed(3_i64.to_be_bytes().to_vec())).count();
        assert_eq!(replayed, 1, "round {round}");
        assert_eq!(worlds[0].kinds(id(round)).await, ["Booked", "Ready", "Started"]);
    }
}

async fn what_becomes_final_while_its_customer_is_erased_is_cleared(on: On) {
    let [one, other] = replicas(on).await;
    for round in 0..ROUNDS {
        one.ready(id(round)).await;
        let (cancel, erasing) = (one.cancel(), Arc::clone(&other));
        let cancel = tokio::spawn(async move { cancel.run(cancel_command(id(round), "no")).await.expect("cancelled") });
        let erase = tokio::spawn(async move { erasing.erased().await });
        cancel.await.expect("no panic");
        erase.await.expect("no panic");
        assert!(!recipient_is_kept(&one, id(round)).await, "round {round}");
        let versions: Vec<i64> = one.history(id(round)).await.iter().map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2, 3, 4]);
        one.clock.pass(time::Duration::SECOND);
    }
}

async fn what_is_booked_while_its_customer_is_erased_is_cleared_when_it_is_final(on: On) {
    let [one, other] = replicas(on).await;
    for round in 0..ROUNDS {
        let (book, erasing, cancel) = (one.book(), Arc::clone(&other), one.cancel());
        let book = tokio::spawn(async move { book.run(book_command(id(round))).await.expect("booked") });
        let erase = tokio::spawn(async move { erasing.erased().await });
        book.await.expect("no panic");
        // It ends before the erasure does, or after.
        cancel.run(cancel_command(id(round), "no")).await.expect("cancelled");
        erase.await.expect("no panic");
        assert!(!recipient_is_kept(&one, id(round)).await, "round {round}");
        one.clock.pass(time::Duration::SECOND);
    }
}

/// Says that everything is void, and remembers what it was asked for.
#[derive(Default)]
struct Void(Mutex<Vec<Uuid>>);

#[async_trait]
impl Claims for Void {
    async fn resolve(&self, ids: &[Uuid]) -> Result<Vec<Resolution>, Unresolved> {
        self.0.lock().expect("unpoisoned").extend(ids);
        Ok(ids.iter().copied().map(Resolution::Void).collect())
    }
}

async fn replicas_ask_for_what_nobody_claims_once_each(on: On) {
    let worlds = replicas(on).await;
    for number in 0..450 {
        worlds[0].booked(id(number)).await;
    }
    worlds[0].clock.pass(time::Duration::seconds(61));
    let claims = Arc::new(Void::default());
    let sweeps = worlds.each_ref().map(|world| {
        let (store, clock) = (world.store.clone(), world.clock.clone());
        let sweep = VoidBookings::new(store, claims.clone(), clock, Duration::from_mins(1));
        tokio::spawn(async move { sweep.run().await })
    });
    let voided = join_all(sweeps).await.into_iter().map(|swept| swept.expect("no panic").expect("swept").voided);
    assert_eq!(voided.sum::<usize>(), 450);
    let asked = claims.0.lock().expect("unpoisoned").clone();
    let distinct: HashSet<_> = asked.iter().collect();
    assert_eq!((asked.len(), distinct.len()), (450, 450));
}

async fn an_event_that_both_hear_at_once_has_its_effect_once(on: On) {
    let worlds = replicas(on).await;
    for round in 0..ROUNDS {
        worlds[0].booked(id(round)).await;
        let hearings = (0..6).map(|hearing| {
            let world = Arc::clone(&worlds[hearing % 2]);
            let statuses = [order::Status::Placed, order::Status::Confirmed, order::Status::Shipped];
            tokio::spawn(async move { world.take_in(&order_event(id(round), statuses[hearing % 3])).await })
        });
        for heard in join_all(hearings).await {
            heard.expect("no panic").expect("taken in");
        }
        assert_eq!(worlds[0].kinds(id(round)).await, ["Booked", "Ready", "Started"]);
    }
}

on_both_in_parallel! {
    a_booking_that_comes_to_both_at_once_is_one,
    a_booking_and_its_cancellation_at_once_leave_it_cancelled,
    a_shipment_that_comes_twice_at_once_with_one_key_is_answered_twice,
    what_becomes_final_while_its_customer_is_erased_is_cleared,
    what_is_booked_while_its_customer_is_erased_is_cleared_when_it_is_final,
    replicas_ask_for_what_nobody_claims_once_each,
    an_event_that_both_hear_at_once_has_its_effect_once,
}

/// Cancels a delivery and finds no mark of an erasure; then commits when it is told to.
async fn cancel_slowly(world: &World, id: Uuid) -> (oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let ((cancelled, cancels), (release, released)) = (oneshot::channel(), oneshot::channel());
    let (store, now, mut told) = (world.store.clone(), world.now(), Some((cancelled, released)));
    let cancelling = tokio::spawn(async move {
        let unit = store.run(move |tx| {
            let told = told.take();
            Box::pin(async move {
                let delivery = tx.delivery(id).await?.expect("a delivery");
                let Ok(Cancel::Now(event)) = delivery.cancel(cancellation("no"), now) else { panic!("not cancelled") };
                tx.save(&[event]).await?;
                assert_eq!(tx.erased(CUSTOMER).await?, None);
                if let Some((cancelled, released)) = told {
                    cancelled.send(()).expect("the test waits");
                    released.await.expect("the test lets go");
                }
                Ok::<_, store::Error>(())
            })
        });
        unit.await.expect("committed");
    });
    cancels.await.expect("cancelled");
    (release, cancelling)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_erasure_waits_for_what_became_final_before_its_mark() {
    let [one, other] = replicas(On::Postgres).await;
    one.ready(id(0)).await;
    let (release, cancelling) = cancel_slowly(&one, id(0)).await;
    let erasing = Arc::clone(&other);
    let erase = tokio::spawn(async move { erasing.erased().await });
    loop {
        let marked = other.store.run(|tx| Box::pin(async move { tx.erased(CUSTOMER).await }));
        if marked.await.map_err(|error: store::Error| error.to_string()).expect("a read").is_some() {
            break;
        }
        tokio::task::yield_now().await;
    }
    release.send(()).expect("it is held");
    cancelling.await.expect("no panic");
    assert_eq!(erase.await.expect("no panic").cleared, 1);
    assert!(!recipient_is_kept(&one, id(0)).await);
    assert_eq!(one.kinds(id(0)).await, ["Booked", "Ready", "Cancelled", "Updated"]);
}
