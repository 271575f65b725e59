//! Several processes on one database: a watch of one sees what another projected, numbers stay in the order of commits, and
//! a rebuild goes on whoever builds it.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::{join_all, try_join_all};
use mypage_svc::app::{
    ClearCopies,
    build_copy::Pass,
    ports::{Changed, Changes},
};
use proto::{mypage::v1::watch_my_orders_response::Kind as Told, order::v1::order::Status};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use uuid::Uuid;

use crate::{
    logbook::{Logbook, pass},
    schedules::{ends_as_it_should, life, order_id, schedule, shown},
    support::{On, World, delivery, order},
};

const FIRST: Uuid = Uuid::from_u128(1);

async fn two() -> (World, World) {
    let one = World::on(On::Postgres).await;
    let other = one.beside().await;
    (one, other)
}

#[tokio::test]
async fn a_watch_sees_what_another_process_projected() {
    let (one, other) = two().await;
    let mut watcher = other.watch_from_now("mina").await;
    one.deliver(order(FIRST, "mina", Status::Placed, 1)).await.expect("handled");
    assert_eq!(watcher.order().await.order_id, FIRST.to_string());
    other.deliver(order(FIRST, "mina", Status::Confirmed, 2)).await.expect("handled");
    assert_eq!(watcher.order().await.order_version, 2);
    // Whoever hears nothing finds it by looking.
    let deaf = one.beside().await.deaf();
    let mut watcher = deaf.watch_from_now("mina").await;
    one.deliver(order(FIRST, "mina", Status::Shipped, 3)).await.expect("handled");
    deaf.look().await;
    assert_eq!(watcher.order().await.order_version, 3);
}

