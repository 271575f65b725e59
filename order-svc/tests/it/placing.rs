//! Placing: a success is one order for ever, whatever is repeated, lost or raced.

use std::time::Duration;

use futures::future::join_all;
use order_svc::{
    adapters::convert,
    app::{
        place_order::{Command, Error},
        ports::{Booked, NoAnswer},
    },
    domain::Status,
};
use proto::{Money, order::v1 as wire};
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events::reserved,
    world::{BOOKING_DEADLINE, SAGA_DEADLINE, World, command, customer, key},
};

async fn an_order_is_kept_with_its_event_once_it_is_booked(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    assert_eq!(world.order(order.id).await, order);
    assert_eq!(order.reserve_by, order.create_time + SAGA_DEADLINE);
    assert_eq!(world.written().await, [("OrderPlaced".to_owned(), 1)]);
    assert_eq!(world.bookings.ids(), [order.id]);
}

async fn without_a_booking_nothing_is_kept(on: On) {
    let world = World::open(on).await;
    world.bookings.answer([Err(NoAnswer::Unavailable), Err(NoAnswer::DeadlineExceeded)]);
    let away = world.place().run(command(Some("k"), 1)).await.expect_err("away");
    assert!(matches!(away, Error::NoAnswer(NoAnswer::Unavailable)), "{away:?}");
    let late = world.place().run(command(Some("k"), 1)).await.expect_err("late");
    assert!(matches!(late, Error::NoAnswer(NoAnswer::DeadlineExceeded)), "{late:?}");
    assert_eq!(world.written().await, []);
    assert_eq!(world.bookings.ids().len(), 2, "nothing is tried again inside a call");
}

async fn a_retry_meets_the_booking_of_its_first_try(on: On) {
    let world = World::open(on).await;
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    world.place().run(command(Some("k"), 1)).await.expect_err("away");
    world.place().run(command(Some("k"), 1)).await.expect("placed");
    let ids = world.bookings.ids();
    assert_eq!(ids[0], ids[1]);
    world.place().run(command(Some("other"), 1)).await.expect("placed");
    assert_ne!(world.bookings.ids()[2], ids[0]);
}

async fn a_key_makes_one_order_and_answers_it_as_it_was_placed(on: On) {
    let world = World::open(on).await;
    let first = world.place().run(command(Some("k"), 1)).await.expect("placed");
    world.hear_stock(reserved(first.id, 1)).await;
    assert_eq!(world.order(first.id).await.status, Status::Confirmed);
    let again = world.place().run(command(Some("k"), 1)).await.expect("replayed");
    assert_eq!(again, first);
    assert_eq!(world.bookings.ids().len(), 1, "a replay books nothing");
}

async fn a_key_with_another_body_is_refused(on: On) {
    let world = World::open(on).await;
    world.place().run(command(Some("k"), 1)).await.expect("placed");
    let reused = world.place().run(command(Some("k"), 2)).await.expect_err("reused");
    assert!(matches!(reused, Error::Reused(_)), "{reused:?}");
}

async fn a_key_binds_its_body_from_the_booking_on(on: On) {
    let world = World::open(on).await;
    world.bookings.answer([Ok(Booked::Mismatch)]);
    let reused = world.place().run(command(Some("k"), 2)).await.expect_err("reused");
    assert!(matches!(reused, Error::Reused(_)), "{reused:?}");
    assert_eq!(world.written().await, []);
}

async fn a_hundred_callers_with_one_key_make_one_order(on: On) {
    let world = World::open(on).await;
    let place = world.place();
    let orders = join_all((0..100).map(|_| place.run(command(Some("k"), 1)))).await;
    let first = orders[0].as_ref().expect("placed").clone();
    assert!(orders.iter().all(|order| order.as_ref().is_ok_and(|order| *order == first)));
    assert_eq!(world.written().await.len(), 1);
}

async fn a_cancelled_booking_makes_the_key_take_the_next_generation_once(on: On) {
    let world = World::open(on).await;
    world.bookings.answer([Ok(Booked::Cancelled)]);
    let order = world.place().run(command(Some("k"), 1)).await.expect("placed");
    let ids = world.bookings.ids();
    assert_eq!(order.id, ids[1]);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(world.void(ids[0]).await.expect("resolved"), [(ids[0], None)], "the lost id is void");

    world.bookings.answer([Ok(Booked::Cancelled), Ok(Booked::Cancelled)]);
    let lost_twice = world.place().run(command(Some("k2"), 1)).await.expect_err("lost twice");
    assert!(matches!(lost_twice, Error::NotBooked), "{lost_twice:?}");
}

