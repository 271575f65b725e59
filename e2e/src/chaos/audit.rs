//! The final look: what clients were told against what there is.

mod keys;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::{StreamExt, stream};
use proto::order::v1::Order;
use proto::order::v1::order::Status;
use xtask::mesh::Service;

use super::events;
use super::ledger::{Book, Bought, Fate};
use super::load::Scene;
use crate::checker::{self, Invariant, View, Violation, letters, order};
use crate::db;
use crate::grpc::Grpc;
use crate::wait::holds;
use crate::world::{Shop, World};

/// Orders that are looked at side by side.
const LOOKS: usize = 16;
/// How often a look is repeated that was not answered.
const AGAIN: usize = 20;
/// How soon.
const PAUSE: Duration = Duration::from_millis(300);

/// What was looked at, and what does not hold.
#[derive(Debug, Default)]
pub struct Audit {
    /// What does not hold.
    pub violations: Vec<Violation>,
    /// Orders that were acknowledged.
    pub acknowledged: usize,
    /// Orders that were acknowledged and are not there.
    pub lost: usize,
    /// Orders that are there and nobody was told of.
    pub doubled: usize,
    /// Orders by where they stand.
    pub statuses: BTreeMap<&'static str, usize>,
    /// Units that were looked at.
    pub units: usize,
    /// Messages there are.
    pub messages: i64,
    /// Keys that were used once more.
    pub replayed: usize,
    /// Events by who wrote them.
    pub events: BTreeMap<Service, i64>,
}

/// Looks at everything once; the mesh is at rest.
pub async fn audit(scene: &Scene) -> Audit {
    let book = scene.ledger.book().clone();
    let mut audit = Audit { acknowledged: book.orders.len(), violations: book.violations.clone(), ..Audit::default() };
    beside(&scene.world, &mut audit).await;
    let orders = orders(scene, &book, &mut audit).await;
    shops(scene, &book, &orders, &mut audit).await;
    counted(&scene.world, &orders, &mut audit).await;
    keys::check(scene, &book, &mut audit).await;
    audit
}

/// Events and dead letters.
async fn beside(world: &World, audit: &mut Audit) {
    audit.violations.extend(events::check(world).await);
    if let Err(what) = letters::check(world, &[]).await {
        audit.violations.push(Invariant::DeadLetters.broken()(what));
    }
    match events::counted(world).await {
        Ok(counted) => audit.events = counted,
        Err(what) => audit.violations.push(Invariant::Unanswered.broken()(what)),
    }
}

/// Every acknowledged order by itself: I1, I3, I5, I6, and what else its people were told.
async fn orders(scene: &Scene, book: &Book, audit: &mut Audit) -> Vec<Order> {
    let view = View::new(&scene.world);
    let looks = stream::iter(book.orders.values().cloned().map(|bought| look(view.clone(), bought)));
    let found: Vec<_> = looks.buffer_unordered(LOOKS).collect().await;
    let mut orders = Vec::new();
    for (order, violation) in found {
        audit.lost += usize::from(violation.as_ref().is_some_and(|violation| violation.invariant == Invariant::I1));
        orders.extend(order);
        audit.violations.extend(violation);
    }
    for order in &orders {
        *audit.statuses.entry(order.status().as_str_name().trim_start_matches("STATUS_")).or_default() += 1;
        if let Some(fate) = book.fates.get(&order.order_id) {
            let seen = || format!("order {order:?} was acknowledged as {fate:?}");
            // What went out although its order had ended is the worse of the two.
            let ended = matches!(order.status(), Status::Rejected | Status::Cancelled);
            let invariant = if ended { Invariant::I3 } else { Invariant::I1 };
            audit.violations.extend(holds(as_told(*fate, order.status()), seen()).map_err(invariant.broken()).err());
        }
    }
    orders
}

/// The order where it could be read, and the first thing that does not hold of it.
async fn look(view: View, bought: Bought) -> (Option<Order>, Option<Violation>) {
    let placed = &bought.placed;
    match answered(|| order::read(&view, placed)).await {
        Ok((order, events)) => {
            let agreed = answered(|| order::agree(&view, placed, &order, &events)).await;
            (Some(order), agreed.err())
        }
        Err(violation) => (None, Some(violation)),
    }
}

