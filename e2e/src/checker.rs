//! The invariants, checked from outside over the APIs, and dead letters: whatever a test did, they hold in the end.

pub(crate) mod letters;
pub(crate) mod order;
pub mod units;
mod violation;

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use proto::delivery::v1::{self as delivery, Delivery};
use proto::notify::v1 as notify;
use proto::order::v1::Order;
use proto::shop::v1::{self as shop, ShopOrder};
use tonic::Status;
pub use violation::{Invariant, Violation};

use crate::db::{self, DeadLetter};
use crate::grpc::Grpc;
use crate::wait::{self, holds};
use crate::world::{Person, Shop, World};

/// Orders that are looked at side by side.
const LOOKS: usize = 16;
/// The largest page that a list gives.
const PAGE: i32 = 200;

/// An order that was acknowledged to its customer.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Who placed it.
    pub customer: Person,
    /// Its id.
    pub order_id: String,
    /// Whom it was asked to be delivered to.
    pub recipient: delivery::Recipient,
}

/// Waits until everything that was written has been consumed, then until I1 to I6 hold for a shop whose acknowledged
/// orders are these and no others, and no service has a dead letter.
///
/// # Panics
/// They did not hold in the end.
pub async fn settled(world: &World, shop: &Shop, orders: &[Placed]) {
    settled_but_for(world, shop, orders, &[]).await;
}

/// The same where the services have these dead letters and no others.
///
/// # Panics
/// They did not hold in the end.
pub async fn settled_but_for(world: &World, shop: &Shop, orders: &[Placed], letters: &[DeadLetter]) {
    db::drained(world).await;
    wait::until("the invariants", || check(world, shop, orders, letters)).await;
}

/// The same for orders without a shop, such as those that a shop which does not exist rejects.
///
/// # Panics
/// They did not hold in the end.
pub async fn settled_orders(world: &World, orders: &[Placed]) {
    db::drained(world).await;
    wait::until("the invariants of orders", || async {
        letters::check(world, &[]).await?;
        let view = View::new(world);
        stream::iter(orders).map(Ok).try_for_each_concurrent(LOOKS, |placed| order_holds(&view, placed)).await
    })
    .await;
}

/// One look at all the invariants, and at the dead letters of the services: these and no others.
///
/// # Errors
/// What does not hold.
pub async fn check(world: &World, shop: &Shop, orders: &[Placed], letters: &[DeadLetter]) -> Result<(), String> {
    letters::check(world, letters).await?;
    let view = View::new(world);
    let found: Vec<Order> = stream::iter(orders.iter().cloned())
        .map(|placed| {
            let view = view.clone();
            async move { order::check(&view, &placed).await }
        })
        .buffer_unordered(LOOKS)
        .try_collect()
        .await?;
    let staff = view.grpc.by(&shop.staff);
    let acknowledged: BTreeSet<_> = orders.iter().map(|placed| placed.order_id.as_str()).collect();
    shop_agrees(&shop_orders(&staff, shop).await?, &acknowledged, &found)?;
    deliveries_agree(&deliveries(&staff, &shop.id).await?, &acknowledged, &found)?;
    units::check(&staff, shop, &found).await?;
    Ok(())
}

async fn order_holds(view: &View, placed: &Placed) -> Result<(), String> {
    order::check(view, placed).await?;
    Ok(())
}

/// What the checker sees through.
#[derive(Clone)]
pub(crate) struct View {
    grpc: Grpc,
    operator: Person,
}

impl View {
    pub(crate) fn new(world: &World) -> Self {
        let operator = world.operator();
        Self { grpc: world.grpc(&operator), operator }
    }

    pub(crate) fn by(&self, person: &Person) -> Grpc {
        self.grpc.by(person)
    }

    pub(crate) fn operator(&self) -> Grpc {
        self.grpc.by(&self.operator)
    }
}

