//! Delivery-svc stopped, frozen or slow: customers are turned away honestly, nothing else notices, and it heals by
//! itself.

use std::time::{Duration, Instant};

use e2e::checker::{self, Placed};
use e2e::db::Lock;
use e2e::envoy;
use e2e::flow::{self, cancel, key, order_id, order_of, orders_of, reaches, recipient};
use e2e::rest::{Answer, Rest};
use e2e::wait::{self, holds};
use e2e::world::{Person, Shop, World};
use proto::delivery::v1::delivery::Status;
use serde_json::{Value, json};
use xtask::mesh::Service;

/// The default of `TWORD_BOOKING_DEADLINE`: order-svc gives up a booking then.
const BOOKING_DEADLINE: Duration = Duration::from_millis(610);
/// What the way there and back may take besides, on a machine that runs other meshes at the same time.
const BUSY_MACHINE: Duration = Duration::from_secs(2);

#[tokio::test]
async fn stopped() {
    let (world, shop, before) = start().await;
    world.stop(Service::Delivery).await;
    let customer = world.customer();
    let key = turned_away_without_a_trace(&world, &shop, &customer).await;
    refused_at_once(&world, &shop).await;
    others_notice_nothing(&world, &shop, &before).await;
    world.restart(Service::Delivery).await;
    works_again(&world, &shop, customer, &key, before).await;
}

#[tokio::test]
async fn frozen() {
    let (world, shop, before) = start().await;
    world.mesh().pause(Service::Delivery).expect("frozen");
    let customer = world.customer();
    let key = turned_away_without_a_trace(&world, &shop, &customer).await;
    refused_at_once(&world, &shop).await;
    others_notice_nothing(&world, &shop, &before).await;
    world.mesh().resume(Service::Delivery).expect("resumed");
    works_again(&world, &shop, customer, &key, before).await;
}

/// Its bookings hang while it is healthy and answers everything else: only the booking's circuit opens.
#[tokio::test]
async fn slow_to_book() {
    let (world, shop, before) = start().await;
    let lock = Lock::take(&world, Service::Delivery).await;
    let customer = world.customer();
    let key = turned_away_without_a_trace(&world, &shop, &customer).await;
    refused_at_once(&world, &shop).await;
    let path = format!("/v1/deliveries/{}", before.order_id);
    let shown = world.rest(&before.customer).get(&path).await.ok();
    assert_eq!(shown["delivery"]["orderId"], before.order_id.as_str(), "{shown}");
    lock.release().await;
    works_again(&world, &shop, customer, &key, before).await;
}

/// A booking that is made after its customer was turned away is cancelled, and its key is free for another body.
#[tokio::test]
async fn a_late_booking_is_voided() {
    let (world, shop, before) = start().await;
    let (customer, key) = (world.customer(), key());
    let rest = world.rest(&customer);
    let lock = Lock::take(&world, Service::Delivery).await;
    turned_away(rest.post_keyed("/v1/orders", &key, &order_of(&shop, &shop.phones[0], 1))).await;
    lock.release().await;
    let staff = world.grpc(&shop.staff);
    wait::until("the late booking to be voided", || async {
        let bookings = checker::deliveries(&staff, &shop.id).await?;
        let late: Vec<_> = bookings.iter().filter(|delivery| delivery.customer_id == customer.id).collect();
        holds(late.len() == 1 && late[0].status() == Status::Cancelled, format!("{late:?}"))
    })
    .await;
    assert_eq!(orders_of(&world, &customer).await, 0);
    let body = order_of(&shop, &shop.phones[0], 2);
    let placed = rest.persist("/v1/orders", &key, &body).await.ok();
    let placed = Placed { order_id: order_id(&placed), customer, recipient: recipient(&body) };
    checker::settled(&world, &shop, &[before, placed]).await;
}

/// A mesh with a confirmed order, where orphaned bookings are soon voided.
async fn start() -> (World, Shop, Placed) {
    let world = World::start_with(|mesh| mesh.env(Service::Delivery, "TWORD_VOID_AFTER", "2s")).await;
    let shop = world.shop(1, 10).await;
    let before = flow::place(&world, &shop).await;
    checker::settled(&world, &shop, std::slice::from_ref(&before)).await;
    (world, shop, before)
}

/// The answer to an order, which comes within the booking's deadline.
pub async fn in_time(order: impl Future<Output = Answer>) -> Answer {
    let begun = Instant::now();
    let answer = order.await;
    let took = begun.elapsed();
    assert!(took < BOOKING_DEADLINE + BUSY_MACHINE, "answered after {took:?}: {answer}");
    answer
}

