//! Limits: what is too large or too much is refused before a service hears of it.

use e2e::wait::{self, holds};
use reqwest::Method;
use serde_json::json;
use tonic::Code;
use xtask::token::Role;

use crate::http::{assert_status, send};
use crate::stub::{Edge, Reply, Stub};

#[tokio::test(flavor = "multi_thread")]
async fn a_body_above_the_limit_is_refused_and_one_below_passes() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("MAX_BODY_BYTES", "10000")).await;
    let body = |characters| json!({ "shopId": "x".repeat(characters) });
    let large = edge.rest(Role::Customer).post("/v1/orders", &body(10_000)).await;
    assert_status(&large, 413, 8, "REQUEST_TOO_LARGE");
    let message = proto::order::v1::PlaceOrderRequest { shop_id: "x".repeat(10_000), ..Default::default() };
    let refused = edge.grpc(Role::Customer).order().place_order(message).await.expect_err("too large");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(stub.calls(), 0);
    edge.rest(Role::Customer).post("/v1/orders", &body(9_000)).await.ok();
    assert_eq!(stub.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_legal_request_passes() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let serials: Vec<_> = (0..10_000).map(|number| format!("{number:032}")).collect();
    let path = "/v1/shops/1/phones/1/units";
    edge.rest(Role::Manager).post(path, &json!({ "units": { "serials": { "serials": serials } } })).await.ok();
    assert_eq!(stub.calls(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_in_all_are_turned_away() {
    turned_away("RATE_LIMIT").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_requests_of_one_client_are_turned_away() {
    turned_away("CLIENT_RATE_LIMIT").await;
}

/// More requests at once than a limit of 3 a second lets through.
async fn turned_away(limit: &str) {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder(limit, "3")).await;
    let asks = (0..30).map(|_| send(edge.request(Method::GET, "/v1/orders", Role::Customer)));
    let answers = futures::future::join_all(asks).await;
    let (passed, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status.is_success());
    assert!((3..30).contains(&passed.len()), "{} passed", passed.len());
    assert_eq!(stub.calls(), passed.len());
    for answer in refused {
        assert_status(answer, 429, 8, "TOO_MANY_REQUESTS");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.detail("google.rpc.RetryInfo")["retryDelay"], "1s");
    }
    // The limit is for a moment.
    wait::until("the limit to be over", || async {
        let answer = send(edge.request(Method::GET, "/v1/orders", Role::Customer)).await;
        holds(answer.status.is_success(), answer.to_string())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_in_flight_than_a_service_takes_are_refused_at_once() {
    let stub = Stub::new(|seen| if seen.path.ends_with("PlaceOrder") { Reply::Silence } else { Reply::Empty });
    let limits = |mesh: xtask::mesh::MeshBuilder| {
        mesh.placeholder("MAX_REQUESTS", "2").placeholder("EDGE_TIMEOUT_SECONDS", "60")
    };
    let (edge, _serving) = Edge::before(&stub, limits).await;
    let held: Vec<_> = (0..2)
        .map(|_| tokio::spawn(send(edge.request(Method::POST, "/v1/orders", Role::Customer).json(&json!({})))))
        .collect();
    wait::until("two calls in flight", || async { holds(stub.calls() == 2, format!("{}", stub.calls())) }).await;
    let refused = edge.rest(Role::Customer).post("/v1/orders", &json!({})).await;
    assert_status(&refused, 503, 14, "SERVICE_UNREACHABLE");
    assert_eq!(refused.header("retry-after"), "2");
    assert_eq!((stub.calls(), edge.stat("cluster.order.upstream_rq_active_overflow").await), (2, 1));
    // Other services have room of their own.
    edge.rest(Role::Customer).get("/v1/shops").await.ok();
    held.iter().for_each(tokio::task::JoinHandle::abort);
    wait::until("room again", || async {
        let answer = edge.rest(Role::Customer).get("/v1/orders").await;
        holds(answer.status.is_success(), answer.to_string())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_above_the_limit_is_closed() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("MAX_CONNECTIONS", "2")).await;
    let held = [edge.rest(Role::Customer), edge.rest(Role::Staff)];
    for rest in &held {
        rest.get("/v1/orders").await.ok();
    }
    let third = edge.rest(Role::Customer);
    third.call(Method::GET, "/v1/orders", None, None).await.expect_err("a third connection");
    held[0].get("/v1/orders").await.ok();
}
