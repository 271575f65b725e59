//! What every store of deliveries must do.

use chassis::store::Error;
use delivery_svc::{
    app::{
        list_deliveries::{Filter, Query},
        ports::Place,
    },
    domain::{
        actor::Actor,
        delivery::{Booking, Cancel, Delivery, Event, State, Status},
        follow::Standing,
        recipient::Recipient,
    },
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    samples::{CUSTOMER, SHOP, booking, cancellation, recipient, recipient_named, staff, tracking},
    world::World,
};

const ID: Uuid = Uuid::from_u128(1);

async fn insert(world: &World, first: Event) -> Result<bool, Error> {
    world
        .store
        .run(move |tx| {
            let first = first.clone();
            Box::pin(async move { tx.insert(&first, Some(&recipient())).await })
        })
        .await
}

async fn bury(world: &World, first: Event) -> Result<bool, Error> {
    let unit = world.store.run(move |tx| {
        let first = first.clone();
        Box::pin(async move { tx.insert(&first, None).await })
    });
    unit.await
}

async fn save(world: &World, changes: Vec<Event>) -> Result<(), Error> {
    let unit = world.store.run(move |tx| {
        let changes = changes.clone();
        Box::pin(async move { tx.save(&changes).await })
    });
    unit.await
}

async fn readdress(world: &World, change: Event, to: Option<Recipient>) -> Result<(), Error> {
    let unit = world.store.run(move |tx| {
        let (change, to) = (change.clone(), to.clone());
        Box::pin(async move { tx.readdress(&change, to.as_ref()).await })
    });
    unit.await
}

async fn claim(world: &World, version: i64) -> Result<(), Error> {
    world.store.run(move |tx| Box::pin(async move { tx.claim(ID, version).await })).await
}

async fn load(world: &World) -> Option<Delivery> {
    let loaded = world.store.run(|tx| Box::pin(async move { tx.delivery(ID).await }));
    loaded.await.expect("a read")
}

fn followed(delivery: Delivery, world: &World, standing: &Standing) -> Vec<Event> {
    let now = world.now();
    delivery.follow(standing, &staff().actor, now).expect("no contradiction").events
}

fn first(world: &World) -> Event {
    Delivery::book(booking(ID), world.now())
}

async fn every_state_comes_back_as_it_was_written(on: On) {
    let world = &World::open(on).await;
    assert_eq!(load(world).await, None);
    let booked = first(world);
    assert!(insert(world, booked.clone()).await.expect("inserted"));
    assert_eq!(load(world).await.as_ref(), Some(&booked.delivery));

    world.clock.pass(Duration::MINUTE);
    let mut delivery = booked.delivery;
    for standing in [Standing::Confirmed, Standing::Shipped(tracking()), Standing::Delivered(tracking())] {
        let events = followed(delivery, world, &standing);
        save(world, events.clone()).await.expect("saved");
        delivery = events.into_iter().next_back().expect("an event").delivery;
        assert_eq!(load(world).await.as_ref(), Some(&delivery));
    }
    let found = world.find(ID).await.expect("a delivery");
    assert_eq!((found.delivery, found.recipient), (delivery, Some(recipient())));
}

async fn a_cancellation_comes_back_as_it_was_written(on: On) {
    let world = &World::open(on).await;
    let booked = first(world);
    insert(world, booked.clone()).await.expect("inserted");
    let now = world.now();
    let Ok(Cancel::Now(event)) = booked.delivery.cancel(cancellation("why not"), now) else { panic!("not cancelled") };
    save(world, vec![event.clone()]).await.expect("saved");
    assert_eq!(load(world).await, Some(event.delivery));
}

async fn a_tombstone_comes_back_as_it_was_written(on: On) {
    let world = &World::open(on).await;
    let now = world.now();
    let tombstone = Delivery::tombstone(ID, SHOP, CUSTOMER.into(), cancellation(""), now);
    assert!(bury(world, tombstone.clone()).await.expect("inserted"));
    let found = world.find(ID).await.expect("a delivery");
    assert_eq!((found.delivery, found.recipient), (tombstone.delivery, None));
}

async fn an_id_is_taken_once(on: On) {
    let world = &World::open(on).await;
    let booked = first(world);
    assert!(insert(world, booked.clone()).await.expect("inserted"));
    let other = Booking { request_hash: [8; 32], ..booking(ID) };
    let other = Delivery::book(other, world.now());
    assert!(!insert(world, other).await.expect("no error"));
    assert_eq!(load(world).await, Some(booked.delivery));
    assert_eq!(world.kinds(ID).await, ["Booked"]);
}

