//! Customers watch their orders, by gRPC and as server-sent events: the state first, then every change.

use std::time::Duration;

use e2e::flow::{self, complete, delivery_reaches, ship};
use e2e::sse::Events;
use e2e::wait;
use e2e::world::{Person, World};
use proto::mypage::v1::watch_my_orders_response::Kind;
use proto::mypage::v1::{WatchMyOrdersRequest, WatchMyOrdersResponse};
use serde_json::{Value, json};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;
use xtask::mesh::{Part, Service};
use xtask::token::{Grant, Role};

const PATH: &str = "/v1/mypage/orders:watch";

/// A watch by gRPC through the edge.
pub async fn watch(world: &World, customer: &Person, cursor: &str) -> Result<Streaming<WatchMyOrdersResponse>, Status> {
    let request = WatchMyOrdersRequest { cursor: cursor.to_owned() };
    Ok(world.grpc(customer).mypage().watch_my_orders(request).await?.into_inner())
}

/// The next update; what cuts the watch is an error.
pub async fn next(watch: &mut Streaming<WatchMyOrdersResponse>) -> Result<WatchMyOrdersResponse, Status> {
    let next = tokio::time::timeout(wait::LIMIT, watch.message()).await.expect("an update in time");
    next?.ok_or_else(|| Status::unavailable("the watch has ended"))
}

/// Takes updates until one of an order in this status.
async fn reaches(watch: &mut Streaming<WatchMyOrdersResponse>, status: &str) -> WatchMyOrdersResponse {
    loop {
        let update = next(watch).await.expect("an update");
        let seen = update.order.as_ref().map(|order| order.status().as_str_name().to_owned());
        if seen == Some(format!("STATUS_{status}")) {
            return update;
        }
    }
}

