//! However often and in whatever order events come: one final state, and units conserved.

use std::collections::{BTreeSet, VecDeque};

use chassis::{consumer::Failure, inbox::Event};
use proptest::{prelude::*, test_runner::TestRunner};
use proto::shop::v1::{self, shop_service_server::ShopService};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    orders::{Step, asking, event, order},
    world::{World, by, staff},
};

/// Orders of one schedule.
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
    fate: usize,
}

fn plan() -> impl Strategy<Value = Plan> {
    ([0..4_i32, 1..4_i32], any::<bool>(), 0..FATES.len()).prop_map(|(quantities, asks, fate)| Plan {
        quantities,
        asks,
        fate,
    })
}

/// The units of the second phone that an order may ask for: the youngest, three for each of the orders where there are
/// enough. Where there are not, orders ask for the same ones.
fn choice(index: usize, quantity: i32, units: i32) -> Vec<String> {
    let count = usize::try_from(quantity).expect("few");
    let last = 2 * usize::try_from(units).expect("few");
    let own = if units >= ENOUGH { 3 * index } else { 0 };
    (0..count).map(|number| format!("TW-{:08}", last - own - number)).collect()
}

/// Which event is delivered when: (order, step) up to five times each, shuffled.
fn deliveries(plans: &[Plan]) -> impl Strategy<Value = Vec<(usize, usize)>> + use<> {
    let all: Vec<(usize, usize)> = plans
        .iter()
        .enumerate()
        .flat_map(|(order, plan)| (0..FATES[plan.fate].len()).map(move |step| (order, step)))
        .collect();
    let count = all.len();
    prop::collection::vec(1..=5_usize, count)
        .prop_map(move |times| {
            all.iter()
                .zip(times)
                .flat_map(|(delivery, times)| std::iter::repeat_n(*delivery, times))
                .collect::<Vec<_>>()
        })
        .prop_shuffle()
}

fn schedule() -> impl Strategy<Value = (Vec<Plan>, Vec<(usize, usize)>)> {
    prop::collection::vec(plan(), 1..=ORDERS).prop_flat_map(|plans| {
        let deliveries = deliveries(&plans);
        (Just(plans), deliveries)
    })
}

/// Delivers events in turn; what is early comes again at the end, as often as it takes.
async fn deliver(world: &World, events: Vec<Event>) -> usize {
    let mut queue: VecDeque<Event> = events.into();
    let mut waiting = 0;
    let mut faults = 0;
    while let Some(event) = queue.pop_front() {
        match world.take_in(&event).await {
            Ok(()) => waiting = 0,
            Err(Failure::Early(_)) => {
                queue.push_back(event);
                waiting += 1;
                assert!(waiting <= queue.len(), "an early event never has its turn");
            }
            Err(Failure::Fault(_)) => faults += 1,
            Err(failure) => panic!("{failure}"),
        }
    }
    faults
}

/// A shop with two phones, and the events of a schedule for them.
async fn prepare(
    world: &World,
    plans: &[Plan],
    deliveries: &[(usize, usize)],
    units: i32,
) -> (Uuid, [Uuid; 2], Vec<Event>) {
    let shop_id = world.shop().await;
    let phones = [world.phone(shop_id, 10, units).await, world.phone(shop_id, 20, units).await];
    let events: Vec<Vec<Event>> = plans
        .iter()
        .enumerate()
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
            (1..).zip(FATES[plan.fate]).map(|(version, step)| event(&order, version, *step)).collect()
        })
        .collect();
    let delivered = deliveries.iter().map(|(order, step)| events[*order][*step].clone()).collect();
    (shop_id, phones, delivered)
}

/// Where the plans' orders leave the units of one of the phones.
fn expected(plans: &[Plan], phone: usize, units: i32) -> v1::Stock {
    let sum = |last: &[Step]| -> i32 {
        let ending = plans.iter().filter(|plan| FATES[plan.fate].last().is_some_and(|step| last.contains(step)));
        ending.map(|plan| plan.quantities[phone]).sum()
    };
    let (reserved, sold) = (sum(&[Step::Confirmed]), sum(&[Step::Shipped, Step::Delivered]));
    v1::Stock { registered: units, available: units - reserved - sold, reserved, sold, withdrawn: 0 }
}

#[test]
fn every_schedule_ends_in_one_state() {
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::open());
    let mut runner = TestRunner::new(ProptestConfig { cases: 500, failure_persistence: None, ..Default::default() });
    let outcome = runner.run(&schedule(), |(plans, deliveries)| {
        runtime.block_on(async {
            let (shop_id, phones, events) = prepare(&world, &plans, &deliveries, ENOUGH).await;
            assert_eq!(deliver(&world, events).await, 0, "no event is at fault");
            for (index, phone_id) in phones.into_iter().enumerate() {
                assert_eq!(world.stock(shop_id, phone_id).await, expected(&plans, index, ENOUGH));
            }
            assert_eq!(chosen(&world, shop_id, &plans).await, 0, "an order got other units than it asked for");
            let heard = heard_versions(&world, shop_id).await;
            let mut last: Vec<i64> =
                plans.iter().map(|plan| i64::try_from(FATES[plan.fate].len()).expect("few")).collect();
            last.sort_unstable();
            assert_eq!(heard, last, "the highest version of each order is kept");
        });
        Ok(())
    });
    outcome.expect("one final state");
    runtime.block_on(world.check_invariants());
}

/// Scarce stock: who gets the units depends on the schedule, but none is lost or made.
#[test]
fn every_schedule_conserves_units() {
    let runtime = Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::open());
    let mut runner = TestRunner::new(ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() });
    let outcome = runner.run(&schedule(), |(plans, deliveries)| {
        runtime.block_on(async {
            let (shop_id, phones, events) = prepare(&world, &plans, &deliveries, 4).await;
            // A shipment of what was rejected for want of stock cannot be; here it may come, and must change nothing.
            deliver(&world, events).await;
            for phone_id in phones {
                let stock = world.stock(shop_id, phone_id).await;
                assert_eq!((stock.registered, stock.available + stock.reserved + stock.sold), (4, 4));
            }
        });
        Ok(())
    });
    outcome.expect("units are conserved");
    runtime.block_on(world.check_invariants());
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

async fn heard_versions(world: &World, shop_id: Uuid) -> Vec<i64> {
    let query = sqlx::query_scalar("SELECT version FROM shop_order WHERE shop_id = ? ORDER BY version").bind(shop_id);
    query.fetch_all(&world.pool).await.expect("versions")
}