async fn a_void_frees_key_and_body(on: On) {
    let world = World::open(on).await;
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    world.place().run(command(Some("k"), 1)).await.expect_err("away");
    let voided = world.bookings.ids()[0];
    world.void(voided).await.expect("resolved");
    let order = world.place().run(command(Some("k"), 2)).await.expect("placed");
    assert_ne!(order.id, voided);
    let again = world.place().run(command(Some("k"), 2)).await.expect("replayed");
    assert_eq!(again.id, order.id);
}

async fn a_lost_booking_and_its_replacement_share_one_deadline(on: On) {
    let world = World::open(on).await;
    let takes = Duration::from_millis(400);
    *world.bookings.takes.lock().expect("unpoisoned") = takes;
    world.bookings.answer([Ok(Booked::Cancelled)]);
    world.place().run(command(Some("k"), 1)).await.expect("placed");
    let left = world.bookings.left.lock().expect("unpoisoned").clone();
    assert!(left[0] <= BOOKING_DEADLINE && left[1] + takes <= BOOKING_DEADLINE, "{left:?}");
}

async fn a_booking_deadline_that_is_spent_is_not_begun_anew(on: On) {
    let world = World::open(on).await;
    *world.bookings.takes.lock().expect("unpoisoned") = BOOKING_DEADLINE;
    world.bookings.answer([Ok(Booked::Cancelled)]);
    let spent = world.place().run(command(Some("k"), 1)).await.expect_err("spent");
    assert!(matches!(spent, Error::NotBooked), "{spent:?}");
    assert_eq!(world.bookings.ids().len(), 1);
    assert_eq!(world.written().await, []);
}

/// A request as some client writes it.
fn written(uuid: fn(&Uuid) -> String, currency_code: &str, blank: &str) -> wire::PlaceOrderRequest {
    let around = |text: &str| format!("{blank}{text}{blank}");
    let price = Money { currency_code: currency_code.to_owned(), units: 1_000, nanos: 0 };
    wire::PlaceOrderRequest {
        shop_id: uuid(&Uuid::from_u128(0xAB)),
        lines: vec![wire::NewOrderLine {
            phone_id: uuid(&Uuid::from_u128(0xCD)),
            quantity: 2,
            expected_unit_price: Some(price),
            serials: Vec::new(),
        }],
        recipient: Some(wire::Recipient {
            name: around("Hong Gildong"),
            phone_number: around("010-1234-5678"),
            address: around("110 Sejong-daero"),
        }),
    }
}

async fn a_command_is_the_same_however_it_is_written(on: On) {
    let world = World::open(on).await;
    let place = world.place();
    let placed = async |request| {
        let order = convert::new_order(request).expect("an order");
        place.run(Command::new(customer(), order, Some(key("k")))).await
    };
    let first = placed(written(Uuid::to_string, "KRW", "")).await.expect("placed");
    let upper = |uuid: &Uuid| uuid.simple().to_string().to_uppercase();
    assert_eq!(placed(written(upper, "", "  ")).await.expect("replayed"), first);
    let dearer = placed(written(Uuid::to_string, "USD", "")).await.expect_err("another price");
    assert!(matches!(dearer, Error::Reused(_)), "{dearer:?}");
}

async fn a_booking_is_bound_to_what_its_order_is_replayed_by(on: On) {
    let world = World::open(on).await;
    for body in [1, 1, 2] {
        world.bookings.answer([Err(NoAnswer::Unavailable)]);
        world.place().run(command(Some("k"), body)).await.expect_err("away");
    }
    let hashes: Vec<_> = world.bookings.booked.lock().expect("unpoisoned").iter().map(|booked| booked.hash).collect();
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
    let order = world.place().run(command(Some("k"), 1)).await.expect("placed");
    let kept = world.read.placed_with(&key("k").scope).await.expect("the store").expect("the key");
    assert_eq!((kept.order, kept.hash), (order, hashes[0]));
}

on_both! {
    an_order_is_kept_with_its_event_once_it_is_booked,
    without_a_booking_nothing_is_kept,
    a_retry_meets_the_booking_of_its_first_try,
    a_key_makes_one_order_and_answers_it_as_it_was_placed,
    a_key_with_another_body_is_refused,
    a_key_binds_its_body_from_the_booking_on,
    a_hundred_callers_with_one_key_make_one_order,
    a_cancelled_booking_makes_the_key_take_the_next_generation_once,
    a_void_frees_key_and_body,
    a_lost_booking_and_its_replacement_share_one_deadline,
    a_booking_deadline_that_is_spent_is_not_begun_anew,
    a_command_is_the_same_however_it_is_written,
    a_booking_is_bound_to_what_its_order_is_replayed_by,
}
