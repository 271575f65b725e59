//! Two replicas on one database, and much at once: locks and constraints decide, and nobody hears of it.

use std::{collections::BTreeSet, sync::Arc};

use chassis::{consumer::Failure, inbox::Event};
use futures::{StreamExt, future::join_all, stream};
use proto::shop::v1::{self, shop_service_server::ShopService};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::{
    orders::{Step, event, order},
    world::{World, by, id, manager, new_phone, operator, quantity, reason, rows, serials, staff, won},
};

/// Events that two consumers handle at once at most.
const MANY: usize = 256;

/// The processes that share a database.
struct Replicas([Arc<World>; 2]);

impl Replicas {
    async fn start() -> Self {
        let first = World::on_postgres().await;
        let second = first.replica().await;
        Self([Arc::new(first), Arc::new(second)])
    }

    fn one(&self) -> &World {
        &self.0[0]
    }

    /// Runs so many calls at once, in turn on each of the replicas.
    async fn at_once<R, F>(&self, calls: impl IntoIterator<Item = impl FnOnce(Arc<World>) -> F>) -> Vec<R>
    where
        R: Send + 'static,
        F: Future<Output = R> + Send + 'static,
    {
        let worlds = self.0.iter().cycle().map(Arc::clone);
        let tasks: Vec<_> = calls.into_iter().zip(worlds).map(|(call, world)| tokio::spawn(call(world))).collect();
        join_all(tasks).await.into_iter().map(|ran| ran.expect("ran")).collect()
    }

    /// Takes events in, so many at once, in turn at each of the replicas.
    async fn take_in(&self, events: Vec<Event>, at_once: usize) -> Vec<Result<(), Failure>> {
        let worlds = self.0.iter().cycle();
        let taken = stream::iter(events.into_iter().zip(worlds))
            .map(|(event, world)| async move { world.take_in(&event).await });
        taken.buffered(at_once).collect().await
    }
}

/// Available, reserved, sold and withdrawn units.
async fn stock(world: &World, shop_id: Uuid, phone_id: Uuid) -> [i32; 4] {
    let v1::Stock { available, reserved, sold, withdrawn, .. } = world.stock(shop_id, phone_id).await;
    [available, reserved, sold, withdrawn]
}

async fn add(world: &World, shop_id: Uuid, phone_id: Uuid, units: v1::NewUnits) -> Result<Vec<String>, Status> {
    let (shop, phone_id) = (shop_id.to_string(), phone_id.to_string());
    let request = v1::AddUnitsRequest { shop_id: shop, phone_id, units: Some(units) };
    Ok(world.api.add_units(by(&manager(shop_id), request)).await?.into_inner().serials)
}

