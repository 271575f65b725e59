//! However often and in whatever order events come: one final state, and units conserved.
//!
//! `TWORD_SCHEDULES` says how many schedules are tried; `TWORD_SCHEDULE_SEED` names one that failed, to try it alone.

use std::{collections::BTreeSet, panic::AssertUnwindSafe};

use chassis::{consumer::Failure, inbox::Event};
use futures::{FutureExt, StreamExt, future, stream};
use proto::shop::v1::{self, shop_service_server::ShopService};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use uuid::Uuid;

use crate::{
    orders::{Step, asking, event, order},
    world::{World, by, rows, staff},
};

/// Schedules where nobody says how many.
const SCHEDULES: u64 = 500;
/// Schedules that run beside each other; their shops differ.
const SCHEDULES_AT_ONCE: usize = 32;
/// Orders of one schedule at most.
const ORDERS: usize = 5;
/// Units of each phone where no order has to go without: those that take the oldest leave the youngest to choose from.
const ENOUGH: i32 = 30;

/// How an order fares from the first version on.
const FATES: [&[Step]; 6] = [
    &[Step::Placed, Step::Confirmed],
    &[Step::Placed, Step::Rejected],
    &[Step::Placed, Step::Cancelled],
    &[Step::Placed, Step::Confirmed, Step::Cancelled],
    &[Step::Placed, Step::Confirmed, Step::Shipped],
    &[Step::Placed, Step::Confirmed, Step::Shipped, Step::Delivered],
];

/// One order of a schedule: units of two phones, whether it asks for the very units of the second, and its fate.
#[derive(Clone, Debug)]
struct Plan {
    quantities: [i32; 2],
    asks: bool,
    fate: &'static [Step],
}

/// The orders of a schedule, and which event is delivered when: (order, step), one to five times each, shuffled.
struct Schedule {
    plans: Vec<Plan>,
    deliveries: Vec<(usize, usize)>,
}

fn schedule(seed: u64) -> Schedule {
    let mut random = StdRng::seed_from_u64(seed);
    let plans: Vec<Plan> = (0..random.random_range(1..=ORDERS))
        .map(|_| Plan {
            quantities: [random.random_range(0..4), random.random_range(1..4)],
            asks: random.random(),
            fate: FATES[random.random_range(0..FATES.len())],
        })
        .collect();
    let mut deliveries = Vec::new();
    for (order, plan) in plans.iter().enumerate() {
        for step in 0..plan.fate.len() {
            deliveries.extend(vec![(order, step); random.random_range(1..=5)]);
        }
    }
    deliveries.shuffle(&mut random);
    Schedule { plans, deliveries }
}

/// The units of the second phone that an order may ask for: the youngest, three for each of the orders where there are
/// enough. Where there are not, orders ask for the same ones.
fn choice(index: usize, quantity: i32, units: i32) -> Vec<String> {
    let count = usize::try_from(quantity).expect("few");
    let last = 2 * usize::try_from(units).expect("few");
    let own = if units >= ENOUGH { 3 * index } else { 0 };
    (0..count).map(|number| format!("TW-{:08}", last - own - number)).collect()
}

/// Delivers events, so many at once; what is early comes again after all others, as often as it takes. Answers how many
/// were at fault.
async fn deliver(world: &World, mut events: Vec<Event>, at_once: usize) -> usize {
    let mut faults = 0;
    while !events.is_empty() {
        let before = events.len();
        let outcomes = stream::iter(events).map(|event| async move { (world.take_in(&event).await, event) });
        let outcomes: Vec<_> = outcomes.buffer_unordered(at_once).collect().await;
        events = Vec::new();
        for (outcome, event) in outcomes {
            match outcome {
                Ok(()) => {}
                Err(Failure::Early(_)) => events.push(event),
                Err(Failure::Fault(_)) => faults += 1,
                Err(failure) => panic!("{failure}: {failure:?}"),
            }
        }
        assert!(events.len() < before, "an early event never has its turn");
    }
    faults
}

/// A shop with two phones, and the events of a schedule for them.
async fn prepare(world: &World, schedule: &Schedule, units: i32) -> (Uuid, [Uuid; 2], Vec<Event>) {
    let shop_id = world.shop().await;
    let phones = [world.phone(shop_id, 10, units).await, world.phone(shop_id, 20, units).await];
    let plans = schedule.plans.iter().enumerate();
    let events: Vec<Vec<Event>> = plans
        .map(|(index, plan)| {
            let lines: Vec<_> = phones
                .into_iter()
                .zip(plan.quantities)
                .filter(|(_, quantity)| *quantity > 0)
                .map(|(phone, quantity)| (phone, quantity, None))
                .collect();
            let mut order = order(shop_id, &lines);
            if plan.asks {
                order = asking(order, phones[1], &choice(index, plan.quantities[1], units));
            }
            (1..).zip(plan.fate).map(|(version, step)| event(&order, version, *step)).collect()
        })
        .collect();
    let delivered = schedule.deliveries.iter().map(|(order, step)| events[*order][*step].clone()).collect();
    (shop_id, phones, delivered)
}