async fn a_change_of_another_version_is_refused_whole(on: On) {
    let world = &World::open(on).await;
    let booked = first(world);
    insert(world, booked.clone()).await.expect("inserted");
    let events = followed(booked.delivery.clone(), world, &Standing::Confirmed);
    save(world, events.clone()).await.expect("saved");
    assert!(matches!(save(world, events.clone()).await, Err(Error::Inconsistent(_))));
    let unknown =
        Event { delivery: Delivery { id: Uuid::from_u128(2), ..events[0].delivery.clone() }, ..events[0].clone() };
    assert!(matches!(save(world, vec![unknown]).await, Err(Error::Inconsistent(_))));
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready"]);
}

async fn each_version_has_one_event(on: On) {
    let world = &World::open(on).await;
    let booked = first(world);
    insert(world, booked.clone()).await.expect("inserted");
    save(world, followed(booked.delivery, world, &Standing::Delivered(tracking()))).await.expect("saved");
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed"]);
    let versions: Vec<i64> = world.history(ID).await.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, [1, 2, 3, 4]);
}

async fn a_recipient_changes_with_its_event_and_its_version(on: On) {
    let world = &World::open(on).await;
    let booked = first(world);
    insert(world, booked.clone()).await.expect("inserted");
    let customer = Actor::customer(CUSTOMER);
    let corrected = booked.delivery.clone().correct_recipient(customer, world.now()).expect("corrected");
    readdress(world, corrected.clone(), Some(recipient_named("Kim Yuna"))).await.expect("saved");
    let found = world.find(ID).await.expect("a delivery");
    assert_eq!((&found.delivery, found.recipient), (&corrected.delivery, Some(recipient_named("Kim Yuna"))));
    assert!(matches!(readdress(world, corrected.clone(), Some(recipient())).await, Err(Error::Inconsistent(_))));

    let now = world.now();
    let Ok(Cancel::Now(cancelled)) = corrected.delivery.cancel(cancellation(""), now) else { panic!("not cancelled") };
    save(world, vec![cancelled.clone()]).await.expect("saved");
    let erased = cancelled.delivery.erase(staff().actor, now).expect("final");
    readdress(world, erased.clone(), None).await.expect("saved");
    let found = world.find(ID).await.expect("a delivery");
    assert_eq!((found.delivery, found.recipient), (erased.delivery, None));
    assert_eq!(world.kinds(ID).await, ["Booked", "Updated", "Cancelled", "Updated"]);
}

async fn nothing_goes_out_to_nobody(on: On) {
    let world = &World::open(on).await;
    let booked = first(world);
    insert(world, booked.clone()).await.expect("inserted");
    let corrected = booked.delivery.correct_recipient(staff().actor, world.now()).expect("corrected");
    readdress(world, corrected, None).await.expect_err("refused");
    assert_eq!(world.kinds(ID).await, ["Booked"]);
}

async fn the_last_erasure_of_a_customer_is_remembered(on: On) {
    let world = &World::open(on).await;
    let erased = |id: &'static str| world.store.run(move |tx| Box::pin(async move { tx.erased(id).await }));
    assert_eq!(erased(CUSTOMER).await.expect("a read"), None);
    for _ in 0..2 {
        world.clock.pass(Duration::SECOND);
        let now = world.now();
        let marked = world.store.run(move |tx| Box::pin(async move { tx.mark_erased(CUSTOMER, now).await }));
        marked.await.map_err(|error: Error| error.to_string()).expect("marked");
        assert_eq!(erased(CUSTOMER).await.expect("a read"), Some(now));
    }
    assert_eq!(erased("customer-2").await.expect("a read"), None);
}

async fn a_claim_is_no_new_version(on: On) {
    let world = &World::open(on).await;
    let booked = first(world).delivery;
    insert(world, first(world)).await.expect("inserted");
    claim(world, 1).await.expect("claimed");
    let claimed = Delivery { state: State::Booked { claimed: true }, ..booked };
    assert_eq!(load(world).await.as_ref(), Some(&claimed));
    assert_eq!(world.kinds(ID).await, ["Booked"]);

    assert!(matches!(claim(world, 2).await, Err(Error::Inconsistent(_))));
    save(world, followed(claimed, world, &Standing::Confirmed)).await.expect("saved");
    assert!(matches!(claim(world, 2).await, Err(Error::Inconsistent(_))));
}

