//! `--delivery-fallback=accept`: orders are taken while delivery-svc is away, and go their way once it is back.

use e2e::checker::{self, Placed};
use e2e::db::{self, Lock};
use e2e::envoy;
use e2e::flow::{
    self, cancel, deliver, delivery_reaches, key, order_id, order_of, orders_of, reaches, recipient, ship,
};
use e2e::wait::{self, holds};
use e2e::world::{Shop, World};
use futures::future::join_all;
use proto::delivery::v1::delivery::Status;
use serde_json::Value;
use xtask::mesh::Service;

use crate::delivery_down::in_time;

/// Orders placed at once.
const CROWD: usize = 50;

#[tokio::test]
async fn stopped() {
    let (world, shop, before) = start().await;
    world.stop(Service::Delivery).await;
    let taken = taken_and_waiting(&world, &shop).await;
    world.restart(Service::Delivery).await;
    goes_its_way(&world, &shop, before, taken).await;
}

#[tokio::test]
async fn frozen() {
    let (world, shop, before) = start().await;
    world.mesh().pause(Service::Delivery).expect("frozen");
    let taken = taken_and_waiting(&world, &shop).await;
    world.mesh().resume(Service::Delivery).expect("resumed");
    goes_its_way(&world, &shop, before, taken).await;
}

