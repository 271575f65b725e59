//! Booking and cancelling for order-svc.

use chassis::idempotency::Keyed;
use delivery_svc::{
    app::{ChangeError, book_delivery, cancel_delivery},
    domain::delivery::{Booking, Error, State, Status},
};
use futures::future::join_all;
use uuid::Uuid;

use crate::{
    database::{On, on_both, on_both_in_parallel},
    samples::{book_command, booking, cancel_command, cancellation, recipient, ship_command},
    world::World,
};

const ID: Uuid = Uuid::from_u128(1);

fn another_request() -> book_delivery::Command {
    book_delivery::Command { booking: Booking { request_hash: [8; 32], ..booking(ID) }, recipient: recipient() }
}

async fn the_same_request_is_one_booking_however_often_it_comes(on: On) {
    let world = World::open(on).await;
    let calls = (0..50).map(|_| {
        let book = world.book();
        tokio::spawn(async move { book.run(book_command(ID)).await })
    });
    for booked in join_all(calls).await {
        assert_eq!(booked.expect("no panic").expect("booked").state, State::Booked { claimed: false });
    }
    assert_eq!(world.kinds(ID).await, ["Booked"]);
}

async fn another_request_is_refused_until_the_booking_is_cancelled(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    let refused = world.book().run(another_request()).await.expect_err("refused");
    assert!(matches!(refused, book_delivery::Error::Refused(Error::Mismatch)), "{refused}");

    world.cancel().run(cancel_command(ID, "void")).await.expect("cancelled");
    for command in [book_command(ID), another_request()] {
        let met = world.book().run(command).await.expect("answered as it is");
        assert_eq!(met.state, State::Cancelled(cancellation("void")));
    }
    assert_eq!(world.kinds(ID).await, ["Booked", "Cancelled"]);
}

async fn a_booking_that_comes_after_its_cancellation_stays_cancelled(on: On) {
    let world = World::open(on).await;
    let cancelled = world.cancel().run(cancel_command(ID, "first")).await.expect("a tombstone");
    assert_eq!(cancelled, cancellation("first"));
    let met = world.book().run(book_command(ID)).await.expect("answered as it is");
    assert_eq!(met.state.status(), Status::Cancelled);
    assert_eq!(world.kinds(ID).await, ["Cancelled"]);
    assert_eq!(world.find(ID).await.expect("a tombstone").recipient, None);
}

async fn the_first_to_cancel_is_remembered(on: On) {
    let world = World::open(on).await;
    world.ready(ID).await;
    for reason in ["first", "second", "third"] {
        let cancelled = world.cancel().run(cancel_command(ID, reason)).await.expect("cancelled");
        assert_eq!(cancelled, cancellation("first"));
    }
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Cancelled"]);
    let refused = world.ship().run(ship_command(ID), Keyed::without_key()).await.expect_err("refused");
    assert!(matches!(refused, ChangeError::Refused(Error::Cancelled)), "{refused}");
}

async fn what_is_shipped_is_not_cancelled(on: On) {
    let world = World::open(on).await;
    world.shipped(ID).await;
    let (delivered, before) = (Uuid::from_u128(2), world.delivery(ID).await);
    world.delivered(delivered).await;
    for id in [ID, delivered] {
        let refused = world.cancel().run(cancel_command(id, "too late")).await.expect_err("refused");
        assert!(matches!(refused, cancel_delivery::Error::Refused(Error::AlreadyShipped)), "{refused}");
    }
    assert_eq!(world.delivery(ID).await, before);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started"]);
}

on_both! {
    another_request_is_refused_until_the_booking_is_cancelled,
    a_booking_that_comes_after_its_cancellation_stays_cancelled,
    the_first_to_cancel_is_remembered,
    what_is_shipped_is_not_cancelled,
}

on_both_in_parallel! {
    the_same_request_is_one_booking_however_often_it_comes,
}
