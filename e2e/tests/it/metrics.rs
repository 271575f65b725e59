//! docs/metrics.md lists what is served: every metric of every service, from the start, and no other.

pub mod table;

use std::collections::BTreeMap;

use e2e::envoy::BOOKINGS;
use e2e::flow;
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use e2e::world::World;
use xtask::mesh::Service;

use self::table::{Family, Row, documented, families};

/// What Envoy says of the booking's circuit.
const EJECTED: &str = "envoy_cluster_outlier_detection_ejections_active";
const HEALTHY: &str = "envoy_cluster_membership_healthy";
const EJECTIONS: &str = "envoy_cluster_outlier_detection_ejections_enforced_total";

/// Everything that the services serve, as rows by name.
async fn served(world: &World) -> Vec<Row> {
    let mut found: BTreeMap<String, (Family, Vec<Service>)> = BTreeMap::new();
    for service in Service::ALL {
        let text = metrics(&world.mesh().admin(service), "/metrics").await;
        for family in families(&text) {
            let known = found.entry(family.name.clone()).or_insert_with(|| (family.clone(), Vec::new()));
            assert_eq!((&known.0.kind, &known.0.help), (&family.kind, &family.help), "{} differs", family.name);
            known.0.labels.extend(family.labels);
            known.1.push(service);
        }
    }
    found.into_values().map(|(family, services)| Row::new(&family, &services)).collect()
}

async fn metrics(admin: &str, path: &str) -> String {
    let body = Rest::new(admin).get(path).await.ok();
    body.as_str().expect("text").to_owned()
}

fn compare(served: &[Row], when: &str) {
    let documented = documented();
    let rows: Vec<_> = served.iter().map(ToString::to_string).collect();
    let missing: Vec<_> = rows.iter().filter(|row| !documented.contains(row)).cloned().collect();
    let gone: Vec<_> = documented.iter().filter(|row| !rows.contains(row)).cloned().collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "{when}, docs/metrics.md lacks:\n{}\nand has, though it is not served:\n{}",
        missing.join("\n"),
        gone.join("\n")
    );
    assert_eq!(documented, rows, "docs/metrics.md is in another order");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_metric_is_documented_and_served_from_the_start() {
    let world = World::start().await;
    // Gauges of what is counted in the database come with the first sweep.
    wait::until("the first sweeps", || async {
        let undocumented = documented().len() - served(&world).await.len().min(documented().len());
        holds(undocumented == 0, format!("{undocumented} metrics are not served yet"))
    })
    .await;
    let first = served(&world).await;
    compare(&first, "at the start");
    for row in &first {
        assert!(!row.meaning.is_empty() && row.meaning.ends_with('.'), "{row} says nothing");
    }
    let shop = world.shop(1, 10).await;
    let order = flow::place(&world, &shop).await;
    let (rest, staff) = (world.rest(&order.customer), world.rest(&shop.staff));
    flow::deliver(&staff, &order.order_id).await;
    flow::reaches(&rest, &order.order_id, "DELIVERED").await;
    let other = flow::place(&world, &shop).await;
    flow::cancel(&world.rest(&other.customer), &other.order_id, "").await.ok();
    rest.get(&format!("/v1/mypage/orders/{}", order.order_id)).await;
    compare(&served(&world).await, "after an order's life");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_events_are_counted_where_the_table_says() {
    let world = World::start().await;
    let shop = world.shop(1, 10).await;
    let order = flow::place(&world, &shop).await;
    flow::reaches(&world.rest(&order.customer), &order.order_id, "CONFIRMED").await;
    let counted = async |service: Service, sample: &str| {
        let text = metrics(&world.mesh().admin(service), "/metrics").await;
        table::value(&text, sample).unwrap_or_else(|| panic!("{sample} is not served by {}", service.name()))
    };
    let place = r#"grpc_service="tword.order.v1.OrderService",grpc_method="PlaceOrder",grpc_code="OK""#;
    assert!(counted(Service::Order, &format!("grpc_server_handled_total{{{place}}}")).await >= 1.0);
    let book = r#"grpc_service="tword.delivery.v1.BookingService",grpc_method="BookDelivery",grpc_code="OK""#;
    assert!(counted(Service::Order, &format!("grpc_client_handled_total{{{book}}}")).await >= 1.0);
    assert!(counted(Service::Delivery, &format!("grpc_server_handled_total{{{book}}}")).await >= 1.0);
    let handled = r#"tword_consumer_events_total{producer="order",outcome="handled"}"#;
    assert!(counted(Service::Shop, handled).await >= 1.0);
    assert!(counted(Service::Order, "tword_relay_published_total").await >= 2.0);
    assert!(counted(Service::Order, "tword_store_commit_seconds_count").await >= 1.0);
    assert!(counted(Service::Order, r#"tword_store_units_total{outcome="committed"}"#).await >= 2.0);
    for (gauge, value) in [("tword_broker_connected", 1.0), ("tword_serving", 1.0), ("tword_relay_leading", 1.0)] {
        assert!((counted(Service::Order, gauge).await - value).abs() < f64::EPSILON, "{gauge}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_circuit_is_seen_to_open_and_to_close() {
    let world = World::start().await;
    let page = table::page();
    for name in [EJECTED, HEALTHY, EJECTIONS] {
        assert!(page.contains(&format!("`{name}`")), "docs/metrics.md does not name {name}");
    }
    let shop = world.shop(1, 10).await;
    let customer = world.customer();
    let rest = world.rest(&customer);
    let body = flow::order_of(&shop, &shop.phones[0], 1);
    let of_bookings = async |name: &str| {
        let text = metrics(&world.mesh().envoy_admin(), "/stats/prometheus").await;
        table::value(&text, &format!("{name}{{envoy_cluster_name=\"{BOOKINGS}\"}}"))
    };
    assert_eq!((of_bookings(EJECTED).await, of_bookings(HEALTHY).await), (Some(0.0), Some(1.0)));
    world.stop(Service::Delivery).await;
    wait::until("the circuit to open", || async {
        rest.post_keyed("/v1/orders", &flow::key(), &body).await.refused(503, "DELIVERY_UNAVAILABLE");
        let seen = (of_bookings(EJECTED).await, of_bookings(HEALTHY).await);
        holds(seen == (Some(1.0), Some(0.0)), format!("{seen:?}"))
    })
    .await;
    assert!(of_bookings(EJECTIONS).await >= Some(1.0));
    world.restart(Service::Delivery).await;
    wait::until("the circuit to close", || async {
        let seen = (of_bookings(EJECTED).await, of_bookings(HEALTHY).await);
        holds(seen == (Some(0.0), Some(1.0)), format!("{seen:?}"))
    })
    .await;
    rest.persist("/v1/orders", &flow::key(), &body).await.ok();
}