/// The same of server-sent events; what is not of the order is passed over.
async fn event_reaches(events: &mut Events, status: &str) -> Value {
    loop {
        let event = events.next().await.expect("an event");
        if event["order"]["status"] == format!("STATUS_{status}") {
            return event;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orders_whole_life_is_watched_both_ways_and_by_nobody_else() {
    let world = World::shared().await;
    let shop = world.shop(1, 5).await;
    let (customer, stranger) = (world.customer(), world.customer());
    let mut updates = watch(&world, &customer, "").await.expect("a watch");
    assert_eq!(next(&mut updates).await.expect("an update").kind(), Kind::Current, "there is no order yet");
    let mut events = world.rest(&customer).events(PATH).await.expect("events");
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    assert_eq!(events.next().await.expect("an event")["kind"], "KIND_CURRENT");
    let mut strange = watch(&world, &stranger, "").await.expect("a watch");

    let body = flow::order_of(&shop, &shop.phones[0], 1);
    let order_id = flow::order_id(&world.rest(&customer).persist("/v1/orders", &flow::key(), &body).await.ok());
    let (staff, mut last) = (world.rest(&shop.staff), (json!(null), String::new()));
    for status in ["CONFIRMED", "SHIPPED", "DELIVERED"] {
        match status {
            "SHIPPED" => {
                delivery_reaches(&staff, &order_id, "READY").await;
                ship(&staff, &order_id).await.ok();
            }
            "DELIVERED" => drop(complete(&staff, &order_id).await.ok()),
            _ => {}
        }
        let update = reaches(&mut updates, status).await;
        let event = event_reaches(&mut events, status).await;
        assert_eq!(event["order"]["orderId"], order_id);
        assert_eq!(update.order.expect("an order").order_id, order_id);
        last = (event["cursor"].clone(), update.cursor);
    }

    // A cursor goes on by either way.
    let path = format!("{PATH}?cursor={}", last.1);
    let mut resumed = world.rest(&customer).events(&path).await.expect("events");
    loop {
        let event = resumed.next().await.expect("an event");
        assert!(event["order"].is_null() || event["order"]["status"] == "STATUS_DELIVERED", "{event}");
        if event["kind"] == "KIND_CURRENT" {
            break;
        }
    }
    let seen = next(&mut strange).await.expect("an update");
    assert_eq!((seen.kind(), seen.order), (Kind::Current, None));
    let refused = world.rest(&stranger).events(&path).await.err().expect("another's cursor");
    refused.refused(400, "INVALID_CURSOR");
    let refused = watch(&world, &stranger, last.0.as_str().expect("a cursor")).await.expect_err("another's cursor");
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_watch_goes_on_after_a_crash_and_a_cut_and_misses_nothing() {
    let world = World::start().await;
    let shop = world.shop(1, 5).await;
    let placed = flow::place(&world, &shop).await;
    let (staff, customer) = (world.rest(&shop.staff), &placed.customer);
    let mut updates = watch(&world, customer, "").await.expect("a watch");
    let confirmed = reaches(&mut updates, "CONFIRMED").await;

    world.kill(Service::MyPage).await;
    while next(&mut updates).await.is_ok() {}
    delivery_reaches(&staff, &placed.order_id, "READY").await;
    ship(&staff, &placed.order_id).await.ok();
    world.restart(Service::MyPage).await;
    let mut updates = watch(&world, customer, &confirmed.cursor).await.expect("a watch");
    let shipped = reaches(&mut updates, "SHIPPED").await;

    world.kill(Part::Envoy).await;
    while next(&mut updates).await.is_ok() {}
    world.restart(Part::Envoy).await;
    complete(&staff, &placed.order_id).await.ok();
    let mut updates = watch(&world, customer, &shipped.cursor).await.expect("a watch");
    reaches(&mut updates, "DELIVERED").await;

    // A process that ends in peace says so, and is not held up.
    world.stop(Service::MyPage).await;
    let ended = loop {
        if let Err(ended) = next(&mut updates).await {
            break ended;
        }
    };
    assert_eq!(ended.code(), Code::Unavailable, "{ended:?}");
    assert_eq!(ended.get_details_error_info().expect("a reason").reason, "WATCH_MOVED");
}

#[tokio::test]
async fn a_silent_watch_lives_and_ends_with_its_token_and_there_are_only_so_many() {
    let world = World::start_with(|mesh| {
        mesh.env(Service::MyPage, "TWORD_WATCH_HEARTBEAT", "100ms")
            .env(Service::MyPage, "TWORD_MAX_WATCHES_PER_CUSTOMER", "2")
            .env(Service::MyPage, "TWORD_REPAIR_INTERVAL", "200ms")
    })
    .await;
    let customer = world.customer();
    let mut events = world.rest(&customer).events(PATH).await.expect("events");
    // By when it is complete becomes known, and grows while nothing happens.
    let mut known: Vec<String> = Vec::new();
    while known.len() < 3 {
        let event = events.next().await.expect("an event");
        assert!(event["order"].is_null(), "{event}");
        if let Some(as_of) = event["asOfTime"].as_str() {
            assert!(known.last().is_none_or(|before| before.as_str() <= as_of), "{as_of} after {known:?}");
            if known.last().is_none_or(|before| before != as_of) {
                known.push(as_of.to_owned());
            }
        }
    }

    let _second = watch(&world, &customer, "").await.expect("a watch");
    let refused = world.rest(&customer).events(PATH).await.err().expect("one too many");
    refused.refused(429, "TOO_MANY_WATCHES");
    assert!(!refused.header("retry-after").is_empty(), "{refused}");

    // Clocks may differ by half a minute: a token is taken for so long after its end.
    let grant = Grant::new(Role::Customer).subject("soon-gone");
    let grant = Grant { issued: grant.issued - 3_600, ..grant }.valid_for(Duration::from_secs(3_600 - 26));
    let token = world.mesh().token(&grant).expect("a token");
    let mut short = watch(&world, &Person { id: "soon-gone".to_owned(), token }, "").await.expect("a watch");
    let ended = loop {
        if let Err(ended) = next(&mut short).await {
            break ended;
        }
    };
    assert_eq!(ended.code(), Code::Unauthenticated, "{ended:?}");
}
