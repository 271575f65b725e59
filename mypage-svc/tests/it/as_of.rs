//! Every answer says by when it is complete: that is true, and never goes backward.

use std::time::Duration;

use proto::{
    mypage::v1::{
        GetMyOrderRequest, ListMyOrdersRequest, my_page_service_server::MyPageService, watch_my_orders_response::Kind,
    },
    order::v1::order::Status,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::support::{NOW, On, World, call, on_both, order};

const ID: Uuid = Uuid::from_u128(1);

/// What a read and a list say, which is the same.
async fn told(world: &World) -> Option<OffsetDateTime> {
    let get = call(GetMyOrderRequest { order_id: ID.to_string() }, "mina");
    let got = world.service().get_my_order(get).await.expect("an order").into_inner().as_of_time;
    let list = call(ListMyOrdersRequest::default(), "mina");
    let listed = world.service().list_my_orders(list).await.expect("a list").into_inner().as_of_time;
    assert_eq!(got, listed);
    chassis::wire::time(got.as_ref())
}

async fn it_is_absent_until_it_is_known_and_never_goes_backward(on: On) {
    let world = World::on(on).await;
    world.deliver(order(ID, "mina", Status::Placed, 1)).await.expect("handled");
    assert_eq!(told(&world).await, None);
    let later = NOW + Duration::from_secs(1);
    for (noted, expected) in [(NOW, NOW), (later, later), (NOW, later)] {
        world.complete_by(noted).await;
        assert_eq!(told(&world).await, Some(expected));
    }
}

async fn it_stands_while_something_was_put_aside(on: On) {
    let world = World::on(on).await;
    world.deliver(order(ID, "mina", Status::Placed, 1)).await.expect("handled");
    world.complete_by(NOW).await;
    let (event, time) = (order(Uuid::from_u128(2), "mina", Status::Placed, 1), NOW);
    let letter = chassis::inbox::DeadLetter { event, cause: "on purpose".to_owned(), attempts: 5, time };
    let put_aside = world.store.run(move |tx| {
        let letter = letter.clone();
        Box::pin(async move { tx.put_aside(&letter).await })
    });
    let put_aside: Result<(), chassis::store::Error> = put_aside.await;
    put_aside.expect("put aside");
    world.complete_by(NOW + Duration::from_secs(1)).await;
    assert_eq!(told(&world).await, Some(NOW), "what the letter tells is not on my page");
}

async fn a_watch_tells_it_only_of_what_it_has_told(on: On) {
    let world = World::on(on).await;
    for number in 1..=60 {
        world.deliver(order(Uuid::from_u128(number), "mina", Status::Placed, 1)).await.expect("handled");
    }
    world.complete_by(NOW).await;
    let mut watcher = world.watch("mina", "").await.expect("a watch");
    for _ in 0..60 {
        assert_eq!(watcher.expect(Kind::Order).await.as_of_time, None, "more is to come");
    }
    let known = Some(chassis::wire::timestamp(NOW));
    assert_eq!(watcher.expect(Kind::Current).await.as_of_time, known);
    let later = NOW + Duration::from_secs(1);
    world.complete_by(later).await;
    world.deliver(order(ID, "mina", Status::Confirmed, 2)).await.expect("handled");
    assert_eq!(watcher.expect(Kind::Order).await.as_of_time, Some(chassis::wire::timestamp(later)));
}

async fn a_booking_is_outstanding_until_a_delivery_is_heard_of(on: On) {
    let world = World::on(on).await;
    let mut placed = order(ID, "mina", Status::Placed, 1);
    let mut body: proto::order::v1::OrderPlaced = placed.decode().expect("an event");
    body.order.as_mut().expect("an order").booking_outstanding = true;
    placed.body = prost::Message::encode_to_vec(&body).into();
    world.deliver(placed).await.expect("handled");
    assert!(world.get("mina", ID).await.expect("an order").booking_outstanding);
    let mut watcher = world.watch_from_now("mina").await;
    let booked = crate::support::delivery(ID, proto::delivery::v1::delivery::Status::Booked, 1);
    world.deliver(booked).await.expect("handled");
    assert!(!watcher.order().await.booking_outstanding);
}

on_both! {
    it_is_absent_until_it_is_known_and_never_goes_backward,
    it_stands_while_something_was_put_aside,
    a_watch_tells_it_only_of_what_it_has_told,
    a_booking_is_outstanding_until_a_delivery_is_heard_of,
}
