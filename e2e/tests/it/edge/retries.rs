//! Retries: reads on UNAVAILABLE, keyed writes only where they cannot have begun, other writes never, all on a budget.

use e2e::flow;
use e2e::rest::Answer;
use e2e::wait::{self, holds};
use reqwest::Method;
use serde_json::json;
use tonic::Code;
use xtask::mesh::Service;
use xtask::token::Role;

use crate::contract;
use crate::http::send;
use crate::stub::{Edge, Reply, Seen, Stub};

/// Two retries.
const ATTEMPTS: usize = 3;

/// One read of each service.
const READS: [&str; 9] = [
    "/v1/shops",
    "/v1/orders",
    "/v1/deliveries",
    "/v1/messages",
    "/v1/contact",
    "/v1/mypage/orders",
    "/v1/ops/stuckOrders",
    "/v1/ops/mypage/rebuild",
    "/v1/ops/unpublished",
];

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_tried_again_where_a_service_is_unavailable() {
    let stub = Stub::new(|seen| if seen.repetition == 0 { Reply::Refusal(Code::Unavailable) } else { Reply::Empty });
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    for (number, path) in READS.into_iter().enumerate() {
        let request = edge.request(Method::GET, path, Role::Operator).header("x-tword-service", "notify");
        send(request).await.ok();
        assert_eq!(stub.calls(), 2 * (number + 1), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_is_tried_three_times_at_most_and_not_at_all_where_that_cannot_help() {
    let stub = Stub::new(|seen| {
        Reply::Refusal(if seen.path.ends_with("GetOrder") { Code::NotFound } else { Code::Unavailable })
    });
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    assert_eq!(edge.rest(Role::Customer).get("/v1/orders").await.status, 503);
    assert_eq!(stub.calls(), ATTEMPTS);
    assert_eq!(edge.rest(Role::Customer).get("/v1/orders/1").await.status, 404);
    assert_eq!(stub.calls(), ATTEMPTS + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_that_arrived_is_sent_again() {
    let stub = Stub::always(Reply::Refusal(Code::Unavailable));
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let mut writes = 0;
    for method in
        contract::public().into_iter().filter(|method| method.rest.as_ref().is_some_and(|rest| rest.0 != Method::GET))
    {
        for key in [None, Some(flow::key())] {
            let rest = method.bare();
            let request = edge.request(rest.verb, &rest.path, Role::Manager).json(&json!({}));
            let request = request.header("x-tword-service", "order");
            let answer = send(key.iter().fold(request, |request, key| request.header("idempotency-key", key))).await;
            writes += 1;
            assert_eq!((answer.status.as_u16(), stub.calls()), (503, writes), "{} {answer}", method.path);
        }
    }
    assert!(writes >= 18, "only {writes} writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_cannot_have_begun_is_sent_again_with_its_key_alone() {
    let edge = Edge::start(|mesh| mesh).await;
    let rest = edge.rest(Role::Customer);
    assert_eq!(rest.post("/v1/orders", &json!({})).await.status, 503);
    assert_eq!(edge.stat("cluster.order.upstream_rq_retry").await, 0);
    assert_eq!(rest.post_keyed("/v1/orders", "a", &json!({})).await.status, 503);
    assert_eq!(edge.stat("cluster.order.upstream_rq_retry").await, 2);
    // Operators' calls need no key to be repeated.
    assert_eq!(edge.rest(Role::Operator).post("/v1/ops/orders/1:resume", &json!({})).await.status, 503);
    let redrive = edge.request(Method::POST, "/v1/ops/deadLetters:redrive", Role::Operator).json(&json!({}));
    assert_eq!(send(redrive.header("x-tword-service", "order")).await.status, 503);
    assert_eq!(edge.stat("cluster.order.upstream_rq_retry").await, 6);
    // Between services nothing is sent that has no key.
    let mut bookings =
        proto::delivery::v1::booking_service_client::BookingServiceClient::new(edge.internal(Service::Order).service());
    let refused =
        bookings.cancel_delivery(proto::delivery::v1::CancelDeliveryRequest::default()).await.expect_err("away");
    assert_eq!((refused.code(), edge.stat("cluster.delivery.upstream_rq_retry").await), (Code::Unavailable, 2));
}

/// Calls that keep a service busy while others are tried again.
const BUSY: usize = 60;
/// Calls that fail at first.
const FAILING: usize = 40;

#[tokio::test(flavor = "multi_thread")]
async fn retries_take_a_fifth_of_the_calls_in_flight_at_most() {
    // PlaceOrder keeps the service busy; a list fails at first, and its retries never end.
    let stub = Stub::new(|seen| {
        if is_list(seen) && seen.repetition == 0 { Reply::Refusal(Code::Unavailable) } else { Reply::Silence }
    });
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("EDGE_TIMEOUT_SECONDS", "60")).await;
    let ask = |verb: Method| tokio::spawn(send(edge.request(verb, "/v1/orders", Role::Customer).json(&json!({}))));
    let busy: Vec<_> = (0..BUSY).map(|_| ask(Method::POST)).collect();
    wait::until("a busy service", || async { holds(stub.calls() == BUSY, format!("{}", stub.calls())) }).await;
    let asked: Vec<_> =
        (0..FAILING).map(|_| tokio::spawn(send(edge.request(Method::GET, "/v1/orders", Role::Customer)))).collect();
    let refused = || async { edge.stat("cluster.order.upstream_rq_retry_overflow").await };
    let retried = || stub.seen().iter().filter(|seen| seen.repetition > 0).count();
    wait::until("each call to be retried or refused", || async {
        let (retried, refused) = (retried(), refused().await);
        holds(retried as u64 + refused == FAILING as u64, format!("{retried} retried, {refused} not"))
    })
    .await;
    // Without a budget it would be the default of three, or all of them.
    assert!((4..=(BUSY + FAILING) / 5).contains(&retried()), "{} retries", retried());
    busy.iter().chain(&asked).for_each(tokio::task::JoinHandle::<Answer>::abort);
}

fn is_list(seen: &Seen) -> bool {
    seen.path.ends_with("ListOrders")
}
