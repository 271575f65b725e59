//! Each event comes one to five times, in any order: the messages are always the same.

use std::{collections::BTreeSet, ops::Range, panic::AssertUnwindSafe};

use chassis::{consumer::Failure, inbox::Event};
use futures::{FutureExt, StreamExt, stream};
use notify_svc::{
    app::{Query, Viewer},
    domain::{ChannelName, Recipient, message_id::message_id},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use uuid::Uuid;

use crate::support::{LIVES, On, Step, World, event, on_both};

/// Schedules at once.
const AT_ONCE: usize = 64;
const SHOP: Uuid = Uuid::from_u128(7);

struct Schedule {
    deliveries: Vec<Event>,
    expected: BTreeSet<Uuid>,
}

fn order_id(seed: u64) -> Uuid {
    Uuid::from_u128(u128::from(seed) + 1)
}

/// One order's life, each of its events one to five times, shuffled.
fn schedule(seed: u64) -> Schedule {
    let mut random = StdRng::seed_from_u64(seed);
    let (order_id, customer) = (order_id(seed), format!("customer-{seed}"));
    let life = LIVES[random.random_range(0..LIVES.len())];
    let (mut deliveries, mut expected) = (Vec::new(), BTreeSet::new());
    for step in life {
        let event = event(order_id, &customer, SHOP, *step);
        expected.insert(message_id(event.id, &Recipient::Customer(customer.clone()), ChannelName::Log));
        if matches!(step, Step::Placed | Step::Cancelled) {
            expected.insert(message_id(event.id, &Recipient::Shop(SHOP), ChannelName::Log));
        }
        deliveries.extend(vec![event; random.random_range(1..=5)]);
    }
    deliveries.shuffle(&mut random);
    Schedule { deliveries, expected }
}

/// The seeds to try: as many as `TWORD_SCHEDULES` says, or the one that `TWORD_SCHEDULE_SEED` names.
fn seeds() -> Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("TWORD_SCHEDULE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TWORD_SCHEDULES").unwrap_or(500),
    }
}

/// Delivers the events of one schedule, each by either of two processes where there are two, and looks at what has come of
/// them.
async fn run(worlds: &[World], seed: u64, inbox_forgets: bool) {
    let Schedule { deliveries, expected } = schedule(seed);
    for (index, event) in deliveries.into_iter().enumerate() {
        let world = &worlds[index % worlds.len()];
        let delivered =
            if inbox_forgets { world.deliver_unremembered(event).await } else { world.deliver(event).await };
        delivered.expect("handled");
    }
    let query =
        Query { viewer: Viewer::Operator, order_id: Some(order_id(seed)), status: None, after: None, rows: 1_000 };
    let messages = worlds[0].reads.messages(&query).await.expect("messages");
    assert_eq!(messages.len(), expected.len());
    assert_eq!(messages.iter().map(|message| message.id).collect::<BTreeSet<_>>(), expected);
}

/// Tries every schedule, some at once, and names the seed of one that fails.
async fn one_message_for_each_change_and_recipient(worlds: &[World], inbox_forgets: bool) {
    let tried = stream::iter(seeds()).map(|seed| async move {
        if let Err(failed) = AssertUnwindSafe(run(worlds, seed, inbox_forgets)).catch_unwind().await {
            eprintln!("schedule {seed} fails; TWORD_SCHEDULE_SEED={seed} tries it alone");
            std::panic::resume_unwind(failed);
        }
    });
    let tried = tried.buffer_unordered(AT_ONCE).count().await;
    assert_eq!(u64::try_from(tried).ok(), seeds().end.checked_sub(seeds().start));
    let messages = worlds[0].messages().await;
    let known: BTreeSet<Uuid> = seeds().flat_map(|seed| schedule(seed).expected).collect();
    assert_eq!(messages.len(), known.len(), "nothing else was made");
}

/// One process on its file, or two on one server.
async fn worlds(on: On) -> Vec<World> {
    let one = World::on(on).await;
    match on {
        On::Sqlite => vec![one],
        On::Postgres => vec![one.beside().await, one],
    }
}

async fn a_repeated_event_in_any_order_makes_one_message_for_each_change_and_recipient(on: On) {
    one_message_for_each_change_and_recipient(&worlds(on).await, false).await;
}

async fn a_message_is_made_once_even_where_the_inbox_forgot_its_event(on: On) {
    one_message_for_each_change_and_recipient(&worlds(on).await, true).await;
}

on_both! {
    a_repeated_event_in_any_order_makes_one_message_for_each_change_and_recipient,
    a_message_is_made_once_even_where_the_inbox_forgot_its_event,
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_its_own_fault() {
    let world = World::on(On::Sqlite).await;
    let sound = event(Uuid::from_u128(1), "mina", SHOP, Step::Placed);

    let garbage = Event { body: vec![0xff; 3].into(), ..sound.clone() };
    assert!(matches!(world.deliver(garbage).await, Err(Failure::Undecodable(_))));
    let empty = Event { body: Vec::new().into(), ..sound.clone() };
    assert!(matches!(world.deliver(empty).await, Err(Failure::Fault(_))));
    let nobody = event(Uuid::from_u128(1), "", SHOP, Step::Placed);
    assert!(matches!(world.deliver(nobody).await, Err(Failure::Fault(_))));
    assert_eq!(world.messages().await, []);

    let unknown = Event { id: Uuid::from_u128(9), kind: "tword.order.v1.OrderFramed".to_owned(), ..sound.clone() };
    world.deliver(unknown).await.expect("of no interest");
    assert_eq!(world.messages().await, []);
    world.deliver(sound).await.expect("handled");
    assert_eq!(world.messages().await.len(), 2);
}
