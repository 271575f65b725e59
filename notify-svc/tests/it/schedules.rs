//! Each event comes one to five times, in any order: the messages are always the same.

use std::collections::BTreeSet;

use chassis::{consumer::Failure, inbox::Event};
use futures::future::try_join_all;
use notify_svc::{
    app::message_id::message_id,
    domain::{ChannelName, Recipient},
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use uuid::Uuid;

use crate::support::{LIVES, Step, World, event};

const SCHEDULES: u64 = 500;
const SHOP: Uuid = Uuid::from_u128(7);

struct Schedule {
    deliveries: Vec<Event>,
    expected: BTreeSet<Uuid>,
}

/// One order's life, each of its events one to five times, shuffled.
fn schedule(seed: u64) -> Schedule {
    let mut random = StdRng::seed_from_u64(seed);
    let (order_id, customer) = (Uuid::from_u128(u128::from(seed) + 1), format!("customer-{seed}"));
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

async fn run(world: &World, schedule: Schedule, inbox_forgets: bool) -> Result<(), Failure> {
    for event in schedule.deliveries {
        if inbox_forgets {
            world.deliver_unremembered(event).await?;
        } else {
            world.deliver(event).await?;
        }
    }
    Ok(())
}

async fn one_message_for_each_change_and_recipient(inbox_forgets: bool) {
    let world = World::new().await;
    let schedules: Vec<Schedule> = (0..SCHEDULES).map(schedule).collect();
    let expected: BTreeSet<Uuid> = schedules.iter().flat_map(|schedule| schedule.expected.iter().copied()).collect();
    let runs = schedules.into_iter().map(|schedule| run(&world, schedule, inbox_forgets));
    try_join_all(runs).await.expect("all handled");
    let messages = world.messages().await;
    assert_eq!(messages.len(), expected.len());
    assert_eq!(messages.iter().map(|message| message.id).collect::<BTreeSet<_>>(), expected);
}

#[tokio::test]
async fn a_repeated_event_in_any_order_makes_one_message_for_each_change_and_recipient() {
    one_message_for_each_change_and_recipient(false).await;
}

#[tokio::test]
async fn a_message_is_made_once_even_where_the_inbox_forgot_its_event() {
    one_message_for_each_change_and_recipient(true).await;
}

#[tokio::test]
async fn an_event_that_makes_no_sense_is_its_own_fault() {
    let world = World::new().await;
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
