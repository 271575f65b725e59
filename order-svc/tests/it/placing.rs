//! Placing: a success is one order for ever, whatever is repeated, lost or raced.

use futures::future::join_all;
use order_svc::{
    app::{
        place_order::Error,
        ports::{Booked, NoAnswer},
    },
    domain::Status,
};
use time::Duration;

use crate::{
    events::reserved,
    world::{SAGA_DEADLINE, World, command},
};

#[tokio::test]
async fn an_order_is_kept_with_its_event_once_it_is_booked() {
    let world = World::sqlite().await;
    let order = world.placed().await;
    assert_eq!(world.order(order.id).await, order);
    assert_eq!(order.reserve_by, order.create_time + SAGA_DEADLINE);
    assert_eq!(world.written().await, [("OrderPlaced".to_owned(), 1)]);
    assert_eq!(world.bookings.ids(), [order.id]);
}

#[tokio::test]
async fn without_a_booking_nothing_is_kept() {
    let world = World::sqlite().await;
    world.bookings.answer([Err(NoAnswer::Unavailable), Err(NoAnswer::DeadlineExceeded)]);
    let away = world.place().run(command(Some("k"), 1)).await.expect_err("away");
    assert!(matches!(away, Error::NotBooked(Some(NoAnswer::Unavailable))), "{away:?}");
    let late = world.place().run(command(Some("k"), 1)).await.expect_err("late");
    assert!(matches!(late, Error::DeadlineExceeded), "{late:?}");
    assert_eq!(world.written().await, []);
    assert_eq!(world.bookings.ids().len(), 2, "nothing is tried again inside a call");
}

#[tokio::test]
async fn a_retry_meets_the_booking_of_its_first_try() {
    let world = World::sqlite().await;
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    world.place().run(command(Some("k"), 1)).await.expect_err("away");
    world.place().run(command(Some("k"), 1)).await.expect("placed");
    let ids = world.bookings.ids();
    assert_eq!(ids[0], ids[1]);
    world.place().run(command(Some("other"), 1)).await.expect("placed");
    assert_ne!(world.bookings.ids()[2], ids[0]);
}

#[tokio::test]
async fn a_key_makes_one_order_and_answers_it_as_it_was_placed() {
    let world = World::sqlite().await;
    let first = world.place().run(command(Some("k"), 1)).await.expect("placed");
    world.hear_stock(reserved(first.id, 1)).await;
    assert_eq!(world.order(first.id).await.status, Status::Confirmed);
    let again = world.place().run(command(Some("k"), 1)).await.expect("replayed");
    assert_eq!(again, first);
    assert_eq!(world.bookings.ids().len(), 1, "a replay books nothing");
}

#[tokio::test]
async fn a_key_with_another_body_is_refused() {
    let world = World::sqlite().await;
    world.place().run(command(Some("k"), 1)).await.expect("placed");
    let reused = world.place().run(command(Some("k"), 2)).await.expect_err("reused");
    assert!(matches!(reused, Error::Reused(_)), "{reused:?}");
}

#[tokio::test]
async fn a_key_binds_its_body_from_the_booking_on() {
    let world = World::sqlite().await;
    world.bookings.answer([Ok(Booked::Mismatch)]);
    let reused = world.place().run(command(Some("k"), 2)).await.expect_err("reused");
    assert!(matches!(reused, Error::Reused(_)), "{reused:?}");
    assert_eq!(world.written().await, []);
}

#[tokio::test]
async fn a_hundred_callers_with_one_key_make_one_order() {
    let world = World::sqlite().await;
    let place = world.place();
    let orders = join_all((0..100).map(|_| place.run(command(Some("k"), 1)))).await;
    let first = orders[0].as_ref().expect("placed").clone();
    assert!(orders.iter().all(|order| order.as_ref().is_ok_and(|order| *order == first)));
    assert_eq!(world.written().await.len(), 1);
}

#[tokio::test]
async fn a_cancelled_booking_makes_the_key_take_the_next_generation_once() {
    let world = World::sqlite().await;
    world.bookings.answer([Ok(Booked::Cancelled)]);
    let order = world.place().run(command(Some("k"), 1)).await.expect("placed");
    let ids = world.bookings.ids();
    assert_eq!(order.id, ids[1]);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(world.void(ids[0]).await.expect("resolved"), [(ids[0], None)], "the lost id is void");

    world.bookings.answer([Ok(Booked::Cancelled), Ok(Booked::Cancelled)]);
    let lost_twice = world.place().run(command(Some("k2"), 1)).await.expect_err("lost twice");
    assert!(matches!(lost_twice, Error::NotBooked(None)), "{lost_twice:?}");
}

#[tokio::test]
async fn a_void_frees_key_and_body() {
    let world = World::sqlite().await;
    world.bookings.answer([Err(NoAnswer::Unavailable)]);
    world.place().run(command(Some("k"), 1)).await.expect_err("away");
    let voided = world.bookings.ids()[0];
    world.void(voided).await.expect("resolved");
    let order = world.place().run(command(Some("k"), 2)).await.expect("placed");
    assert_ne!(order.id, voided);
    let again = world.place().run(command(Some("k"), 2)).await.expect("replayed");
    assert_eq!(again.id, order.id);
}

#[tokio::test]
async fn an_overdue_order_is_rejected_once_shop_has_been_heard_out() {
    let world = World::sqlite().await;
    let order = world.placed().await;
    let expire = world.expire();
    expire.run(None).await.expect("swept");
    world.clock.pass(Duration::try_from(SAGA_DEADLINE).expect("in range") + Duration::SECOND);
    expire.run(None).await.expect("swept");
    expire.run(Some(order.reserve_by)).await.expect("swept");
    assert_eq!(world.order(order.id).await.status, Status::Placed, "shop's word may still be on its way");
    expire.run(Some(order.reserve_by + Duration::MICROSECOND)).await.expect("swept");
    assert!(matches!(world.order(order.id).await.status, Status::Rejected(_)));

    let second = world.placed().await;
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    expire.run(None).await.expect("swept");
    assert!(matches!(world.order(second.id).await.status, Status::Rejected(_)), "an hour later in any case");
}
