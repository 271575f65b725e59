//! Operators see what waits too long, by REST and by gRPC, and bring it on.

use e2e::checker;
use e2e::db;
use e2e::flow::{self, delivery_reaches, reaches, ship};
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use e2e::world::{Shop, World};
use proto::order::v1::order_operations_service_client::OrderOperationsServiceClient;
use proto::order::v1::resume_order_response::Outcome;
use proto::order::v1::stuck_order::WaitsFor;
use proto::order::v1::{EraseCustomerRequest, ListStuckOrdersRequest, ResumeOrderRequest};
use serde_json::{Value, json};
use tonic::Code;
use xtask::mesh::Service;

#[tokio::test]
async fn what_waits_is_seen_and_brought_on() {
    let (world, shop) = start().await;
    let operator = world.rest(&world.operator());
    let unshipped = flow::place(&world, &shop).await;
    reaches(&world.rest(&unshipped.customer), &unshipped.order_id, "CONFIRMED").await;
    world.stop(Service::Shop).await;
    let unreserved = flow::place(&world, &shop).await;
    world.stop(Service::Delivery).await;
    let unbooked = flow::place(&world, &shop).await;

    let waiting = [
        (&unshipped.order_id, "WAITS_FOR_SHIPMENT"),
        (&unreserved.order_id, "WAITS_FOR_STOCK"),
        (&unbooked.order_id, "WAITS_FOR_BOOKING"),
    ];
    wait::until("three orders to be stuck", || async {
        let seen: Vec<_> = pages(&operator, "").await;
        holds(seen == waiting.map(|(id, waits_for)| (id.clone(), waits_for.to_owned())), format!("{seen:?}"))
    })
    .await;
    for (id, waits_for) in waiting {
        assert_eq!(pages(&operator, waits_for).await, [(id.clone(), waits_for.to_owned())]);
    }
    let unbooked_one = operator.post(&resume(&unbooked.order_id), &json!({})).await.ok();
    assert_eq!(outcome(&unbooked_one), ("OUTCOME_WAITING", "WAITS_FOR_BOOKING"), "{unbooked_one}");
    erase(&world, &operator, &unbooked.customer.id).await;
    only_operators(&world, &shop, &unbooked.order_id).await;

    world.restart(Service::Delivery).await;
    by_grpc(&world, &unbooked.order_id).await;
    let unreserved_one = operator.post(&resume(&unreserved.order_id), &json!({})).await.ok();
    assert_eq!(outcome(&unreserved_one), ("OUTCOME_WAITING", "WAITS_FOR_STOCK"), "{unreserved_one}");
    world.restart(Service::Shop).await;
    for placed in [&unreserved, &unbooked] {
        reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    }
    let staff = world.rest(&shop.staff);
    for placed in [&unshipped, &unreserved, &unbooked] {
        delivery_reaches(&staff, &placed.order_id, "READY").await;
        ship(&staff, &placed.order_id).await.ok();
        reaches(&world.rest(&placed.customer), &placed.order_id, "SHIPPED").await;
        let resumed = operator.post(&resume(&placed.order_id), &json!({})).await.ok();
        assert_eq!(outcome(&resumed), ("OUTCOME_FINAL", "WAITS_FOR_UNSPECIFIED"), "{resumed}");
    }
    assert_eq!(pages(&operator, "").await, [], "nothing is stuck any more");
    checker::settled(&world, &shop, &[unshipped, unreserved, unbooked]).await;
}

/// A mesh that accepts, where nothing may wait for long.
async fn start() -> (World, Shop) {
    let world = World::start_with(|mesh| {
        ["--delivery-fallback=accept", "--stuck-after=1s", "--ship-reminder=1s"]
            .into_iter()
            .fold(mesh, |mesh, flag| mesh.flag(Service::Order, flag))
    })
    .await;
    let shop = world.shop(1, 10).await;
    (world, shop)
}

fn resume(order_id: &str) -> String {
    format!("/v1/ops/orders/{order_id}:resume")
}

fn outcome(body: &Value) -> (&str, &str) {
    (body["outcome"].as_str().unwrap_or_default(), body["waitsFor"].as_str().unwrap_or_default())
}

/// Every stuck order with what it waits for, one a page.
async fn pages(operator: &Rest, waits_for: &str) -> Vec<(String, String)> {
    let filter = if waits_for.is_empty() { String::new() } else { format!("&waitsFor={waits_for}") };
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let body = operator.get(&format!("/v1/ops/stuckOrders?pageSize=1&pageToken={token}{filter}")).await.ok();
        for stuck in body["orders"].as_array().expect("orders") {
            assert!(
                stuck["since"].is_string() && stuck["advice"].as_str().is_some_and(|text| text.len() > 20),
                "{stuck}"
            );
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            seen.push((text(&stuck["order"]["orderId"]), text(&stuck["waitsFor"])));
        }
        body["nextPageToken"].as_str().expect("a token").clone_into(&mut token);
        if token.is_empty() {
            return seen;
        }
    }
}

/// What is needed stays, and is counted.
async fn erase(world: &World, operator: &Rest, customer_id: &str) {
    let body = operator.post(&format!("/v1/ops/order/customers/{customer_id}:erase"), &json!({})).await.ok();
    assert_eq!((&body["cleared"], &body["outstanding"]), (&json!(0), &json!(1)), "{body}");
    let kept = db::count(world, Service::Order, "SELECT count(*) FROM outstanding_booking").await;
    assert_eq!(kept, Ok(1));
}

async fn only_operators(world: &World, shop: &Shop, order_id: &str) {
    for person in [&world.customer(), &shop.staff, &shop.manager] {
        let rest = world.rest(person);
        rest.get("/v1/ops/stuckOrders").await.refused(403, "PERMISSION_DENIED");
        rest.post(&resume(order_id), &json!({})).await.refused(403, "PERMISSION_DENIED");
        rest.post("/v1/ops/order/customers/c:erase", &json!({})).await.refused(403, "PERMISSION_DENIED");
    }
}

/// The order is booked, by the operator's call or by the sweep before it; shop-svc, which is away, has not decided.
async fn by_grpc(world: &World, order_id: &str) {
    let mut operator = OrderOperationsServiceClient::new(world.grpc(&world.operator()).service());
    let resumed = wait::until("the order to be booked", || {
        let mut operator = operator.clone();
        async move {
            let request = ResumeOrderRequest { order_id: order_id.to_owned() };
            let resumed = operator.resume_order(request).await.map_err(|status| status.to_string())?.into_inner();
            holds(resumed.waits_for() == WaitsFor::Stock, format!("{resumed:?}"))?;
            Ok(resumed)
        }
    })
    .await;
    assert_ne!(resumed.outcome(), Outcome::Final);
    assert!(!resumed.order.expect("an order").booking_outstanding);
    let request = ListStuckOrdersRequest { waits_for: WaitsFor::Booking.into(), ..Default::default() };
    let stuck = operator.list_stuck_orders(request).await.expect("a list").into_inner();
    assert!(stuck.orders.is_empty(), "{stuck:?}");
    let absent = ResumeOrderRequest { order_id: uuid::Uuid::new_v4().to_string() };
    assert_eq!(operator.resume_order(absent).await.expect_err("absent").code(), Code::NotFound);
    let nobody = EraseCustomerRequest { customer_id: String::new() };
    assert_eq!(operator.erase_customer(nobody).await.expect_err("nobody").code(), Code::InvalidArgument);
}