async fn reserved(world: &World) -> i64 {
    let counts: Vec<(i64,)> = rows!(world, "SELECT count(*) FROM reservation WHERE status = 'RESERVED'");
    counts[0].0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_buyers_share_a_hundred_units() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 100).await;
    let events = (0..1_000).map(|_| event(&order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed)).collect();
    for outcome in replicas.take_in(events, MANY).await {
        outcome.expect("reserved or rejected");
    }
    assert_eq!(stock(world, shop_id, phone_id).await, [0, 100, 0, 0]);
    assert_eq!(reserved(world).await, 100);
    let kinds = world.written().await;
    assert_eq!(kinds.iter().filter(|event| event.kind.ends_with("StockRejected")).count(), 900);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_placed_and_cancelled_at_once_holds_nothing() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phones = [world.phone(shop_id, 10, 50).await, world.phone(shop_id, 10, 50).await];
    let orders: Vec<_> = (0..100).map(|_| order(shop_id, &phones.map(|phone_id| (phone_id, 1, None)))).collect();
    let mut events = Vec::new();
    for (index, order) in orders.iter().enumerate() {
        let mut both = [event(order, 1, Step::Placed), event(order, 2, Step::Cancelled)];
        // Each of the two comes first, at each of the replicas.
        if index % 2 == 1 {
            both.reverse();
        }
        events.extend(both);
    }
    for outcome in replicas.take_in(events, MANY).await {
        outcome.expect("taken in");
    }
    let mut ways = BTreeSet::new();
    for order in &orders {
        let written = world.written_of(id(&order.order_id)).await;
        ways.insert(written.iter().map(|event| event.kind.replace("tword.shop.v1.", "")).collect::<Vec<_>>().join(" "));
    }
    let known = ["StockReleased", "StockReserved StockReleased", "StockRejected"].map(str::to_owned);
    assert!(ways.is_subset(&known.into()), "{ways:?}");
    for phone_id in phones {
        assert_eq!(stock(world, shop_id, phone_id).await, [50, 0, 0, 0]);
    }
    let heard: Vec<(i64, i64)> = rows!(world, "SELECT min(version), count(*) FROM shop_order");
    assert_eq!(heard, [(2, 100)]);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_comes_to_all_replicas_at_once_has_one_effect() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 30).await;
    let placed: Vec<_> = (0..10).map(|_| event(&order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed)).collect();
    let events = placed.iter().flat_map(|event| std::iter::repeat_n(event.clone(), 8)).collect();
    for outcome in replicas.take_in(events, MANY).await {
        outcome.expect("taken in");
    }
    assert_eq!(stock(world, shop_id, phone_id).await, [20, 10, 0, 0]);
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_sold_or_freed_never_both() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 40).await;
    let orders: Vec<_> = (0..40).map(|_| order(shop_id, &[(phone_id, 1, None)])).collect();
    for outcome in replicas.take_in(orders.iter().map(|order| event(order, 1, Step::Placed)).collect(), MANY).await {
        outcome.expect("reserved");
    }
    let ends = orders.iter().flat_map(|order| [event(order, 3, Step::Shipped), event(order, 3, Step::Cancelled)]);
    let outcomes = replicas.take_in(ends.collect(), MANY).await;
    for both in outcomes.chunks(2) {
        // No order-svc tells both; whichever comes second is at fault.
        let faults = both.iter().filter(|outcome| matches!(outcome, Err(Failure::Fault(_)))).count();
        assert_eq!((faults, both.iter().filter(|outcome| outcome.is_ok()).count()), (1, 1), "{both:?}");
    }
    let [available, reserved, sold, _] = stock(world, shop_id, phone_id).await;
    assert_eq!((available + sold, reserved), (40, 0));
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_serial_that_is_given_twice_at_once_is_taken() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phones = [world.phone(shop_id, 10, 0).await, world.phone(shop_id, 10, 0).await];
    let outcomes = replicas
        .at_once((0..24).map(|index| {
            async move |world: Arc<World>| {
                // In both orders, to two phones, or to a new one.
                let texts = if index % 2 == 0 { ["SN-1", "SN-2"] } else { ["SN-2", "SN-1"] };
                let units = serials(texts);
                if index % 3 < 2 {
                    return add(&world, shop_id, phones[index % 3], units).await.map(|_serials| ());
                }
                let phones = vec![new_phone("S30", 1, Some(units))];
                let request = v1::RegisterPhonesRequest { shop_id: shop_id.to_string(), phones };
                world.api.register_phones(by(&manager(shop_id), request)).await.map(|_answer| ())
            }
        }))
        .await;
    let refused: Vec<Status> = outcomes.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 23);
    for refused in refused {
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::AlreadyExists, "SERIAL_TAKEN"));
    }
    world.check_invariants().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn assigned_serials_are_counted_once_and_units_stand_by_age() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phones = [world.phone(shop_id, 10, 0).await, world.phone(shop_id, 10, 0).await];
    let added = replicas
        .at_once((0..40).map(|index| {
            async move |world: Arc<World>| {
                world.clock.advance(time::Duration::milliseconds(if index % 3 == 0 { -1 } else { 2 }));
                add(&world, shop_id, phones[index % 2], quantity(3)).await.expect("added")
            }
        }))
        .await;
    let named: BTreeSet<String> = added.into_iter().flatten().collect();
    assert_eq!(named, (1..=120).map(|number| format!("TW-{number:08}")).collect());
    for phone_id in phones {
        let (shop, phone_id) = (shop_id.to_string(), phone_id.to_string());
        let request = v1::ListUnitsRequest { shop_id: shop, phone_id, page_size: 200, ..Default::default() };
        let units = world.api.list_units(by(&staff(shop_id), request)).await.expect("units").into_inner().units;
        let times: Vec<_> = units.iter().map(|unit| unit.create_time.map(|time| (time.seconds, time.nanos))).collect();
        assert!(times.len() == 60 && times.is_sorted(), "{times:?}");
    }
    world.check_invariants().await;
}

