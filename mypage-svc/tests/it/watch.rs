//! A watch gives the state first and then changes: nothing is missed, nothing goes back, nobody sees another's.

use std::time::Duration;

use chassis::clock::Clock;
use mypage_svc::app::watches::{Cut, Limits};
use proto::{
    delivery::v1::delivery::Status as Delivery,
    mypage::v1::{my_order, watch_my_orders_response::Kind},
    notify::v1::message,
    order::v1::order::Status,
};
use tonic::{Code, Status as Refused};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::support::{LIMITS, NOW, On, World, delivery, message as sent, on_both, order, order_of};

const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

fn reason(refused: &Refused) -> String {
    refused.get_details_error_info().expect("a reason").reason
}

async fn heard(world: &World, event: chassis::inbox::Event) {
    world.deliver(event).await.expect("handled");
}

async fn the_state_comes_first_and_then_every_change(on: On) {
    let world = World::on(on).await;
    heard(&world, order(FIRST, "mina", Status::Placed, 1)).await;
    heard(&world, order(SECOND, "mina", Status::Placed, 1)).await;
    heard(&world, order(FIRST, "mina", Status::Confirmed, 2)).await;
    heard(&world, order(Uuid::from_u128(3), "minsu", Status::Placed, 1)).await;

    let mut watcher = world.watch("mina", "").await.expect("a watch");
    let (orders, _) = watcher.current().await;
    let seen: Vec<_> = orders.iter().map(|order| (order.order_id.clone(), order.status())).collect();
    let placed = (SECOND.to_string(), my_order::Status::Placed);
    assert_eq!(seen, [placed, (FIRST.to_string(), my_order::Status::Confirmed)], "each as it is, the last change last");

    heard(&world, order(Uuid::from_u128(3), "minsu", Status::Confirmed, 2)).await;
    heard(&world, delivery(SECOND, Delivery::Booked, 1)).await;
    let changed = watcher.order().await;
    assert_eq!((changed.order_id, changed.delivery.map(|delivery| delivery.version)), (SECOND.to_string(), Some(1)));
    let (to, template) = (message::RecipientKind::Customer, message::Template::Placed);
    heard(&world, sent(Uuid::from_u128(9), FIRST, to, template, message::Status::Sent, 1)).await;
    assert_eq!(watcher.order().await.messages.len(), 1);
    heard(&world, order(FIRST, "mina", Status::Shipped, 3)).await;
    assert_eq!(watcher.order().await.status(), my_order::Status::Shipped);
}

async fn what_was_heard_before_its_order_comes_with_it(on: On) {
    let world = World::on(on).await;
    let mut watcher = world.watch_from_now("mina").await;
    heard(&world, delivery(FIRST, Delivery::Ready, 2)).await;
    heard(&world, order(FIRST, "mina", Status::Confirmed, 2)).await;
    let order = watcher.order().await;
    assert_eq!(order.delivery.expect("a delivery").version, 2);
}

async fn a_watch_goes_on_where_its_cursor_ended_and_states_between_may_be_left_out(on: On) {
    let world = World::on(on).await;
    heard(&world, order(FIRST, "mina", Status::Placed, 1)).await;
    heard(&world, order(SECOND, "mina", Status::Placed, 1)).await;
    let mut watcher = world.watch("mina", "").await.expect("a watch");
    let after_first = watcher.expect(Kind::Order).await.cursor;
    let current = watcher.current().await.1.cursor;
    drop(watcher);
    heard(&world, order(FIRST, "mina", Status::Confirmed, 2)).await;
    heard(&world, order(FIRST, "mina", Status::Shipped, 3)).await;

    for (cursor, expected) in [(&after_first, vec![SECOND, FIRST]), (&current, vec![FIRST])] {
        let (orders, _) = world.watch("mina", cursor).await.expect("a watch").current().await;
        let ids: Vec<_> = orders.iter().map(|order| order.order_id.clone()).collect();
        assert_eq!(ids, expected.iter().map(Uuid::to_string).collect::<Vec<_>>());
        assert_eq!(orders.last().expect("an order").status(), my_order::Status::Shipped);
    }
    let (none, last) = world.watch("mina", &current).await.expect("a watch").current().await;
    assert_eq!((none.len(), world.watch("mina", &last.cursor).await.expect("a watch").current().await.0.len()), (1, 0));
}

async fn a_cursor_that_this_customer_was_not_given_is_refused(on: On) {
    let world = World::on(on).await;
    let (_, current) = world.watch("minsu", "").await.expect("a watch").current().await;
    for cursor in [current.cursor.as_str(), "x", "@", "AAAA"] {
        let refused = world.watch("mina", cursor).await.err().expect("refused");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_CURSOR"));
    }
}

async fn a_cursor_from_beyond_what_there_is_starts_again(on: On) {
    // As after the database was set back.
    let (world, ahead) = (World::on(on).await, World::on(on).await);
    heard(&world, order(FIRST, "mina", Status::Placed, 1)).await;
    let (_, current) = world.watch("mina", "").await.expect("a watch").current().await;
    heard(&ahead, order(FIRST, "mina", Status::Placed, 1)).await;
    // Of another database, so of another epoch.
    let mut watcher = ahead.watch("mina", &current.cursor).await.expect("a watch");
    let restart = watcher.expect(Kind::Restart).await;
    assert_eq!((watcher.order().await.order_id, restart.as_of_time), (FIRST.to_string(), None));
    watcher.expect(Kind::Current).await;
    // A restart's own cursor is one of the new epoch: all orders follow it, and nothing starts again.
    let (orders, _) = ahead.watch("mina", &restart.cursor).await.expect("a watch").current().await;
    assert_eq!(orders.len(), 1);
}

