//! Each event comes one to five times, in any order, of all three producers: the page always ends the same and never goes
//! backward.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    panic::AssertUnwindSafe,
};

use chassis::{consumer::Failure, inbox::Event};
use futures::{FutureExt, StreamExt, future::join_all, stream};
use proto::{
    delivery::v1::delivery::Status as Delivery,
    mypage::v1::{MyMessage, MyOrder, my_delivery, my_message, my_order, watch_my_orders_response::Kind},
    notify::v1::message::{RecipientKind, Status as Message, Template},
    order::v1::order::Status as Order,
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use tokio::sync::watch;
use tonic::Code;
use uuid::Uuid;

use crate::{
    logbook::{Logbook, pass},
    support::{On, World, delivery, message, on_both, order},
    watching::Watcher,
};

/// Schedules at once.
const AT_ONCE: usize = 64;

/// One way that an order and its delivery can go, and how its page then looks.
pub struct Life {
    orders: &'static [Order],
    deliveries: &'static [Delivery],
    ends: (my_order::Status, &'static str),
    delivery_ends: (my_delivery::Status, &'static str),
}

static LIVES: [Life; 4] = [
    Life {
        orders: &[Order::Placed, Order::Rejected],
        deliveries: &[Delivery::Booked, Delivery::Cancelled],
        ends: (my_order::Status::Rejected, "OUT_OF_STOCK"),
        delivery_ends: (my_delivery::Status::Cancelled, ""),
    },
    Life {
        orders: &[Order::Placed, Order::Confirmed, Order::Cancelled],
        deliveries: &[Delivery::Booked, Delivery::Ready, Delivery::Cancelled],
        ends: (my_order::Status::Cancelled, "changed my mind"),
        delivery_ends: (my_delivery::Status::Cancelled, ""),
    },
    Life {
        orders: &[Order::Placed, Order::Confirmed, Order::Shipped],
        deliveries: &[Delivery::Booked, Delivery::Ready, Delivery::Shipped, Delivery::Shipped],
        ends: (my_order::Status::Shipped, ""),
        delivery_ends: (my_delivery::Status::Shipped, "6890-4"),
    },
    Life {
        orders: &[Order::Placed, Order::Confirmed, Order::Shipped, Order::Delivered],
        deliveries: &[Delivery::Booked, Delivery::Ready, Delivery::Shipped, Delivery::Delivered],
        ends: (my_order::Status::Delivered, ""),
        delivery_ends: (my_delivery::Status::Delivered, "6890-4"),
    },
];

pub fn life(seed: u64) -> &'static Life {
    &LIVES[usize::try_from(seed).expect("a small number") % LIVES.len()]
}

pub fn order_id(seed: u64) -> Uuid {
    Uuid::from_u128(u128::from(seed) + 1)
}

pub fn message_id(seed: u64, index: u128) -> Uuid {
    Uuid::from_u128((u128::from(seed) + 1) | ((index + 1) << 80))
}

/// One order's events, each one to five times, shuffled.
pub fn schedule(seed: u64) -> Vec<Event> {
    let mut random = StdRng::seed_from_u64(seed);
    let (life, id) = (life(seed), order_id(seed));
    let mut events = Vec::new();
    events.extend((1..).zip(life.orders).map(|(version, status)| order(id, "mina", *status, version)));
    events.extend((1..).zip(life.deliveries).map(|(version, status)| delivery(id, *status, version)));
    let told =
        |index, to, template, status, version| message(message_id(seed, index), id, to, template, status, version);
    events.push(told(0, RecipientKind::Customer, Template::Placed, Message::Sent, 1));
    events.push(told(1, RecipientKind::Shop, Template::Placed, Message::Sent, 1));
    // Given up at first, then redriven.
    events.push(told(2, RecipientKind::Customer, Template::Confirmed, Message::Failed, 1));
    events.push(told(2, RecipientKind::Customer, Template::Confirmed, Message::Sent, 2));

    let mut deliveries = Vec::new();
    for event in events {
        deliveries.extend(vec![event; random.random_range(1..=5)]);
    }
    deliveries.shuffle(&mut random);
    deliveries
}

/// The order, if it is shown; anything else than "not found" is a failure.
pub async fn shown(world: &World, id: Uuid) -> Option<MyOrder> {
    match world.get("mina", id).await {
        Ok(order) => Some(order),
        Err(status) => {
            assert_eq!(status.code(), Code::NotFound);
            None
        }
    }
}

/// Versions that must only grow: of the order, of its delivery, and how many messages there are.
pub fn progress(shown: Option<&MyOrder>) -> (i64, i64, usize) {
    shown.map_or((0, 0, 0), |order| {
        let delivery = order.delivery.as_ref().map_or(0, |delivery| delivery.version);
        (order.order_version, delivery, order.messages.len())
    })
}

/// The seeds to try: as many as `TWORD_SCHEDULES` says, or the one that `TWORD_SCHEDULE_SEED` names.
fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("TWORD_SCHEDULE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TWORD_SCHEDULES").unwrap_or(500),
    }
}

