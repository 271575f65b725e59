//! Orders taken while delivery-svc is away: one for each key, booked as soon as it answers, and nothing kept longer.

use std::sync::Arc;

use chassis::{consumer::Taken, idempotency::Keyed};
use futures::future::{join, join_all};
use order_svc::{
    app::{
        BookOutstanding,
        book_outstanding::Tried,
        cancel_order,
        place_order::{Error, Fallback},
        ports::{Booked, NoAnswer},
    },
    domain::{Actor, Order, Status},
};
use prost::Message;
use proto::order::v1 as wire;
use time::Duration;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events::{self, reserved},
    world::{CUSTOMER, World, as_customer, command},
};

/// Sweeps once, a little later than the last time.
async fn sweep(world: &World) {
    world.clock.pass(Duration::seconds(2));
    world.book_outstanding().run().await.expect("swept");
}

async fn cancel(world: &World, id: Uuid) {
    let command =
        cancel_order::Command { caller: as_customer(CUSTOMER), order_id: id, reason: "changed my mind".to_owned() };
    world.cancel().run(command, Keyed::without_key()).await.expect("cancelled");
}

/// Whether each event so far said that the booking was outstanding.
async fn told(world: &World) -> Vec<(String, bool)> {
    let outstanding = |body: Vec<u8>| {
        // All events of orders have the order as their first field.
        let order = wire::OrderPlaced::decode(body.as_slice()).expect("an event").order;
        order.expect("an order").booking_outstanding
    };
    let short = |kind: String| kind.rsplit('.').next().unwrap_or_default().to_owned();
    world.kept.events().await.into_iter().map(|(kind, _, body)| (short(kind), outstanding(body))).collect()
}

async fn an_order_is_taken_under_an_id_that_no_call_has_carried(on: On) {
    let world = World::open(on).await;
    let order = world.unbooked_with(command(Some("k"), 1)).await;
    assert!(order.booking_outstanding());
    assert_eq!(world.order(order.id).await, order);
    assert_eq!(world.recipients().await, 1);
    assert_eq!(told(&world).await, [("OrderPlaced".to_owned(), true)]);
    let lost = world.bookings.ids();
    assert_eq!(lost.len(), 1, "nothing is tried again inside a call");
    assert_ne!(lost[0], order.id);
    assert_eq!(world.void(lost[0]).await.expect("resolved"), [(lost[0], None)], "the lost call's booking is nobody's");
    assert_eq!(world.void(order.id).await.expect("resolved"), [(order.id, Some(order.clone()))]);
}

async fn only_the_lack_of_an_answer_is_a_reason_to_take_it(on: On) {
    let world = World::open(on).await;
    let place = world.place_or(Fallback::Accept);
    world.bookings.answer([
        Err(NoAnswer::DeadlineExceeded),
        Err(NoAnswer::Defect("PermissionDenied: no".to_owned())),
        Ok(Booked::Mismatch),
    ]);
    let late = place.run(command(Some("a"), 1)).await.expect_err("the caller's own deadline");
    assert!(matches!(late, Error::NoAnswer(NoAnswer::DeadlineExceeded)), "{late:?}");
    let defect = place.run(command(Some("b"), 1)).await.expect_err("a defect");
    assert!(matches!(defect, Error::NoAnswer(NoAnswer::Defect(_))), "{defect:?}");
    let reused = place.run(command(Some("c"), 1)).await.expect_err("another request's id");
    assert!(matches!(reused, Error::Reused(_)), "{reused:?}");
    assert_eq!(world.written().await, []);
    assert_eq!(world.recipients().await, 0);
    assert!(!place.run(command(Some("d"), 1)).await.expect("booked at once").booking_outstanding());
}

async fn a_key_makes_one_order_whether_delivery_answers_or_not(on: On) {
    let world = Arc::new(World::open(on).await);
    for round in 0..20 {
        let key = format!("k{round}");
        world
            .bookings
            .answer((0..10).map(|call| if call % 2 == 0 { Err(NoAnswer::Unavailable) } else { Ok(Booked::Yes) }));
        let place = world.place_or(Fallback::Accept);
        let orders = join_all((0..10).map(|_| place.run(command(Some(&key), 1)))).await;
        let orders: Vec<Order> = orders.into_iter().map(|order| order.expect("placed")).collect();
        assert!(orders.iter().all(|order| *order == orders[0]), "{orders:?}");
        let other = place.run(command(Some(&key), 2)).await.expect_err("another body");
        assert!(matches!(other, Error::Reused(_)), "{other:?}");
        // Whatever was booked besides belongs to nobody.
        for id in world.bookings.ids() {
            let resolved = world.void(id).await.expect("resolved");
            let placed = world.read.order(id).await.expect("the store");
            assert_eq!(resolved[0].1, placed);
        }
    }
    assert_eq!(world.written().await.len(), 20);
}