/// Twelve deliveries, two of each instant: those with an even number are the shop's, every third one is READY.
async fn fill(world: &World) {
    for number in 1..=12_u128 {
        let shop_id = if number % 2 == 0 { SHOP } else { Uuid::from_u128(0xB) };
        let booking = Booking { shop_id, ..booking(Uuid::from_u128(number)) };
        let booked = Delivery::book(booking, world.now());
        insert(world, booked.clone()).await.expect("inserted");
        if number % 3 == 0 {
            save(world, followed(booked.delivery, world, &Standing::Confirmed)).await.expect("saved");
        }
        if number % 2 == 0 {
            world.clock.pass(Duration::SECOND);
        }
    }
}

async fn paged(world: &World, shop_id: Option<Uuid>, status: Option<Status>) -> Vec<u128> {
    let (mut found, mut after): (Vec<u128>, Option<Place>) = (Vec::new(), None);
    loop {
        let query = Query { filter: Filter { shop_id, status }, after, rows: 2 };
        let page = world.reads.deliveries(&query).await.expect("a page");
        let Some(last) = page.last() else { return found };
        after = Some((last.delivery.create_time, last.delivery.id));
        found.extend(page.iter().map(|row| row.delivery.id.as_u128()));
    }
}

async fn lists_are_filtered_and_paged_in_order(on: On) {
    let world = &World::open(on).await;
    fill(world).await;
    assert_eq!(paged(world, None, None).await, (1..=12).collect::<Vec<_>>());
    assert_eq!(paged(world, None, Some(Status::Ready)).await, [3, 6, 9, 12]);
    assert_eq!(paged(world, Some(SHOP), None).await, [2, 4, 6, 8, 10, 12]);
    assert_eq!(paged(world, Some(SHOP), Some(Status::Ready)).await, [6, 12]);
    assert_eq!(paged(world, Some(SHOP), Some(Status::Shipped)).await, Vec::<u128>::new());
}

async fn old_unclaimed_bookings_are_taken_in_order(on: On) {
    let world = &World::open(on).await;
    fill(world).await;
    claim_number(world, 2).await;
    let take = async |before: OffsetDateTime, limit| {
        let (now, until) = (world.now(), world.now() + Duration::SECOND);
        let unit =
            world.store.run(move |tx| Box::pin(async move { tx.take_unclaimed(before, now, until, limit).await }));
        let taken: Result<Vec<Uuid>, Error> = unit.await;
        let mut numbers: Vec<u128> = taken.expect("taken").iter().map(Uuid::as_u128).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(take(world.now() - Duration::seconds(3), 2).await, [1, 4]);
    assert_eq!(take(world.now() - Duration::seconds(3), 200).await, [5]);
    assert_eq!(take(world.now(), 2).await, [7, 8], "none that was taken is free");
    world.clock.pass(Duration::SECOND);
    assert_eq!(take(world.now(), 200).await, [1, 4, 5, 7, 8, 10, 11], "until its time is over");
}

async fn claim_number(world: &World, number: u128) {
    let claimed = world.store.run(move |tx| Box::pin(async move { tx.claim(Uuid::from_u128(number), 1).await }));
    claimed.await.map_err(|error: Error| error.to_string()).expect("claimed");
}

on_both! {
    every_state_comes_back_as_it_was_written,
    a_cancellation_comes_back_as_it_was_written,
    a_tombstone_comes_back_as_it_was_written,
    an_id_is_taken_once,
    a_change_of_another_version_is_refused_whole,
    each_version_has_one_event,
    a_recipient_changes_with_its_event_and_its_version,
    nothing_goes_out_to_nobody,
    the_last_erasure_of_a_customer_is_remembered,
    a_claim_is_no_new_version,
    lists_are_filtered_and_paged_in_order,
    old_unclaimed_bookings_are_taken_in_order,
}

#[tokio::test]
async fn postgresql_itself_refuses_a_wrong_state() {
    let world = World::open(On::Postgres).await;
    world.shipped(ID).await;
    for statement in [
        "UPDATE delivery SET status = 'READY', carrier = NULL, tracking_number = NULL, version = 4",
        "UPDATE delivery SET status = 'DELIVERED'",
        "UPDATE delivery SET status = 'CANCELLED', version = 4, carrier = NULL, tracking_number = NULL, \
         cancelled_by_role = 'STAFF', cancelled_by_id = 's', cancel_reason = ''",
        "UPDATE delivery SET version = 2",
        "UPDATE delivery SET recipient_address = 'elsewhere', version = 4",
        "UPDATE delivery SET recipient_name = NULL, recipient_phone_number = NULL, recipient_address = NULL",
        "UPDATE delivery SET shop_id = gen_random_uuid()",
        "UPDATE delivery SET claimed = FALSE",
        "DELETE FROM delivery",
        "TRUNCATE delivery",
    ] {
        world.kept.refuses(statement).await;
    }
    assert_eq!(world.delivery(ID).await.version, 3);
}