/// Tries every schedule, some at once, and names the seed of one that fails.
async fn try_all(world: &World, seeds: Range<u64>, inbox_forgets: bool) {
    let count = seeds.clone().count();
    let tried = stream::iter(seeds).map(|seed| async move {
        if let Err(failed) = AssertUnwindSafe(run(world, seed, inbox_forgets)).catch_unwind().await {
            eprintln!("schedule {seed} fails; TWORD_SCHEDULE_SEED={seed} tries it alone");
            std::panic::resume_unwind(failed);
        }
    });
    assert_eq!(tried.buffer_unordered(AT_ONCE).count().await, count);
}

async fn run(world: &World, seed: u64, inbox_forgets: bool) {
    let (id, mut before, mut order_heard) = (order_id(seed), (0, 0, 0), false);
    for event in schedule(seed) {
        order_heard |= event.producer == "order";
        let delivered: Result<(), Failure> =
            if inbox_forgets { world.deliver_unremembered(event).await } else { world.deliver(event).await };
        delivered.expect("handled");
        let order = shown(world, id).await;
        assert_eq!(order.is_some(), order_heard, "it is shown after an order event and not before");
        let now = progress(order.as_ref());
        assert!(now.0 >= before.0 && now.1 >= before.1 && now.2 >= before.2, "backward: {before:?} {now:?}");
        before = now;
    }
    ends_as_it_should(life(seed), seed, &shown(world, id).await.expect("an order"));
}

pub fn ends_as_it_should(life: &Life, seed: u64, order: &MyOrder) {
    assert_eq!((order.status(), order.reason.as_str()), life.ends);
    assert_eq!(usize::try_from(order.order_version), Ok(life.orders.len()));
    let reserved = order.status() != my_order::Status::Rejected;
    assert_eq!(order.total.is_some(), reserved);
    assert_eq!(order.lines.len(), 1);
    assert_eq!(order.lines[0].serials.len(), if reserved { 2 } else { 0 });
    let delivery = order.delivery.as_ref().expect("a delivery");
    assert_eq!((delivery.status(), delivery.tracking_number.as_str()), life.delivery_ends);
    assert_eq!(usize::try_from(delivery.version), Ok(life.deliveries.len()));

    let told = |message: &MyMessage| (message.message_id.clone(), message.template.clone(), message.status());
    let messages: Vec<_> = order.messages.iter().map(told).collect();
    let expected = [(0, "PLACED"), (2, "CONFIRMED")]
        .map(|(index, template)| (message_id(seed, index).to_string(), template.to_owned(), my_message::Status::Sent));
    assert_eq!(messages, expected);
}

#[tokio::test]
async fn repeated_events_in_any_order_end_in_one_state_and_never_go_backward() {
    try_all(&World::on(On::Sqlite).await, seeds(), false).await;
}

#[tokio::test]
async fn versions_decide_even_where_the_inbox_forgot_an_event() {
    try_all(&World::on(On::Sqlite).await, seeds(), true).await;
}