async fn many_orders_come_in_several_reads_each_once(on: On) {
    let world = World::on(on).await;
    for number in 1..=130 {
        heard(&world, order_of(Uuid::from_u128(number), "mina", Status::Placed, 1, NOW)).await;
    }
    let (orders, _) = world.watch("mina", "").await.expect("a watch").current().await;
    let ids: Vec<_> = orders.into_iter().map(|order| order.order_id).collect();
    assert_eq!(ids, (1..=130).map(|number| Uuid::from_u128(number).to_string()).collect::<Vec<_>>());
}

async fn a_silent_watch_says_that_it_is_alive_and_by_when_it_is_complete(on: On) {
    let world = World::with(on, Limits { heartbeat: Duration::from_millis(5), ..LIMITS }).await;
    let mut watcher = world.watch_from_now("mina").await;
    assert_eq!(watcher.expect(Kind::Heartbeat).await.as_of_time, None);
    world.complete_by(NOW).await;
    world.look().await;
    // One may have been on its way.
    while watcher.expect(Kind::Heartbeat).await.as_of_time.is_none() {}
    let beat = watcher.expect(Kind::Heartbeat).await;
    assert_eq!(beat.as_of_time, Some(chassis::wire::timestamp(NOW)));
    heard(&world, order(FIRST, "mina", Status::Placed, 1)).await;
    let (orders, _) = world.watch("mina", &beat.cursor).await.expect("a watch").current().await;
    assert_eq!(orders.len(), 1, "a heartbeat's cursor is one");
}

async fn what_is_not_heard_of_is_found_by_looking(on: On) {
    let world = World::on(on).await.deaf();
    let mut watcher = world.watch_from_now("mina").await;
    heard(&world, order(FIRST, "mina", Status::Placed, 1)).await;
    world.look().await;
    assert_eq!(watcher.order().await.order_id, FIRST.to_string());
}

async fn a_watch_ends_with_its_token(on: On) {
    let world = World::with(on, Limits { heartbeat: Duration::from_millis(5), ..LIMITS }).await;
    let mut watcher = world.watch_from_now("mina").await;
    world.clock.pass(Duration::from_hours(1));
    let ended = watcher.end().await;
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unauthenticated, "UNAUTHENTICATED"));
}

async fn watches_end_with_the_process_and_none_begins(on: On) {
    let world = World::on(on).await;
    let mut watcher = world.watch_from_now("mina").await;
    world.watches.close();
    for refused in [watcher.end().await, world.watch("mina", "").await.err().expect("refused")] {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "WATCH_MOVED"));
        assert!(refused.get_details_retry_info().is_some());
    }
    assert_eq!(world.watches.count(), 0);
}

async fn there_are_as_many_watches_as_there_may_be(on: On) {
    let world = World::with(on, Limits { all: 3, of_customer: 2, ..LIMITS }).await;
    let _first = world.watch_from_now("mina").await;
    let second = world.watch_from_now("mina").await;
    let too_many = |refused: Option<Refused>| {
        let refused = refused.expect("refused");
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "TOO_MANY_WATCHES"));
        assert!(refused.get_details_retry_info().is_some_and(|info| info.retry_delay.is_some()));
    };
    too_many(world.watch("mina", "").await.err());
    let _third = world.watch_from_now("minsu").await;
    too_many(world.watch("another", "").await.err());
    drop(second);
    assert_eq!(world.watches.count(), 2);
    world.watch_from_now("another").await;
}

async fn a_watch_that_was_cut_off_says_why_once_it_is_read_again(on: On) {
    let world = World::with(on, Limits { patience: Duration::from_millis(200), ..LIMITS }).await;
    let mut idle = world.watch_from_now("minsu").await;
    let mut stalled = world.watch("mina", "").await.expect("a watch");
    let mut cut_off = Vec::new();
    while cut_off.is_empty() {
        cut_off = world.watches.cut_off(world.clock.now());
        tokio::task::yield_now().await;
    }
    assert_eq!((cut_off, world.watches.count()), (vec![Cut::TooSlow], 1), "there is nothing for the other one");
    assert_eq!(reason(&stalled.end().await), "WATCH_TOO_SLOW");
    world.clock.pass(Duration::from_hours(1));
    assert_eq!((world.watches.cut_off(world.clock.now()), world.watches.count()), (vec![Cut::Expired], 0));
    assert_eq!(reason(&idle.end().await), "UNAUTHENTICATED");
    assert_eq!(world.watches.cut_off(world.clock.now()), [], "once");
}

on_both! {
    the_state_comes_first_and_then_every_change,
    what_was_heard_before_its_order_comes_with_it,
    a_watch_goes_on_where_its_cursor_ended_and_states_between_may_be_left_out,
    a_cursor_that_this_customer_was_not_given_is_refused,
    a_cursor_from_beyond_what_there_is_starts_again,
    many_orders_come_in_several_reads_each_once,
    a_silent_watch_says_that_it_is_alive_and_by_when_it_is_complete,
    what_is_not_heard_of_is_found_by_looking,
    a_watch_ends_with_its_token,
    watches_end_with_the_process_and_none_begins,
    there_are_as_many_watches_as_there_may_be,
    a_watch_that_was_cut_off_says_why_once_it_is_read_again,
}
