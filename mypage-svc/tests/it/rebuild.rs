//! My page is built anew while it is served.

use std::{sync::atomic::Ordering, time::Duration};

use chassis::inbox::Event;
use mypage_svc::app::build_copy::{Error, Pass};
use proto::{
    mypage::v1::{
        ListMyOrdersRequest, MyOrder, my_page_service_server::MyPageService, rebuild, watch_my_orders_response::Kind,
    },
    notify::v1::{MessageSent, message},
    order::v1::order::Status,
};
use uuid::Uuid;

use crate::{
    logbook::{Logbook, pass},
    support::{On, World, call, message as sent, on_both, order},
};

const ID: Uuid = Uuid::from_u128(1);

async fn listed(world: &World, customer: &str) -> Vec<MyOrder> {
    let request = ListMyOrdersRequest { page_size: 200, ..Default::default() };
    world.service().list_my_orders(call(request, customer)).await.expect("a list").into_inner().orders
}

/// Publishes an event, and the live consumer hears of it.
async fn happens(world: &World, logbook: &Logbook, event: Event) {
    world.deliver(logbook.publish(event)).await.expect("handled");
}

/// Many orders, each of which was placed and confirmed.
async fn busy(on: On, orders: u128) -> (World, Logbook) {
    let (world, logbook) = (World::on(on).await, Logbook::new());
    for number in 1..=orders {
        for (version, status) in [(1, Status::Placed), (2, Status::Confirmed)] {
            happens(&world, &logbook, order(Uuid::from_u128(number), "mina", status, version)).await;
        }
    }
    (world, logbook)
}

async fn a_watcher_starts_again_and_ends_with_the_same_state(on: On) {
    let (world, logbook) = busy(on, 3).await;
    let mut watcher = world.watch("mina", "").await.expect("a watch");
    let (before, current) = watcher.current().await;
    let rebuild = world.rebuild().await;
    assert_eq!(listed(&world, "mina").await.len(), 3, "the old copy is served meanwhile");
    world.build(&logbook).await;

    watcher.expect(Kind::Restart).await;
    let (after, _) = watcher.current().await;
    assert_eq!(after, before);
    let mut resumed = world.watch("mina", &current.cursor).await.expect("the old cursor is one still");
    resumed.expect(Kind::Restart).await;
    assert_eq!(resumed.current().await.0, before);

    let last = world.reads.rebuild().await.expect("read").expect("a rebuild");
    assert_eq!((last.copy, last.served_time.is_some()), (rebuild.copy, true));
    world.clear().await;
    for rows in ["my_order", "my_delivery", "my_message", "my_customer", "copy_progress"] {
        let old = format!("SELECT count(*) FROM {rows} WHERE copy = 1");
        assert_eq!(world.count(&old).await, 0, "{rows}");
    }
    happens(&world, &logbook, order(ID, "mina", Status::Shipped, 3)).await;
    assert_eq!(watcher.order().await.order_version, 3, "the live consumer writes what is served");
}

async fn a_rebuild_that_is_asked_for_again_is_the_one_that_runs(on: On) {
    let (world, logbook) = busy(on, 1).await;
    let first = world.rebuild().await;
    assert_eq!(world.rebuild().await.copy, first.copy);
    let audited = "SELECT count(*) FROM audit WHERE action = 'RebuildMyPage' AND actor_id = 'operator-1'";
    assert_eq!(world.count(audited).await, 1);
    world.build(&logbook).await;
    assert_eq!(pass(&logbook.builder(&world)).await.expect("a pass"), Pass::Idle);
    assert_ne!(world.rebuild().await.copy, first.copy);
    assert_eq!(world.count(audited).await, 2);
}

async fn a_copy_that_has_heard_less_is_not_served(on: On) {
    let (world, logbook) = busy(on, 2).await;
    world.rebuild().await;
    // Heard by the live consumer, not to be read from the producer yet.
    let unread = Event { sequence: 5, ..order(ID, "mina", Status::Shipped, 3) };
    world.deliver(unread.clone()).await.expect("handled");
    let builder = logbook.builder(&world);
    for _ in 0..3 {
        assert_eq!(pass(&builder).await.expect("a pass"), Pass::Behind);
        assert_eq!(world.get("mina", ID).await.expect("an order").order_version, 3);
    }
    logbook.publish(unread);
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Served);
    assert_eq!(world.get("mina", ID).await.expect("an order").order_version, 3);
}

async fn what_comes_last_is_taken_in_with_the_switch(on: On) {
    let (world, logbook) = busy(on, 2).await;
    world.rebuild().await;
    logbook.0[0].unasked.store(2, Ordering::Relaxed);
    assert_eq!(pass(&logbook.builder(&world)).await.expect("a pass"), Pass::Served);
    assert_eq!(world.get("mina", Uuid::from_u128(2)).await.expect("an order").order_version, 2);
}