/// What a lost call booked belongs to nobody, though it was for the very order; and a key makes one order, be
/// delivery-svc away or not.
#[tokio::test]
async fn a_lost_booking_is_voided_and_its_key_makes_one_order() {
    let (world, shop, before) = start().await;
    let (customer, key, body) = (world.customer(), key(), order_of(&shop, &shop.phones[0], 1));
    let rest = world.rest(&customer);
    let lock = Lock::take(&world, Service::Delivery).await;
    let taken = rest.post_keyed("/v1/orders", &key, &body).await.ok();
    assert_eq!(taken["order"]["bookingOutstanding"], true, "{taken}");
    let meanwhile = rest.post_keyed("/v1/orders", &key, &body).await.ok();
    lock.release().await;
    let id = order_id(&taken);
    reaches(&rest, &id, "CONFIRMED").await;
    let afterwards = rest.post_keyed("/v1/orders", &key, &body).await.ok();
    assert_eq!((&meanwhile, &afterwards), (&taken, &taken), "each as the order was taken");
    let other = order_of(&shop, &shop.phones[0], 2);
    rest.post_keyed("/v1/orders", &key, &other).await.refused(400, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(orders_of(&world, &customer).await, 1);
    let staff = world.grpc(&shop.staff);
    wait::until("the lost booking to be voided", || async {
        let deliveries = checker::deliveries(&staff, &shop.id).await?;
        let (own, lost): (Vec<_>, Vec<_>) = deliveries
            .iter()
            .filter(|delivery| delivery.customer_id == customer.id)
            .partition(|own| own.order_id == id);
        let voided = lost.iter().all(|delivery| delivery.status() == Status::Cancelled);
        holds(own.len() == 1 && lost.len() == 1 && voided, format!("{own:?} {lost:?}"))
    })
    .await;
    let placed = Placed { order_id: id, customer, recipient: recipient(&body) };
    checker::settled(&world, &shop, &[before, placed]).await;
}

/// A booking that is under way when its order is cancelled: delivery-svc makes it, or meets the cancellation first; the
/// delivery is cancelled either way.
#[tokio::test]
async fn a_booking_under_way_meets_the_cancellation() {
    let (world, shop, before) = start().await;
    let lock = Lock::take(&world, Service::Delivery).await;
    let cancelled = take(&world, &shop).await;
    let sent = envoy::bookings_sent(&world).await;
    wait::until("its booking to be under way", || async {
        let now = envoy::bookings_sent(&world).await;
        holds(now > sent, format!("{now} bookings sent"))
    })
    .await;
    cancel(&world.rest(&cancelled.customer), &cancelled.order_id, "").await.ok();
    wait::until("no recipient to be kept", || recipients(&world, 0)).await;
    lock.release().await;
    let staff = world.rest(&shop.staff);
    delivery_reaches(&staff, &cancelled.order_id, "CANCELLED").await;
    ship(&staff, &cancelled.order_id).await.refused(400, "CANCELLED");
    reserved(&world, &shop, 1).await;
    checker::settled(&world, &shop, &[before, cancelled]).await;
}

/// Fifty orders at once, order-svc killed twice meanwhile: none is lost, none is booked twice, nothing is kept longer.
#[tokio::test]
async fn a_crowd_and_a_kill() {
    let (world, shop, before) = start().await;
    world.stop(Service::Delivery).await;
    let mut orders = vec![before];
    orders.extend(flow::place_many(&world, &shop, CROWD / 2).await);
    world.kill(Service::Order).await;
    world.restart(Service::Order).await;
    orders.extend(flow::place_many(&world, &shop, CROWD / 2).await);
    wait::until("the recipients to be kept", || recipients(&world, 50)).await;
    let back = async {
        world.restart(Service::Delivery).await;
        wait::until("the first one to be booked", || async {
            let left = db::count(&world, Service::Order, "SELECT count(*) FROM outstanding_booking").await?;
            holds(left < 50, format!("{left} recipients"))
        })
        .await;
        world.kill(Service::Order).await;
        world.restart(Service::Order).await;
    };
    back.await;
    join_all(orders.iter().map(|placed| async {
        reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    }))
    .await;
    checker::settled(&world, &shop, &orders).await;
    wait::until("no recipient to be kept", || recipients(&world, 0)).await;
}

/// A mesh that accepts, with a confirmed order and units for a crowd, where orphaned bookings are soon voided.
async fn start() -> (World, Shop, Placed) {
    let world = World::start_with(|mesh| {
        mesh.flag(Service::Order, "--delivery-fallback=accept").env(Service::Delivery, "TWORD_VOID_AFTER", "2s")
    })
    .await;
    let shop = world.shop(1, 60).await;
    let before = flow::place(&world, &shop).await;
    checker::settled(&world, &shop, std::slice::from_ref(&before)).await;
    (world, shop, before)
}

/// An order that was taken, and one that was taken and cancelled.
struct Taken {
    waits: Placed,
    cancelled: Placed,
}

async fn taken_and_waiting(world: &World, shop: &Shop) -> Taken {
    let taken = Taken { waits: take(world, shop).await, cancelled: take(world, shop).await };
    let rest = world.rest(&taken.waits.customer);
    let shown =
        |body: &Value| body["order"]["bookingOutstanding"] == true && body["order"]["status"] == "STATUS_PLACED";
    let order = rest.get(&format!("/v1/orders/{}", taken.waits.order_id)).await.ok();
    assert!(shown(&order), "{order}");
    let path = format!("/v1/mypage/orders/{}", taken.waits.order_id);
    wait::until("my page to say that the booking is outstanding", || async {
        let answer = rest.call(reqwest::Method::GET, &path, None, None).await?;
        holds(shown(&answer.body), answer.to_string())
    })
    .await;
    reserved(world, shop, 3).await;
    cancel(&world.rest(&taken.cancelled.customer), &taken.cancelled.order_id, "").await.ok();
    reserved(world, shop, 2).await;
    wait::until("one recipient to be kept", || recipients(world, 1)).await;
    let order = rest.get(&format!("/v1/orders/{}", taken.waits.order_id)).await.ok();
    assert!(shown(&order), "reserved and unbooked it waits: {order}");
    taken
}

/// A new customer's order is taken within the booking's deadline.
async fn take(world: &World, shop: &Shop) -> Placed {
    let customer = world.customer();
    let body = flow::order_by(shop, &customer);
    let taken = in_time(world.rest(&customer).post_keyed("/v1/orders", &key(), &body)).await.ok();
    assert_eq!(taken["order"]["status"], "STATUS_PLACED", "{taken}");
    assert_eq!(taken["order"]["bookingOutstanding"], true, "{taken}");
    Placed { order_id: order_id(&taken), customer, recipient: recipient(&body) }
}

/// The one that waits is booked, confirmed, shipped and delivered; the other one is never booked, or cancelled at once.
async fn goes_its_way(world: &World, shop: &Shop, before: Placed, taken: Taken) {
    let (rest, staff) = (world.rest(&taken.waits.customer), world.rest(&shop.staff));
    let id = &taken.waits.order_id;
    let confirmed = reaches(&rest, id, "CONFIRMED").await;
    assert_eq!(confirmed["order"]["bookingOutstanding"], false, "{confirmed}");
    wait::until("no recipient to be kept", || recipients(world, 0)).await;
    deliver(&staff, id).await;
    reaches(&rest, id, "DELIVERED").await;
    let page = rest.get(&format!("/v1/mypage/orders/{id}")).await.ok();
    assert_eq!(page["order"]["bookingOutstanding"], false, "{page}");
    let refused = ship(&staff, &taken.cancelled.order_id).await;
    refused.refused(400, "CANCELLED");
    checker::settled(world, shop, &[before, taken.waits, taken.cancelled]).await;
}

/// Waits until so many units of the shop's first phone are reserved.
async fn reserved(world: &World, shop: &Shop, count: i64) {
    wait::until("the stock", || async {
        let stock = flow::stock(world, shop, &shop.phones[0]).await;
        holds(stock[2] == count, format!("{stock:?}"))
    })
    .await;
}

/// How many recipients order-svc keeps.
async fn recipients(world: &World, expected: i64) -> Result<(), String> {
    let count = db::count(world, Service::Order, "SELECT count(*) FROM outstanding_booking").await?;
    holds(count == expected, format!("{count} recipients"))
}
