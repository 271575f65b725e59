//! Pages stay right while messages are added.

use std::time::Duration;

use proto::notify::v1::{ListMessagesRequest, ListMessagesResponse, notify_service_server::NotifyService};
use tonic::Code;
use uuid::Uuid;

use crate::support::{On, Step, World, call, event, on_both};

const SHOP: Uuid = Uuid::from_u128(7);

async fn place(world: &World, order: u128) {
    world.deliver(event(Uuid::from_u128(order), "mina", SHOP, Step::Placed)).await.expect("handled");
    // Every other message has the time of the one before it.
    if order.is_multiple_of(2) {
        world.clock.advance(Duration::from_micros(1));
    }
}

async fn page(world: &World, page_token: &str) -> ListMessagesResponse {
    let request = ListMessagesRequest { page_size: 3, page_token: page_token.to_owned(), ..Default::default() };
    let answer = world.service().list_messages(call(request, "mina", &["customer"], None)).await;
    answer.expect("a page").into_inner()
}

async fn every_message_is_on_one_page_while_others_are_added(on: On) {
    let world = World::on(on).await;
    for order in 1..=10 {
        place(&world, order).await;
    }
    let (mut listed, mut token, mut added) = (Vec::new(), String::new(), 10);
    loop {
        let answer = page(&world, &token).await;
        assert!(answer.messages.len() <= 3);
        listed.extend(answer.messages.into_iter().map(|message| message.order_id));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
        if added < 14 {
            added += 1;
            place(&world, added).await;
        }
    }
    listed.sort();
    let expected: Vec<String> = (1..=14).map(|order| Uuid::from_u128(order).to_string()).collect();
    assert_eq!(listed, expected);
}

async fn a_token_serves_its_own_list_and_caller_alone(on: On) {
    let world = World::on(on).await;
    for order in 1..=10 {
        place(&world, order).await;
    }
    let token = page(&world, "").await.next_page_token;
    let service = world.service();
    let other_filter = ListMessagesRequest { page_token: token.clone(), status: 1, ..Default::default() };
    let other_caller = ListMessagesRequest { page_token: token, ..Default::default() };
    for (request, subject) in [(other_filter, "mina"), (other_caller, "minsu")] {
        let refused = service.list_messages(call(request, subject, &["customer"], None)).await.expect_err("refused");
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
}

async fn wrong_fields_are_told_all_at_once(on: On) {
    let world = World::on(on).await;
    let request = ListMessagesRequest { order_id: "x".to_owned(), status: 99, ..Default::default() };
    let refused = world.service().list_messages(call(request, "mina", &["customer"], None)).await.expect_err("refused");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(refused.message(), "wrong fields: order_id, status");
}

on_both! {
    every_message_is_on_one_page_while_others_are_added,
    a_token_serves_its_own_list_and_caller_alone,
    wrong_fields_are_told_all_at_once,
}