/// Looks again where a look was not answered.
async fn answered<T, F, Fut>(look: F) -> Result<T, Violation>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, Violation>>,
{
    let mut tries = 0;
    loop {
        match look().await {
            Err(violation) if violation.invariant == Invariant::Unanswered && tries < AGAIN => tries += 1,
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

const fn as_told(fate: Fate, status: Status) -> bool {
    match fate {
        Fate::Cancelled => matches!(status, Status::Cancelled),
        Fate::Ended => matches!(status, Status::Cancelled | Status::Rejected),
        Fate::Shipped => matches!(status, Status::Shipped | Status::Delivered),
        Fate::Delivered => matches!(status, Status::Delivered),
    }
}

/// What each shop has: its orders, its deliveries, its units.
async fn shops(scene: &Scene, book: &Book, orders: &[Order], audit: &mut Audit) {
    let view = View::new(&scene.world);
    for shop in &scene.shops {
        let staff = view.by(&shop.staff);
        let of_shop: Vec<_> = orders.iter().filter(|order| order.shop_id == shop.id).cloned().collect();
        let known = book.orders.values().filter(|bought| bought.wanted.shop_id == shop.id);
        let known: BTreeSet<_> = known.map(|bought| bought.told.order_id.as_str()).collect();
        if let Err(violation) = shop_sees(&staff, shop, &known, &of_shop, audit).await {
            audit.violations.push(violation);
        }
        if let Err(violation) = deliveries(&staff, shop, &known, &of_shop).await {
            audit.violations.push(violation);
        }
        units::check(&staff, shop, book, &of_shop, audit).await;
    }
}

async fn shop_sees(
    staff: &Grpc,
    shop: &Shop,
    known: &BTreeSet<&str>,
    orders: &[Order],
    audit: &mut Audit,
) -> Result<(), Violation> {
    let seen = checker::shop_orders(staff, shop).await?;
    audit.doubled += seen.keys().filter(|id| !known.contains(id.as_str())).count();
    checker::shop_agrees(&seen, known, orders)
}

async fn deliveries(staff: &Grpc, shop: &Shop, known: &BTreeSet<&str>, orders: &[Order]) -> Result<(), Violation> {
    let found = checker::deliveries(staff, &shop.id).await.map_err(Invariant::Unanswered.broken())?;
    checker::deliveries_agree(&found, known, orders)
}

/// As many orders as were acknowledged, and as many messages as there were changes: one to the customer for each, one to
/// the shop for each placing and cancelling.
async fn counted(world: &World, orders: &[Order], audit: &mut Audit) {
    let counts = async {
        let orders = db::count(world, Service::Order, "SELECT count(*) FROM orders").await?;
        let messages = db::count(world, Service::Notify, "SELECT count(*) FROM message").await?;
        Ok::<_, String>((orders, messages))
    };
    let (stored, messages) = match counts.await {
        Ok(counts) => counts,
        Err(what) => return audit.violations.push(Invariant::Unanswered.broken()(what)),
    };
    audit.messages = messages;
    let acknowledged = i64::try_from(audit.acknowledged).unwrap_or(i64::MAX);
    let seen = format!("{stored} orders are stored and {acknowledged} were acknowledged");
    audit.violations.extend(holds(stored <= acknowledged, seen).map_err(Invariant::I7.broken()).err());
    // Where an order could not be read whole, its messages are not known.
    if orders.len() == audit.acknowledged {
        let wanted: i64 = orders.iter().map(|order| order.version + 1 + i64::from(cancelled(order))).sum();
        let seen = format!("{messages} messages of {wanted} changes and recipients");
        audit.violations.extend(holds(messages == wanted, seen).map_err(Invariant::I5.broken()).err());
    }
}

fn cancelled(order: &Order) -> bool {
    order.status() == Status::Cancelled
}