/// Asserts that an order is turned away with advice, and within the booking's deadline.
async fn turned_away(order: impl Future<Output = Answer>) {
    told_to_come_back(&in_time(order).await, "DELIVERY_UNAVAILABLE");
}

fn told_to_come_back(answer: &Answer, reason: &str) {
    answer.refused(503, reason);
    let seconds: u64 = answer.header("retry-after").parse().unwrap_or_default();
    assert!(seconds > 0, "no Retry-After: {:?}", answer.headers);
    assert!(answer.detail("google.rpc.RetryInfo")["retryDelay"].is_string(), "{answer}");
}

/// Orders until the circuit is open; answers the key of the first order that was turned away.
async fn turned_away_without_a_trace(world: &World, shop: &Shop, customer: &Person) -> String {
    let (rest, first, body) = (world.rest(customer), key(), order_of(shop, &shop.phones[0], 1));
    turned_away(rest.post_keyed("/v1/orders", &first, &body)).await;
    wait::until("an open circuit", || async {
        turned_away(rest.post_keyed("/v1/orders", &key(), &body)).await;
        holds(envoy::circuit_is_open(world).await, "a closed one")
    })
    .await;
    assert_eq!(orders_of(world, customer).await, 0);
    assert!(list(&rest, "/v1/mypage/orders", "orders").await.is_empty());
    assert!(list(&rest, "/v1/messages", "messages").await.is_empty());
    first
}

async fn list(rest: &Rest, path: &str, field: &str) -> Vec<Value> {
    let body = rest.get(path).await.ok();
    body[field].as_array().unwrap_or_else(|| panic!("no {field} in {body}")).clone()
}

/// Orders while the circuit is open throughout, and sees that Envoy sent nothing on.
async fn refused_at_once(world: &World, shop: &Shop) {
    let (rest, body) = (world.rest(&world.customer()), order_of(shop, &shop.phones[0], 1));
    wait::until("a call that met an open circuit", || async {
        let before = (envoy::circuit_is_open(world).await, opened(world).await);
        let sent = envoy::bookings_sent(world).await;
        turned_away(rest.post_keyed("/v1/orders", &key(), &body)).await;
        let sent_after = envoy::bookings_sent(world).await;
        let after = (envoy::circuit_is_open(world).await, opened(world).await);
        holds(before.0 && before == after, format!("{before:?} before and {after:?} after"))?;
        assert_eq!(sent, sent_after, "a booking was sent on through an open circuit");
        Ok(())
    })
    .await;
}

/// How often the circuit opened, by what its calls met and by what the health checks found.
async fn opened(world: &World) -> (u64, u64) {
    let ejected = envoy::cluster(world, envoy::BOOKINGS, "outlier_detection.ejections_enforced_total").await;
    (ejected, envoy::cluster(world, envoy::BOOKINGS, "membership_change").await)
}

async fn others_notice_nothing(world: &World, shop: &Shop, before: &Placed) {
    let rest = world.rest(&before.customer);
    for path in [
        format!("/v1/orders/{}", before.order_id),
        format!("/v1/orders/{}/events", before.order_id),
        format!("/v1/mypage/orders/{}", before.order_id),
        format!("/v1/messages?orderId={}", before.order_id),
        format!("/v1/shops/{}/phones", shop.id),
    ] {
        rest.get(&path).await.ok();
    }
    let cancel = format!("/v1/orders/{}:cancel", before.order_id);
    told_to_come_back(&rest.post_keyed(&cancel, &key(), &json!({})).await, "OUTCOME_UNKNOWN");
    reaches(&rest, &before.order_id, "CONFIRMED").await;
}

/// The same key places the order after all, once; the shop's other bookings are voided; and cancelling works.
async fn works_again(world: &World, shop: &Shop, customer: Person, key: &str, before: Placed) {
    let rest = world.rest(&customer);
    let body = order_of(shop, &shop.phones[0], 1);
    let placed = rest.persist("/v1/orders", key, &body).await.ok();
    let placed = Placed { order_id: order_id(&placed), customer, recipient: recipient(&body) };
    assert_eq!(orders_of(world, &placed.customer).await, 1);
    reaches(&rest, &placed.order_id, "CONFIRMED").await;
    cancel(&rest, &placed.order_id, "").await.ok();
    let staff = world.grpc(&shop.staff);
    wait::until("no orphaned booking", || async {
        let bookings = checker::deliveries(&staff, &shop.id).await?;
        let booked: Vec<_> = bookings.iter().filter(|delivery| delivery.status() == Status::Booked).collect();
        holds(booked.is_empty(), format!("{booked:?}"))
    })
    .await;
    checker::settled(world, shop, &[before, placed]).await;
}