/// What a watcher holds of each order, which never goes backward, whatever copy it is told from.
pub async fn held(mut watcher: Watcher, mut expected: watch::Receiver<HashMap<String, MyOrder>>) {
    let (mut held, mut reached) = (HashMap::new(), HashMap::new());
    while held.is_empty() || held != *expected.borrow_and_update() {
        let update = tokio::select! {
            update = watcher.next() => update.expect("an update"),
            changed = expected.changed() => { changed.expect("the test runs"); continue }
        };
        match (update.kind(), update.order) {
            (Kind::Order, Some(order)) => {
                let before = reached.insert(order.order_id.clone(), progress(Some(&order))).unwrap_or_default();
                let now = progress(Some(&order));
                assert!(now.0 >= before.0 && now.1 >= before.1 && now.2 >= before.2, "backward: {before:?} {now:?}");
                held.insert(order.order_id.clone(), order);
            }
            (Kind::Restart, _) => held.clear(),
            _ => {}
        }
    }
}

async fn rebuilds_among_shuffled_events_show_watchers_one_final_state_and_nothing_backward(on: On) {
    const ORDERS: u64 = 40;
    let (world, logbook, mut random) = (World::on(on).await, Logbook::new(), StdRng::seed_from_u64(7));
    let (mut known, mut events) = (HashSet::new(), Vec::new());
    for event in (0..ORDERS).flat_map(schedule) {
        let published = known.insert(event.id).then(|| logbook.publish(event.clone()));
        events.extend(published);
    }
    events.extend(events.clone());
    events.shuffle(&mut random);

    let (expected, expecting) = watch::channel(HashMap::new());
    let watchers: Vec<_> = join_all((0..3).map(|_| world.watch("mina", ""))).await;
    let watchers: Vec<_> =
        watchers.into_iter().map(|watcher| tokio::spawn(held(watcher.expect("a watch"), expecting.clone()))).collect();
    let builder = logbook.builder(&world);
    for event in events {
        world.deliver(event).await.expect("handled");
        if random.random_ratio(1, 20) {
            world.rebuild().await;
            pass(&builder).await.expect("a pass");
            world.clear().await;
        }
    }
    let mut orders = HashMap::new();
    for seed in 0..ORDERS {
        let order = shown(&world, order_id(seed)).await.expect("an order");
        ends_as_it_should(life(seed), seed, &order);
        orders.insert(order.order_id.clone(), order);
    }
    assert!(world.count("SELECT count(*) FROM copy").await > 5, "it was built anew several times");
    expected.send_replace(orders);
    for watcher in watchers {
        watcher.await.expect("it holds what there is");
    }
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_its_own_fault() {
    let world = World::on(On::Sqlite).await;
    let id = Uuid::from_u128(1);
    let sound = order(id, "mina", Order::Placed, 1);
    let garbage = Event { body: vec![0xff; 3].into(), ..sound.clone() };
    assert!(matches!(world.deliver(garbage).await, Err(Failure::Undecodable(_))));
    let faults = [
        Event { body: Vec::new().into(), ..sound.clone() },
        order(id, "", Order::Placed, 1),
        order(id, "mina", Order::Unspecified, 1),
        order(id, "mina", Order::Placed, 0),
        delivery(id, Delivery::Unspecified, 1),
        message(id, id, RecipientKind::Unspecified, Template::Placed, Message::Sent, 1),
        message(id, id, RecipientKind::Customer, Template::Unspecified, Message::Sent, 1),
        message(id, id, RecipientKind::Customer, Template::Placed, Message::Pending, 1),
    ];
    for event in faults {
        let kind = event.kind.clone();
        assert!(matches!(world.deliver(event).await, Err(Failure::Fault(_))), "{kind}");
    }
    let unknown = Event { kind: "tword.order.v1.OrderFramed".to_owned(), id: Uuid::from_u128(5), ..sound };
    world.deliver(unknown).await.expect("of no interest");
    assert_eq!(shown(&world, id).await, None);
}

on_both! {
    rebuilds_among_shuffled_events_show_watchers_one_final_state_and_nothing_backward,
}
