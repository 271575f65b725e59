//! Bookings: an id is an order or void, for ever.

use crate::{
    database::{On, on_both},
    world::{World, command},
};
use futures::future::join;
use order_svc::app::place_order::Error;

async fn an_order_claims_its_id_against_a_void(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    assert_eq!(world.void(order.id).await.expect("resolved"), [(order.id, Some(order.clone()))]);
    assert_eq!(world.order(order.id).await, order);
}

async fn an_order_and_a_void_that_race_leave_exactly_one(on: On) {
    let world = World::open(on).await;
    for round in 0..200 {
        let key = format!("k{round}");
        // The first try fails after its booking, so that its id is known and free.
        world.bookings.answer([Err(order_svc::app::ports::NoAnswer::Unavailable)]);
        world.place().run(command(Some(&key), 1)).await.expect_err("away");
        let id = *world.bookings.ids().last().expect("an id");
        let place = world.place();
        let (placed, resolved) = join(place.run(command(Some(&key), 1)), world.void(id)).await;
        let placed = placed.map_err(|error: Error| error.to_string()).expect("placed under one id or the next");
        let void = resolved.expect("resolved")[0].1.is_none();
        assert_eq!(void, placed.id != id, "round {round}");
        assert_eq!(world.read.order(id).await.expect("the store").is_none(), void, "round {round}");
    }
}

on_both! {
    an_order_claims_its_id_against_a_void,
    an_order_and_a_void_that_race_leave_exactly_one,
}