/// The orders that a shop sees, by their ids.
pub(crate) async fn shop_orders(staff: &Grpc, shop: &Shop) -> Result<BTreeMap<String, ShopOrder>, Violation> {
    let mut seen: BTreeMap<String, ShopOrder> = BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = shop::ListShopOrdersRequest {
            shop_id: shop.id.clone(),
            status: 0,
            page_size: PAGE,
            page_token: page_token.clone(),
        };
        let answer = staff.shop().list_shop_orders(request).await.map_err(said).map_err(Invariant::Unanswered.broken());
        let page = answer?.into_inner();
        for order in page.orders {
            let twice = seen.insert(order.order_id.clone(), order);
            holds(twice.is_none(), "the shop lists an order twice").map_err(Invariant::I7.broken())?;
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(seen);
        }
    }
}

/// I1 and I7: the shop sees the acknowledged orders, each once and as it is, and no others.
pub(crate) fn shop_agrees(
    seen: &BTreeMap<String, ShopOrder>,
    acknowledged: &BTreeSet<&str>,
    orders: &[Order],
) -> Result<(), Violation> {
    let strangers: Vec<_> = seen.keys().filter(|id| !acknowledged.contains(id.as_str())).collect();
    holds(strangers.is_empty(), format!("the shop has orders that nobody was told of: {strangers:?}"))
        .map_err(Invariant::I7.broken())?;
    for order in orders {
        let Some(shown) = seen.get(&order.order_id) else {
            return Err(Invariant::I8.broken()(format!("the shop does not know order {}", order.order_id)));
        };
        // The shop counts the total as soon as it reserved, be the order cancelled before it was confirmed.
        let same = shown.status == order.status
            && shown.version == order.version
            && (shown.total == order.total || order.total.is_none());
        holds(same, format!("the shop sees {shown:?}, the order is {order:?}")).map_err(Invariant::I8.broken())?;
    }
    Ok(())
}

/// I3: a delivery goes with its order; one without an order is never shipped.
pub(crate) fn deliveries_agree(
    deliveries: &[Delivery],
    acknowledged: &BTreeSet<&str>,
    orders: &[Order],
) -> Result<(), Violation> {
    let by_id: BTreeMap<_, _> = orders.iter().map(|order| (order.order_id.as_str(), order)).collect();
    let mut found = BTreeSet::new();
    let mut each = || -> Result<(), String> {
        for delivery in deliveries {
            match by_id.get(delivery.order_id.as_str()) {
                Some(order) => order::agrees(order, delivery)?,
                // Of what could not be read the loss is told elsewhere.
                None if acknowledged.contains(delivery.order_id.as_str()) => {}
                None => holds(
                    matches!(
                        delivery.status(),
                        delivery::delivery::Status::Booked | delivery::delivery::Status::Cancelled
                    ),
                    format!("a delivery without an order: {delivery:?}"),
                )?,
            }
            holds(found.insert(delivery.order_id.clone()), format!("two deliveries of order {}", delivery.order_id))?;
        }
        let missing: Vec<_> = by_id.keys().filter(|id| !found.contains(**id)).collect();
        holds(missing.is_empty(), format!("orders without a delivery: {missing:?}"))
    };
    each().map_err(Invariant::I3.broken())
}

/// Every delivery of a shop.
///
/// # Errors
/// The list could not be read.
pub async fn deliveries(staff: &Grpc, shop_id: &str) -> Result<Vec<Delivery>, String> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            delivery::ListDeliveriesRequest { shop_id: shop_id.to_owned(), status: 0, page_size: PAGE, page_token };
        let page = staff.delivery().list_deliveries(request).await.map_err(said)?.into_inner();
        all.extend(page.deliveries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// Every message about an order.
///
/// # Errors
/// The list could not be read.
pub async fn messages(reader: &Grpc, order_id: &str) -> Result<Vec<notify::Message>, String> {
    let request = notify::ListMessagesRequest {
        order_id: order_id.to_owned(),
        status: 0,
        page_size: PAGE,
        page_token: String::new(),
    };
    Ok(reader.notify().list_messages(request).await.map_err(said)?.into_inner().messages)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn said(status: Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