/// Reserves units of many phones while `change` is made: how many orders were reserved when it was answered, and in the end.
async fn reserved_around(
    replicas: &Replicas,
    shop_id: Uuid,
    phones: &[Uuid],
    price: Option<i64>,
    change: impl AsyncFn(&World),
) -> (i64, i64) {
    let orders = (0..400).map(|index| order(shop_id, &[(phones[index % phones.len()], 1, price)]));
    let events: Vec<Event> = orders.map(|order| event(&order, 1, Step::Placed)).collect();
    let world = &replicas.0[1];
    let changed = async {
        // Some are reserved before.
        while reserved(world).await < 20 {
            tokio::task::yield_now().await;
        }
        change(world).await;
        reserved(world).await
    };
    let (outcomes, then) = futures::join!(replicas.take_in(events, 8), changed);
    for outcome in outcomes {
        outcome.expect("reserved or rejected");
    }
    world.check_invariants().await;
    (then, reserved(world).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_reserved_once_a_shop_is_closed() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let mut phones = Vec::new();
    for _ in 0..8 {
        phones.push(world.phone(shop_id, 10, 100).await);
    }
    let close = async |world: &World| {
        let request = v1::CloseShopRequest { shop_id: shop_id.to_string() };
        world.api.close_shop(by(&operator(), request)).await.expect("closed");
    };
    let (then, now) = reserved_around(&replicas, shop_id, &phones, None, close).await;
    assert!(then == now && now < 400, "{then} were reserved when the shop was closed, {now} in the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_reserved_at_a_price_that_was() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 300).await;
    let correct = async |world: &World| {
        let (shop, phone_id) = (shop_id.to_string(), phone_id.to_string());
        let update = v1::UpdatePhoneRequest { shop_id: shop, phone_id, display_name: None, unit_price: Some(won(11)) };
        world.api.update_phone(by(&manager(shop_id), update)).await.expect("corrected");
    };
    let (then, now) = reserved_around(&replicas, shop_id, &[phone_id], Some(10), correct).await;
    assert!(then == now && now < 400, "{then} were reserved when the price was changed, {now} in the end");
}

/// Everything at once, on few phones: nobody waits for each other in a circle so often that a call fails.
#[tokio::test(flavor = "multi_thread")]
async fn everything_at_once_keeps_the_books() {
    let replicas = Replicas::start().await;
    let world = replicas.one();
    let shop_id = world.shop().await;
    let mut phones = Vec::new();
    for _ in 0..4 {
        phones.push(world.phone(shop_id, 10, 60).await);
    }
    // Each order takes of three phones, in all orders.
    let orders: Vec<_> = (0..120)
        .map(|index| order(shop_id, &[0, 1, 2].map(|offset| (phones[(index * 3 + offset) % 4], 1, None))))
        .collect();
    let mut events: Vec<Event> = orders.iter().map(|order| event(order, 1, Step::Placed)).collect();
    events.extend(orders.iter().step_by(2).map(|order| event(order, 2, Step::Cancelled)));
    let managing = replicas.at_once((0..40).map(|index| {
        let phone_id = phones[index % 4];
        async move |world: Arc<World>| match index % 5 {
            0 | 1 => drop(add(&world, shop_id, phone_id, quantity(2)).await.expect("added")),
            2 => {
                let (shop, phone) = (shop_id.to_string(), phone_id.to_string());
                let serials = vec![format!("TW-{:08}", 240 - index)];
                let request = v1::WithdrawUnitsRequest { shop_id: shop, phone_id: phone, serials };
                if let Err(refused) = world.api.withdraw_units(by(&manager(shop_id), request)).await {
                    assert!(["UNITS_NOT_AVAILABLE", "NOT_FOUND"].contains(&reason(&refused).as_str()), "{refused:?}");
                }
            }
            3 => {
                let request = v1::CloseShopRequest { shop_id: shop_id.to_string() };
                world.api.close_shop(by(&operator(), request)).await.expect("closed");
            }
            _ => {
                let request = v1::OpenShopRequest { shop_id: shop_id.to_string() };
                world.api.open_shop(by(&operator(), request)).await.expect("opened");
            }
        }
    }));
    let (outcomes, _managed) = futures::join!(replicas.take_in(events, MANY), managing);
    for outcome in outcomes {
        outcome.expect("taken in");
    }
    let mut registered = 0;
    for phone_id in phones {
        registered += stock(world, shop_id, phone_id).await.iter().sum::<i32>();
    }
    assert_eq!(registered, 4 * 60 + 16 * 2);
    world.check_invariants().await;
}
