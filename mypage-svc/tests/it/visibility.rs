//! A customer sees its own orders and learns of no others.

use proto::{
    mypage::v1::{GetMyOrderRequest, ListMyOrdersRequest, my_page_service_server::MyPageService},
    order::v1::order::Status,
};
use tonic::Code;
use uuid::Uuid;

use crate::support::{On, World, call, delivery, on_both, order};

async fn an_order_that_is_not_ones_own_looks_like_none(on: On) {
    let world = World::on(on).await;
    let (own, others, booked, none) = (1, 2, 3, 4);
    world.deliver(order(Uuid::from_u128(own), "mina", Status::Placed, 1)).await.expect("handled");
    world.deliver(order(Uuid::from_u128(others), "minsu", Status::Placed, 1)).await.expect("handled");
    let booking = delivery(Uuid::from_u128(booked), proto::delivery::v1::delivery::Status::Booked, 1);
    world.deliver(booking).await.expect("handled");

    assert!(world.get("mina", Uuid::from_u128(own)).await.is_ok());
    let mut refusals = Vec::new();
    for id in [others, booked, none] {
        let refused = world.get("mina", Uuid::from_u128(id)).await.expect_err("not shown");
        refusals.push((refused.code(), refused.message().to_owned(), refused.details().to_vec()));
    }
    assert_eq!(refusals[0].0, Code::NotFound);
    assert!(refusals.iter().all(|refusal| *refusal == refusals[0]), "{refusals:?}");

    let listed = world.service().list_my_orders(call(ListMyOrdersRequest::default(), "mina")).await.expect("a list");
    let listed: Vec<String> = listed.into_inner().orders.into_iter().map(|order| order.order_id).collect();
    assert_eq!(listed, [Uuid::from_u128(own).to_string()]);
}

async fn wrong_fields_are_told(on: On) {
    let world = World::on(on).await;
    let request = call(GetMyOrderRequest { order_id: "x".to_owned() }, "mina");
    let refused = world.service().get_my_order(request).await.expect_err("refused");
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "wrong fields: order_id"));
    let request = call(ListMyOrdersRequest { status: 99, page_size: -1, ..Default::default() }, "mina");
    let refused = world.service().list_my_orders(request).await.expect_err("refused");
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "wrong fields: status, page_size"));
}

on_both! {
    an_order_that_is_not_ones_own_looks_like_none,
    wrong_fields_are_told,
}