async fn what_the_live_consumers_have_not_heard_yet_does_no_harm_when_it_comes(on: On) {
    let (world, logbook) = busy(on, 1).await;
    let late = logbook.publish(order(ID, "mina", Status::Shipped, 3));
    world.rebuild().await;
    world.build(&logbook).await;
    let mut watcher = world.watch_from_now("mina").await;
    assert_eq!(world.get("mina", ID).await.expect("an order").order_version, 3);
    world.deliver(late).await.expect("handled");
    happens(&world, &logbook, order(ID, "mina", Status::Delivered, 4)).await;
    assert_eq!(watcher.order().await.order_version, 4, "what was known changes nothing");
}

async fn a_rebuild_goes_on_where_another_process_stopped_or_died(on: On) {
    let (world, logbook) = busy(on, 300).await;
    let before = listed(&world, "mina").await;
    world.rebuild().await;
    let (stopping, dying, last) = (logbook.builder(&world), logbook.builder(&world), logbook.builder(&world));
    assert_eq!(stopping.run(&logbook.stop_after(100)).await.expect("a pass"), Pass::Stopped);
    assert_eq!(pass(&dying).await.expect("a pass"), Pass::Idle, "the lease is held");
    stopping.release().await.expect("given back");
    assert_eq!(dying.run(&logbook.stop_after(300)).await.expect("a pass"), Pass::Stopped);
    assert_eq!(pass(&last).await.expect("a pass"), Pass::Idle, "the lease is held by one that has died");
    world.clock.pass(Duration::from_mins(1));
    assert_eq!(pass(&last).await.expect("a pass"), Pass::Served);
    assert_eq!(logbook.0[0].read.load(Ordering::Relaxed), 600, "nothing was read twice");
    assert_eq!(listed(&world, "mina").await, before);
    assert!(matches!(pass(&dying).await, Ok(Pass::Idle)));
}

async fn a_producer_that_is_away_is_waited_for(on: On) {
    let (world, logbook) = busy(on, 1).await;
    world.rebuild().await;
    let builder = logbook.builder(&world);
    logbook.0[2].away.store(true, Ordering::Relaxed);
    assert!(matches!(pass(&builder).await, Err(Error::Away(_))));
    assert_eq!(listed(&world, "mina").await.len(), 1);
    logbook.0[2].away.store(false, Ordering::Relaxed);
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Served);
}

async fn an_event_that_makes_no_sense_is_passed_over(on: On) {
    let (world, logbook) = busy(on, 2).await;
    let garbage = Event { body: vec![0xff; 3].into(), ..order(Uuid::from_u128(8), "mina", Status::Placed, 1) };
    logbook.publish(garbage);
    logbook.publish(order(Uuid::from_u128(10), "mina", Status::Placed, 1));
    // Breaks a rule of the database alone.
    let (to, template) = (message::RecipientKind::Customer, message::Template::Placed);
    for number in 1..=3 {
        let sent = sent(Uuid::from_u128(number << 80), ID, to, template, message::Status::Sent, 1);
        let mut body: MessageSent = sent.decode().expect("an event");
        body.message.as_mut().expect("a message").channel = String::from(if number == 2 { "" } else { "log" });
        logbook.publish(Event { body: prost::Message::encode_to_vec(&body).into(), ..sent });
    }
    world.rebuild().await;
    world.build(&logbook).await;
    assert_eq!(listed(&world, "mina").await.len(), 3, "what comes after it is taken in");
    assert_eq!(world.get("mina", ID).await.expect("an order").messages.len(), 2);
    assert_eq!(world.count("SELECT skipped FROM copy WHERE status = 'SERVED'").await, 2);
}

async fn progress_is_told_by_producer(on: On) {
    let (world, logbook) = busy(on, 150).await;
    assert_eq!(world.reads.rebuild().await.expect("read"), None);
    world.rebuild().await;
    let builder = logbook.builder(&world);
    assert_eq!(builder.run(&logbook.stop_after(100)).await.expect("a pass"), Pass::Stopped);
    let running = world.reads.rebuild().await.expect("read").expect("a rebuild");
    let told = mypage_svc::adapters::convert::rebuild(&running);
    let progress: Vec<_> = told.progress.iter().map(|of| (of.producer.as_str(), of.handled, of.total)).collect();
    assert_eq!((progress, told.done_time), (vec![("order", 100, 300)], None));
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Served);
}

/// An order's event that the builder cannot decode, first of all; others follow, more than it takes in at once.
async fn undecodable_first(on: On) -> (World, Logbook, Event) {
    let (world, logbook) = (World::on(on).await, Logbook::new());
    let sound = logbook.publish(order(ID, "mina", Status::Placed, 1));
    logbook.replace(Event { body: vec![0xff; 3].into(), ..sound.clone() });
    for number in 2..=150 {
        happens(&world, &logbook, order(Uuid::from_u128(number), "mina", Status::Placed, 1)).await;
    }
    (world, logbook, sound)
}

