//! Pages stay right while orders are added.

use std::time::Duration;

use proto::{
    mypage::v1::{ListMyOrdersRequest, ListMyOrdersResponse, my_order, my_page_service_server::MyPageService},
    notify::v1::message,
    order::v1::order::Status,
};
use tonic::Code;
use uuid::Uuid;

use crate::support::{NOW, On, World, call, delivery, message as sent, on_both, order, order_of};

async fn place(world: &World, number: u64) {
    // Two orders each have one create time.
    let create_time = NOW + Duration::from_micros(number / 2);
    let event = order_of(Uuid::from_u128(u128::from(number)), "mina", Status::Placed, 1, create_time);
    world.deliver(event).await.expect("handled");
}

async fn page(world: &World, status: my_order::Status, page_token: &str) -> ListMyOrdersResponse {
    let request = ListMyOrdersRequest { page_size: 3, page_token: page_token.to_owned(), status: status.into() };
    world.service().list_my_orders(call(request, "mina")).await.expect("a page").into_inner()
}

fn ids(numbers: impl Iterator<Item = u128>) -> Vec<String> {
    numbers.map(|number| Uuid::from_u128(number).to_string()).collect()
}

async fn pages_go_on_where_the_last_one_ended_while_newer_orders_are_added(on: On) {
    let world = World::on(on).await;
    for number in 1..=10 {
        place(&world, number).await;
    }
    let (mut listed, mut token, mut added) = (Vec::new(), String::new(), 10);
    loop {
        let answer = page(&world, my_order::Status::Unspecified, &token).await;
        assert!(answer.orders.len() <= 3);
        listed.extend(answer.orders.into_iter().map(|order| order.order_id));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        added += 1;
        place(&world, added).await;
    }
    assert_eq!(listed, ids((1..=10).rev()));
    let newest = page(&world, my_order::Status::Unspecified, "").await.orders;
    assert_eq!(newest[0].order_id, Uuid::from_u128(u128::from(added)).to_string());
}

async fn a_list_can_be_of_one_status(on: On) {
    let world = World::on(on).await;
    for number in 1..=6 {
        place(&world, number).await;
        if number % 2 == 0 {
            let event = order_of(Uuid::from_u128(u128::from(number)), "mina", Status::Confirmed, 2, NOW);
            world.deliver(event).await.expect("handled");
        }
    }
    let placed = page(&world, my_order::Status::Placed, "").await;
    assert_eq!(
        placed.orders.iter().map(|order| order.order_id.clone()).collect::<Vec<_>>(),
        ids([5, 3, 1].into_iter())
    );
    assert_eq!(page(&world, my_order::Status::Confirmed, "").await.orders.len(), 3);
    assert_eq!(page(&world, my_order::Status::Shipped, "").await.orders.len(), 0);
}

async fn each_order_of_a_list_has_its_own_delivery_and_messages(on: On) {
    let world = World::on(on).await;
    for number in 1..=3 {
        let id = Uuid::from_u128(number);
        world.deliver(order(id, "mina", Status::Placed, 1)).await.expect("handled");
        world.deliver(delivery(id, proto::delivery::v1::delivery::Status::Booked, 1)).await.expect("handled");
        let (to, template) = (message::RecipientKind::Customer, message::Template::Placed);
        let message = sent(Uuid::from_u128(number << 80), id, to, template, message::Status::Sent, 1);
        world.deliver(message).await.expect("handled");
    }
    let orders = page(&world, my_order::Status::Unspecified, "").await.orders;
    assert_eq!(orders.len(), 3);
    for order in orders {
        let alone = world.get("mina", order.order_id.parse().expect("a UUID")).await.expect("shown");
        assert_eq!((order.delivery.is_some(), order.messages.len()), (true, 1));
        assert_eq!(order, alone);
    }
}

async fn a_token_serves_its_own_list_and_caller_alone(on: On) {
    let world = World::on(on).await;
    for number in 1..=10 {
        place(&world, number).await;
    }
    let token = page(&world, my_order::Status::Unspecified, "").await.next_page_token;
    let other_filter = ListMyOrdersRequest { page_token: token.clone(), status: 1, ..Default::default() };
    let other_caller = ListMyOrdersRequest { page_token: token, ..Default::default() };
    for (request, subject) in [(other_filter, "mina"), (other_caller, "minsu")] {
        let refused = world.service().list_my_orders(call(request, subject)).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

on_both! {
    pages_go_on_where_the_last_one_ended_while_newer_orders_are_added,
    a_list_can_be_of_one_status,
    each_order_of_a_list_has_its_own_delivery_and_messages,
    a_token_serves_its_own_list_and_caller_alone,
}