async fn a_replay_answers_the_order_as_it_was_taken(on: On) {
    let world = World::open(on).await;
    let order = world.unbooked_with(command(Some("k"), 1)).await;
    sweep(&world).await;
    world.hear_stock(reserved(order.id, 1)).await;
    assert_eq!(world.order(order.id).await.status, Status::Confirmed);
    for fallback in [Fallback::Accept, Fallback::Reject] {
        assert_eq!(world.place_or(fallback).run(command(Some("k"), 1)).await.expect("replayed"), order);
    }
}

async fn an_order_is_confirmed_once_it_is_booked_and_reserved_whichever_comes_first(on: On) {
    type Fact = fn(&World, Uuid) -> futures::future::BoxFuture<'_, ()>;
    let reserve: Fact =
        |world, id| Box::pin(async move { assert_eq!(world.hear_stock(reserved(id, 1)).await, Taken::Done) });
    let book: Fact = |world, _id| Box::pin(sweep(world));
    let hear: Fact =
        |world, id| Box::pin(async move { assert_eq!(world.hear_delivery(events::booked(id, 2)).await, Taken::Done) });
    for facts in [[reserve, book, hear], [book, reserve, hear], [hear, reserve, book], [reserve, hear, book]] {
        let world = World::open(on).await;
        let id = world.unbooked().await.id;
        facts[0](&world, id).await;
        let waiting = world.order(id).await;
        assert_eq!(
            (waiting.status, waiting.version, waiting.total),
            (Status::Placed, 1, None),
            "one of both is missing"
        );
        assert!(waiting.lines.iter().all(|line| line.reserved.is_none()));
        facts[1](&world, id).await;
        let order = world.order(id).await;
        assert_eq!(order.status, Status::Confirmed);
        assert_eq!(order.lines[0].reserved.as_ref().expect("held").serials, ["A-0001", "A-0002"]);
        assert_eq!(order.total.expect("a total").minor_units, 1_000);
        for fact in facts {
            fact(&world, id).await;
        }
        let events = [("OrderPlaced".to_owned(), true), ("OrderConfirmed".to_owned(), false)];
        assert_eq!(told(&world).await, events);
        assert_eq!((world.recipients().await, world.reservations().await), (0, 0), "nothing is kept longer");
        assert_eq!(world.dead_letters().await, 0);
    }
}

async fn what_is_booked_and_reserved_is_never_left_placed(on: On) {
    let world = World::open(on).await;
    for event in 1..=50_u128 {
        let id = world.unbooked().await.id;
        world.clock.pass(Duration::seconds(2));
        let book = world.book_outstanding();
        let (swept, heard) = join(book.run(), world.hear_stock(reserved(id, event))).await;
        swept.expect("swept");
        assert_eq!(heard, Taken::Done);
    }
    let left = "SELECT count(*) FROM orders WHERE status = 'PLACED' OR id IN (SELECT order_id FROM held_reservation)";
    assert_eq!(world.kept.count(left).await, 0);
}

async fn a_half_dead_delivery_is_probed_and_not_stormed(on: On) {
    let world = World::open(on).await;
    for _ in 0..40 {
        world.unbooked().await;
    }
    for probe in 1..=5 {
        world.bookings.answer([Err(NoAnswer::Unavailable)]);
        sweep(&world).await;
        assert_eq!(world.bookings.ids().len(), 40 + probe, "one call a sweep");
    }
    let probed: std::collections::HashSet<_> = world.bookings.ids().into_iter().skip(40).collect();
    assert_eq!(probed.len(), 5, "the next one is tried, not the same again");
    sweep(&world).await;
    assert_eq!(world.recipients().await, 0, "one answer, and all the others follow");
    assert_eq!(world.bookings.ids().len(), 85, "each once");
}