/// Where the plans' orders leave the units of one of the phones.
fn expected(plans: &[Plan], phone: usize, units: i32) -> v1::Stock {
    let sum = |last: &[Step]| -> i32 {
        let ending = plans.iter().filter(|plan| plan.fate.last().is_some_and(|step| last.contains(step)));
        ending.map(|plan| plan.quantities[phone]).sum()
    };
    let (reserved, sold) = (sum(&[Step::Confirmed]), sum(&[Step::Shipped, Step::Delivered]));
    v1::Stock { registered: units, available: units - reserved - sold, reserved, sold, withdrawn: 0 }
}

async fn ends_in_one_state(world: &World, seed: u64, at_once: usize) {
    let schedule = schedule(seed);
    let (shop_id, phones, events) = prepare(world, &schedule, ENOUGH).await;
    assert_eq!(deliver(world, events, at_once).await, 0, "no event is at fault");
    for (index, phone_id) in phones.into_iter().enumerate() {
        assert_eq!(world.stock(shop_id, phone_id).await, expected(&schedule.plans, index, ENOUGH));
    }
    assert_eq!(chosen(world, shop_id, &schedule.plans).await, 0, "an order got other units than it asked for");
    let heard: Vec<(i64,)> =
        rows!(world, "SELECT version FROM shop_order WHERE shop_id = $1 ORDER BY version", shop_id);
    let mut last: Vec<(i64,)> =
        schedule.plans.iter().map(|plan| (i64::try_from(plan.fate.len()).expect("few"),)).collect();
    last.sort_unstable();
    assert_eq!(heard, last, "the highest version of each order is kept");
}

/// Scarce stock: who gets the units depends on the schedule, but none is lost or made.
async fn conserves_units(world: &World, seed: u64, at_once: usize) {
    let schedule = schedule(seed);
    let (shop_id, phones, events) = prepare(world, &schedule, 4).await;
    // A shipment of what was rejected for want of stock cannot be; here it may come, and must change nothing.
    deliver(world, events, at_once).await;
    for phone_id in phones {
        let stock = world.stock(shop_id, phone_id).await;
        assert_eq!((stock.registered, stock.available + stock.reserved + stock.sold), (4, 4));
    }
}

/// How many lines hold other units than they ask for.
async fn chosen(world: &World, shop_id: Uuid, plans: &[Plan]) -> usize {
    let request = v1::ListShopOrdersRequest { shop_id: shop_id.to_string(), page_size: 200, ..Default::default() };
    let orders = world.api.list_shop_orders(by(&staff(shop_id), request)).await.expect("orders").into_inner().orders;
    assert_eq!(orders.len(), plans.len());
    let lines: Vec<_> = orders.iter().flat_map(|order| &order.lines).collect();
    let asking = lines.iter().filter(|line| !line.requested_serials.is_empty() && !line.serials.is_empty());
    let sorted = |serials: &[String]| serials.iter().cloned().collect::<BTreeSet<_>>();
    asking.filter(|line| sorted(&line.serials) != sorted(&line.requested_serials)).count()
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Tries one schedule in `one_in` of those that are asked for; the seeds of those that fail are told.
async fn try_all(world: &World, one_in: u64, run: impl AsyncFn(u64)) {
    let seeds = match number("TWORD_SCHEDULE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TWORD_SCHEDULES").unwrap_or(SCHEDULES).div_ceil(one_in),
    };
    let runs = stream::iter(seeds).map(|seed| {
        let run = AssertUnwindSafe(run(seed));
        async move { run.catch_unwind().await.is_err().then_some(seed) }
    });
    let runs = runs.buffer_unordered(SCHEDULES_AT_ONCE);
    let failed: Vec<u64> = runs.filter_map(future::ready).collect().await;
    assert!(failed.is_empty(), "TWORD_SCHEDULE_SEED=n tries one of those that failed again: {failed:?}");
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_schedule_ends_in_one_state() {
    let world = World::on_sqlite().await;
    try_all(&world, 1, async |seed| ends_in_one_state(&world, seed, 1).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_schedule_conserves_units() {
    let world = World::on_sqlite().await;
    try_all(&world, 5, async |seed| conserves_units(&world, seed, 1).await).await;
}

/// On PostgreSQL the events of a schedule really are handled at once.
#[tokio::test(flavor = "multi_thread")]
async fn every_schedule_at_once_ends_in_one_state() {
    let world = World::on_postgres().await;
    try_all(&world, 5, async |seed| ends_in_one_state(&world, seed, 8).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_schedule_at_once_conserves_units() {
    let world = World::on_postgres().await;
    try_all(&world, 5, async |seed| conserves_units(&world, seed, 8).await).await;
}