async fn a_dead_letter_that_is_handled_while_a_copy_is_built_is_in_that_copy_too(on: On) {
    let (world, logbook, sound) = undecodable_first(on).await;
    world.put_aside(sound.clone()).await;
    world.rebuild().await;
    let builder = logbook.builder(&world);
    assert_eq!(builder.run(&logbook.stop_after(100)).await.expect("a pass"), Pass::Stopped);
    assert_eq!(world.reads.rebuild().await.expect("read").expect("a rebuild").passed_over, 1);
    world.redrive(sound).await;
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Served);
    assert_eq!(world.get("mina", ID).await.expect("it is not lost").order_version, 1);
    assert_eq!(world.reads.rebuild().await.expect("read").expect("a rebuild").passed_over, 0);
}

async fn a_dead_letter_that_still_waits_is_passed_over_and_counted(on: On) {
    let (world, logbook, sound) = undecodable_first(on).await;
    world.put_aside(sound.clone()).await;
    world.rebuild().await;
    world.build(&logbook).await;
    assert_eq!(world.reads.rebuild().await.expect("read").expect("a rebuild").passed_over, 1);
    world.redrive(sound).await;
    assert_eq!(world.get("mina", ID).await.expect("it came after all").order_version, 1);
}

async fn a_copy_that_would_lack_what_is_served_is_given_up_and_another_can_be_built(on: On) {
    let (world, logbook, sound) = undecodable_first(on).await;
    world.deliver(sound.clone()).await.expect("handled");
    let first = world.rebuild().await;
    let builder = logbook.builder(&world);
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Failed);
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Idle);
    let given_up = world.reads.rebuild().await.expect("read").expect("a rebuild");
    let told = mypage_svc::adapters::convert::rebuild(&given_up);
    assert_eq!((told.status(), told.done_time, told.passed_over), (rebuild::Status::Failed, None, 1));
    assert!(told.failure.contains(&sound.id.to_string()), "{}", told.failure);
    assert_eq!(world.get("mina", ID).await.expect("the old copy is served").order_version, 1);
    world.clear().await;
    assert_eq!(world.count("SELECT count(*) FROM my_order WHERE copy <> 1").await, 0);
    assert_eq!(world.count("SELECT count(*) FROM copy_passed_over").await, 0);

    logbook.replace(sound);
    assert_ne!(world.rebuild().await.copy, first.copy);
    world.build(&logbook).await;
    assert_eq!(listed(&world, "mina").await.len(), 150);
}

async fn what_was_passed_over_is_tried_again_before_a_copy_is_given_up(on: On) {
    let (world, logbook, sound) = undecodable_first(on).await;
    world.deliver(sound.clone()).await.expect("handled");
    world.rebuild().await;
    let builder = logbook.builder(&world);
    assert_eq!(builder.run(&logbook.stop_after(100)).await.expect("a pass"), Pass::Stopped);
    logbook.replace(sound);
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Behind);
    assert_eq!(pass(&builder).await.expect("a pass"), Pass::Served);
    assert_eq!(world.get("mina", ID).await.expect("an order").order_version, 1);
}

async fn an_epoch_that_only_the_live_consumer_has_heard_of_is_waited_for(on: On) {
    let (world, logbook) = busy(on, 1).await;
    let unread = Event { epoch: Uuid::from_u128(5), ..order(ID, "mina", Status::Shipped, 3) };
    world.deliver(unread).await.expect("handled");
    world.rebuild().await;
    assert_eq!(pass(&logbook.builder(&world)).await.expect("a pass"), Pass::Behind);
}

async fn a_switch_comes_however_much_is_heard_during_a_pass(on: On) {
    let (world, logbook) = busy(on, 300).await;
    world.rebuild().await;
    logbook.0[0].unasked.store(500, Ordering::Relaxed);
    assert_eq!(pass(&logbook.builder(&world)).await.expect("a pass"), Pass::Served);
    assert_eq!(world.get("mina", Uuid::from_u128(300)).await.expect("an order").order_version, 2);
}

on_both! {
    a_watcher_starts_again_and_ends_with_the_same_state,
    a_rebuild_that_is_asked_for_again_is_the_one_that_runs,
    a_copy_that_has_heard_less_is_not_served,
    what_comes_last_is_taken_in_with_the_switch,
    what_the_live_consumers_have_not_heard_yet_does_no_harm_when_it_comes,
    a_rebuild_goes_on_where_another_process_stopped_or_died,
    a_producer_that_is_away_is_waited_for,
    an_event_that_makes_no_sense_is_passed_over,
    progress_is_told_by_producer,
    a_dead_letter_that_is_handled_while_a_copy_is_built_is_in_that_copy_too,
    a_dead_letter_that_still_waits_is_passed_over_and_counted,
    a_copy_that_would_lack_what_is_served_is_given_up_and_another_can_be_built,
    what_was_passed_over_is_tried_again_before_a_copy_is_given_up,
    an_epoch_that_only_the_live_consumer_has_heard_of_is_waited_for,
    a_switch_comes_however_much_is_heard_during_a_pass,
}