async fn a_booking_that_cannot_be_made_keeps_no_other_from_it(on: On) {
    let world = World::open(on).await;
    let refused = world.unbooked().await.id;
    world.clock.pass(Duration::SECOND);
    let sound = world.unbooked().await.id;
    world.bookings.answer([Ok(Booked::Mismatch)]);
    sweep(&world).await;
    assert!(world.order(refused).await.booking_outstanding());
    assert!(!world.order(sound).await.booking_outstanding());
    let tries = async |passes| {
        let before = world.bookings.ids().len();
        world.bookings.answer([Err(NoAnswer::Defect("Internal: x".to_owned()))]);
        world.clock.pass(passes);
        world.book_outstanding().run().await.expect("swept");
        let tried = world.bookings.ids().len() - before;
        if tried == 0 {
            world.bookings.book_answers.lock().expect("unpoisoned").clear();
        }
        tried
    };
    assert_eq!(tries(Duration::milliseconds(999)).await, 0);
    assert_eq!(tries(Duration::milliseconds(1)).await, 1);
    assert_eq!(tries(Duration::milliseconds(1_999)).await, 0, "ever more seldom");
    assert_eq!(tries(Duration::milliseconds(1)).await, 1);
    for _ in 0..20 {
        assert_eq!(tries(Duration::minutes(5)).await, 1, "but every five minutes in any case");
    }
    world.clock.pass(Duration::minutes(5));
    world.book_outstanding().run().await.expect("swept");
    assert!(!world.order(refused).await.booking_outstanding());
}

async fn replicas_try_each_booking_once(on: On) {
    let world = World::open(on).await;
    for _ in 0..40 {
        world.unbooked().await;
    }
    world.clock.pass(Duration::seconds(2));
    let replicas: Vec<_> = (0..3).map(|_| world.book_outstanding()).collect();
    for swept in join_all(replicas.iter().map(BookOutstanding::run)).await {
        swept.expect("swept");
    }
    let tried: Vec<_> = world.bookings.ids().into_iter().skip(40).collect();
    let distinct: std::collections::HashSet<_> = tried.iter().collect();
    assert_eq!((tried.len(), distinct.len()), (40, 40));
    assert_eq!(world.recipients().await, 0);
}

async fn who_dies_over_a_booking_is_relieved(on: On) {
    let world = World::open(on).await;
    let id = world.unbooked().await.id;
    let due = world.read.outstanding_booking(id).await.expect("the store").expect("outstanding");
    let until = due.due + Duration::seconds(2);
    let taken: Result<bool, chassis::store::Error> = world
        .store
        .run(move |tx| {
            let due = due.clone();
            Box::pin(async move { tx.take_booking(&due, until).await })
        })
        .await;
    assert!(taken.expect("the store"));
    world.clock.pass(Duration::seconds(1));
    world.book_outstanding().run().await.expect("swept");
    assert!(world.order(id).await.booking_outstanding(), "somebody else is at it");
    world.clock.pass(Duration::seconds(1));
    world.book_outstanding().run().await.expect("swept");
    assert!(!world.order(id).await.booking_outstanding());
}

async fn what_is_cancelled_meanwhile_is_never_booked(on: On) {
    let world = World::open(on).await;
    let id = world.unbooked().await.id;
    let due = world.read.outstanding_booking(id).await.expect("the store").expect("outstanding");
    world.hear_stock(reserved(id, 1)).await;
    cancel(&world, id).await;
    assert_eq!((world.recipients().await, world.reservations().await), (0, 0));
    assert!(!world.order(id).await.booking_outstanding());
    let calls = world.bookings.ids().len();
    sweep(&world).await;
    let actor = Actor::service("order-svc");
    assert_eq!(world.book_outstanding().book(&due, &actor).await.expect("the store"), Tried::Passed);
    assert_eq!(world.bookings.ids().len(), calls);
    assert!(world.bookings.cancelled.lock().expect("unpoisoned").is_empty(), "nobody needs to be asked");
    let events = [("OrderPlaced".to_owned(), true), ("OrderCancelled".to_owned(), false)];
    assert_eq!(told(&world).await, events);
}