/// Follows one customer's changes as a watch does, until all of those are read that there were once nothing more came.
async fn follow(world: &World, customer: &str, over: &AtomicBool) -> HashMap<Uuid, Changed> {
    let (mut place, mut held, mut last) = (None, HashMap::new(), 0);
    loop {
        let was_over = over.load(Ordering::SeqCst);
        let read = world.reads.changes(customer, place).await.expect("changes").value;
        let Changes { copy, counter, known, orders, complete } = read;
        assert!(known);
        for changed in orders {
            assert!(changed.change > last, "what came late would be missed");
            last = changed.change;
            held.insert(changed.mine.order.id, changed);
        }
        if complete && was_over {
            return held;
        }
        last = if complete { counter } else { last };
        place = Some(mypage_svc::domain::Place { epoch: copy.epoch, change: last });
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shuffled_events_of_each_order_over_two_processes_end_at_the_highest_versions_and_no_change_is_missed() {
    const ORDERS: u64 = 40;
    let (one, other) = two().await;
    let mut events: Vec<_> = (0..ORDERS).flat_map(schedule).collect();
    events.shuffle(&mut StdRng::seed_from_u64(11));
    let worlds = [Arc::new(one), Arc::new(other)];
    let tasks = events.into_iter().enumerate().map(|(index, event)| {
        let world = Arc::clone(&worlds[index % 2]);
        tokio::spawn(async move { world.deliver(event).await })
    });
    let over = Arc::new(AtomicBool::new(false));
    let following = tokio::spawn({
        let (world, over) = (Arc::clone(&worlds[1]), Arc::clone(&over));
        async move { follow(&world, "mina", &over).await }
    });
    for delivered in join_all(tasks).await {
        delivered.expect("a normal end").expect("handled");
    }
    over.store(true, Ordering::SeqCst);
    let held = following.await.expect("nothing came late");
    let last = worlds[0].count("SELECT change FROM my_customer WHERE customer_id = 'mina'").await;
    assert_eq!(held.len(), usize::try_from(ORDERS).expect("few"));
    assert_eq!(held.values().map(|changed| changed.change).max(), Some(last));
    assert_eq!(held, follow(&worlds[0], "mina", &over).await, "who followed holds what who comes later is told");
    for seed in 0..ORDERS {
        let mine = shown(&worlds[1], order_id(seed)).await.expect("an order");
        ends_as_it_should(life(seed), seed, &mine);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_of_many_at_once_has_a_number_of_its_own_without_a_gap() {
    let (one, other) = two().await;
    let worlds = [one, other];
    let mut watcher = worlds[1].watch_from_now("mina").await;
    let placed = (1..=100)
        .map(|number| worlds[number % 2].deliver(order(Uuid::from_u128(number as u128), "mina", Status::Placed, 1)));
    try_join_all(placed).await.expect("handled");
    let changes = worlds[0].reads.changes("mina", None).await.expect("read").value;
    assert_eq!(changes.counter, 100);
    let mut seen = BTreeSet::new();
    while seen.len() < 100 {
        assert!(seen.insert(watcher.order().await.order_id), "each once");
    }
    let numbers = follow(&worlds[0], "mina", &AtomicBool::new(true)).await.into_values().map(|changed| changed.change);
    assert_eq!(numbers.collect::<BTreeSet<_>>(), (1..=100).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_comes_together_with_its_order_is_not_left_beside_it() {
    use proto::delivery::v1::delivery::Status as Delivery;
    let (one, other) = two().await;
    for number in 1..=50 {
        let id = Uuid::from_u128(number);
        let customer = format!("customer-{number}");
        let (placed, booked) = tokio::join!(
            one.deliver(order(id, &customer, Status::Placed, 1)),
            other.deliver(delivery(id, Delivery::Booked, 1)),
        );
        placed.and(booked).expect("handled");
        // Whichever came first: who has seen the last change has seen both.
        let counter = one.reads.changes(&customer, None).await.expect("read").value.counter;
        let mine = one.get(&customer, id).await.expect("an order");
        assert!(mine.delivery.is_some() && (1..=2).contains(&counter), "{counter}");
    }
}

/// Many orders, each of which was placed and confirmed, heard of by either process.
async fn busy(orders: u128) -> (World, World, Logbook) {
    let (one, other) = two().await;
    let logbook = Logbook::new();
    for number in 1..=orders {
        for (version, status) in [(1, Status::Placed), (2, Status::Confirmed)] {
            let event = logbook.publish(order(Uuid::from_u128(number), "mina", status, version));
            [&one, &other][usize::from(number % 2 == 0)].deliver(event).await.expect("handled");
        }
    }
    (one, other, logbook)
}

#[tokio::test]
async fn a_rebuild_is_one_processs_until_it_dies_and_its_switch_reaches_every_watcher() {
    let (one, other, logbook) = busy(150).await;
    let mut watchers = [one.watch_from_now("mina").await, other.watch_from_now("mina").await];
    let (asked, asked_too) = tokio::join!(one.rebuild(), other.rebuild());
    assert_eq!(asked.copy, asked_too.copy, "there is one");
    assert_eq!(one.count("SELECT count(*) FROM audit").await, 1);

    let (dying, last) = (logbook.builder(&one), logbook.builder(&other));
    assert_eq!(dying.run(&logbook.stop_after(100)).await.expect("a pass"), Pass::Stopped);
    assert_eq!(pass(&last).await.expect("a pass"), Pass::Idle, "another builds");
    other.clock.pass(Duration::from_mins(1));
    assert_eq!(pass(&last).await.expect("a pass"), Pass::Served);
    assert_eq!(pass(&dying).await.expect("a pass"), Pass::Idle);
    for watcher in &mut watchers {
        watcher.expect(Told::Restart).await;
        assert_eq!(watcher.current().await.0.len(), 150);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_among_events_that_both_processes_take_lacks_nothing() {
    const ORDERS: u64 = 30;
    let (one, other) = two().await;
    let logbook = Logbook::new();
    let mut events: Vec<_> = (0..ORDERS).flat_map(schedule).collect();
    events.sort_by_key(|event| event.id);
    events.dedup_by_key(|event| event.id);
    let mut events: Vec<_> = events.into_iter().map(|event| logbook.publish(event)).collect();
    events.shuffle(&mut StdRng::seed_from_u64(5));
    let worlds = [Arc::new(one), Arc::new(other)];
    let (building, logbook_of_builder) = (Arc::clone(&worlds[0]), logbook.clone());
    let rebuilds = tokio::spawn(async move {
        for _ in 0..3 {
            building.rebuild().await;
            let (first, second) = (logbook_of_builder.builder(&building), logbook_of_builder.builder(&building));
            loop {
                let passes = tokio::join!(pass(&first), pass(&second));
                // A producer's numbers are heard of later than they can be read here: it is behind until then.
                if passes.0.is_ok_and(|pass| pass == Pass::Served) || passes.1.is_ok_and(|pass| pass == Pass::Served) {
                    break;
                }
                first.release().await.expect("given back");
                second.release().await.expect("given back");
                tokio::task::yield_now().await;
            }
        }
    });
    for (index, event) in events.into_iter().enumerate() {
        worlds[index % 2].deliver(event).await.expect("handled");
    }
    rebuilds.await.expect("served");
    for seed in 0..ORDERS {
        let mine = shown(&worlds[1], order_id(seed)).await.expect("an order");
        ends_as_it_should(life(seed), seed, &mine);
    }
    let counters = worlds[0].reads.changes("mina", None).await.expect("read").value;
    assert!(counters.counter >= i64::try_from(ORDERS).expect("few"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_clear_what_is_served_no_more() {
    let (one, other, logbook) = busy(300).await;
    one.rebuild().await;
    one.build(&logbook).await;
    let retired = "SELECT count(*) FROM copy WHERE status = 'RETIRED'";
    let (first, second) = (ClearCopies::new(one.store.clone()), ClearCopies::new(other.store.clone()));
    while one.count(retired).await > 0 {
        let (first, second) = tokio::join!(first.run(), second.run());
        first.and(second).expect("cleared");
    }
    for rows in ["my_order", "my_delivery", "my_message", "my_customer", "copy_progress"] {
        assert_eq!(one.count(&format!("SELECT count(*) FROM {rows} WHERE copy = 1")).await, 0, "{rows}");
    }
    assert_eq!(one.count("SELECT count(*) FROM copy WHERE status = 'CLEARED'").await, 1);
}
