//! The booking's own circuit: bookings that are not answered close themselves off, for seconds, and nothing else.

use std::time::{Duration, Instant};

use e2e::envoy::{bookings_sent, circuit_is_open, cluster};
use e2e::flow;
use e2e::wait::{self, holds};
use e2e::world::World;
use futures::future::join_all;
use proto::delivery::v1::booking_service_client::BookingServiceClient;
use proto::delivery::v1::{BookDeliveryRequest, CancelDeliveryRequest};
use tonic::Code;
use uuid::Uuid;
use xtask::mesh::Service;
use xtask::token::Role;

use super::freeze;
use crate::stub::{Edge, Reply, Stub};

/// Failures in a row that open the circuit.
const FAILURES: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn slow_bookings_of_a_healthy_service_open_the_circuit_and_nothing_else() {
    let stub = Stub::new(|seen| if seen.path.ends_with("/BookDelivery") { Reply::Silence } else { Reply::Empty });
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let bookings = BookingServiceClient::new(edge.internal(Service::Order).service());
    let book = || {
        let mut bookings = bookings.clone();
        async move { bookings.book_delivery(BookDeliveryRequest::default()).await.expect_err("no booking") }
    };
    let begun = Instant::now();
    for refused in join_all((0..FAILURES).map(|_| book())).await {
        assert_eq!(refused.code(), Code::DeadlineExceeded, "{refused:?}");
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    let refused = wait::until("a booking that is refused and not sent on", || async {
        let before = stub.calls();
        let refused = book().await;
        let sent = stub.calls() - before;
        holds(refused.code() == Code::Unavailable && sent == 0, format!("{refused:?} and {sent} sent"))?;
        Ok(refused)
    })
    .await;
    assert_eq!(refused.metadata().get("retry-after").expect("advice"), "2");
    assert!(stub.calls() < 2 * FAILURES, "{} were sent", stub.calls());
    assert!(edge.stat("cluster.delivery_booking.outlier_detection.ejections_enforced_total").await > 0);
    // All other ways to the service stay open.
    bookings.clone().cancel_delivery(CancelDeliveryRequest::default()).await.expect("cancelled");
    edge.rest(Role::Staff).get("/v1/deliveries").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_bookings_are_in_flight_than_the_limit() {
    let stub = Stub::always(Reply::Silence);
    let limits = |mesh: xtask::mesh::MeshBuilder| {
        mesh.placeholder("MAX_BOOKINGS", "2").placeholder("BOOKING_ROUTE_TIMEOUT", "60s")
    };
    let (edge, _serving) = Edge::before(&stub, limits).await;
    let bookings = BookingServiceClient::new(edge.internal(Service::Order).service());
    let book = |mut bookings: BookingServiceClient<_>| async move {
        bookings.book_delivery(BookDeliveryRequest::default()).await
    };
    let held = [0, 1].map(|_| tokio::spawn(book(bookings.clone())));
    wait::until("two bookings in flight", || async { holds(stub.calls() == 2, format!("{}", stub.calls())) }).await;
    assert_eq!(book(bookings.clone()).await.expect_err("no room").code(), Code::Unavailable);
    assert_eq!(stub.calls(), 2);
    held.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_delivery_svc_turns_orders_away_at_once_and_heals() {
    let world = World::start_with(|mesh| mesh.placeholder("EDGE_TIMEOUT_SECONDS", "1")).await;
    let shop = world.shop(1, 50).await;
    let customer = world.customer();
    let (rest, staff) = (world.rest(&customer), world.rest(&shop.staff));
    let body = flow::order_of(&shop, &shop.phones[0], 1);
    let order = || async { rest.post_keyed("/v1/orders", &flow::key(), &body).await };
    freeze(&world, Service::Delivery).await;
    for answer in join_all((0..FAILURES).map(|_| order())).await {
        answer.refused(503, "DELIVERY_UNAVAILABLE");
    }
    wait::until("an open circuit", || async { holds(circuit_is_open(&world).await, "a closed one") }).await;
    refused_at_once(&world, order).await;

    let before = cluster(&world, "delivery", "upstream_rq_total").await;
    let other = staff.get(&format!("/v1/deliveries/{}", Uuid::new_v4())).await;
    assert_eq!(other.status, 504, "{other}");
    assert!(cluster(&world, "delivery", "upstream_rq_total").await > before, "another call was not sent");

    world.mesh().resume(Service::Delivery).expect("resumed");
    rest.persist("/v1/orders", &flow::key(), &body).await.ok();
    assert_eq!(flow::orders_of(&world, &customer).await, 1);
}

/// Looks until the circuit was open before and after one order: that one was refused and not sent on.
async fn refused_at_once<F: Future<Output = e2e::rest::Answer>>(world: &World, order: impl Fn() -> F) {
    wait::until("an order that is refused by an open circuit", || async {
        let before = (circuit_is_open(world).await, bookings_sent(world).await);
        let begun = Instant::now();
        let answer = order().await;
        let took = begun.elapsed();
        answer.refused(503, "DELIVERY_UNAVAILABLE");
        assert_eq!(answer.header("retry-after"), "2");
        let after = (circuit_is_open(world).await, bookings_sent(world).await);
        holds(before.0 && before == after, format!("{before:?}, then {after:?}"))?;
        holds(took < Duration::from_millis(300), format!("{took:?}"))
    })
    .await;
}