async fn an_order_that_ends_while_it_is_booked_stays_so(on: On) {
    for answer in [Ok(Booked::Yes), Ok(Booked::Cancelled), Err(NoAnswer::Unavailable)] {
        let world = Arc::new(World::open(on).await);
        let id = world.unbooked().await.id;
        world.hear_stock(reserved(id, 1)).await;
        let canceller = Arc::clone(&world);
        *world.bookings.meanwhile.lock().expect("unpoisoned") =
            Some(Box::pin(async move { cancel(&canceller, id).await }));
        world.bookings.answer([answer]);
        sweep(&world).await;
        assert!(matches!(world.order(id).await.status, Status::Cancelled { .. }));
        assert_eq!(world.hear_delivery(events::booked(id, 2)).await, Taken::Done);
        assert_eq!(world.hear_delivery(events::cancelled(id, 3)).await, Taken::Done);
        let calls = world.bookings.ids().len();
        sweep(&world).await;
        assert_eq!(world.bookings.ids().len(), calls, "nothing is left to book");
        assert_eq!(world.written().await.len(), 2);
        assert_eq!((world.recipients().await, world.reservations().await), (0, 0));
    }
}

async fn what_is_rejected_or_overdue_meanwhile_is_forgotten_too(on: On) {
    let world = World::open(on).await;
    let rejected = world.unbooked().await.id;
    world.hear_stock(events::rejected(rejected, 1)).await;
    assert!(matches!(world.order(rejected).await.status, Status::Rejected(_)));
    let overdue = world.unbooked().await.id;
    world.hear_stock(reserved(overdue, 2)).await;
    assert_eq!((world.recipients().await, world.reservations().await), (1, 2));
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    world.expire().run(None).await.expect("swept");
    assert!(
        matches!(world.order(overdue).await.status, Status::Rejected(_)),
        "reserved and unbooked it waits, not for ever"
    );
    assert_eq!((world.recipients().await, world.reservations().await), (0, 0));
    sweep(&world).await;
    assert_eq!(world.bookings.ids().len(), 2, "only what was tried when they were taken");
}

async fn a_reservation_of_something_else_is_refused_before_it_is_kept(on: On) {
    let world = World::open(on).await;
    let id = world.unbooked().await.id;
    assert!(!matches!(world.hear_stock(events::held(id, 1, &["A-0001"])).await, Taken::Done));
    assert_eq!(world.reservations().await, 0);
}

async fn the_event_of_a_booking_counts_though_its_answer_is_lost(on: On) {
    let world = Arc::new(World::open(on).await);
    let id = world.unbooked().await.id;
    let told = Arc::clone(&world);
    *world.bookings.meanwhile.lock().expect("unpoisoned") =
        Some(Box::pin(async move { assert_eq!(told.hear_delivery(events::booked(id, 2)).await, Taken::Done) }));
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    sweep(&world).await;
    assert!(!world.order(id).await.booking_outstanding());
    assert_eq!(world.recipients().await, 0);
    // Of an order that was booked at once, and of one that is not known, it says nothing new.
    let order = world.placed().await;
    assert_eq!(world.hear_delivery(events::booked(order.id, 3)).await, Taken::Done);
    assert_eq!(world.order(order.id).await, order);
    assert_eq!(world.hear_delivery(events::booked(Uuid::from_u128(0xFF), 4)).await, Taken::Done);
}

on_both! {
    an_order_is_taken_under_an_id_that_no_call_has_carried,
    only_the_lack_of_an_answer_is_a_reason_to_take_it,
    a_key_makes_one_order_whether_delivery_answers_or_not,
    a_replay_answers_the_order_as_it_was_taken,
    an_order_is_confirmed_once_it_is_booked_and_reserved_whichever_comes_first,
    what_is_booked_and_reserved_is_never_left_placed,
    a_half_dead_delivery_is_probed_and_not_stormed,
    a_booking_that_cannot_be_made_keeps_no_other_from_it,
    replicas_try_each_booking_once,
    who_dies_over_a_booking_is_relieved,
    what_is_cancelled_meanwhile_is_never_booked,
    an_order_that_ends_while_it_is_booked_stays_so,
    what_is_rejected_or_overdue_meanwhile_is_forgotten_too,
    a_reservation_of_something_else_is_refused_before_it_is_kept,
    the_event_of_a_booking_counts_though_its_answer_is_lost,
}
