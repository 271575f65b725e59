//! What outsiders may say in headers, and what the edge says for them.

use reqwest::Method;
use serde_json::json;
use xtask::mesh::Service;
use xtask::token::Role;

use crate::http::{client, send};
use crate::stub::{Edge, Reply, Stub};

/// What an outsider would like to decide.
const FORGED: [(&str, &str); 10] = [
    ("x-tword-service", "delivery"),
    ("x-envoy-upstream-rq-timeout-ms", "60000"),
    ("x-envoy-upstream-rq-per-try-timeout-ms", "60000"),
    ("x-envoy-retry-on", "5xx"),
    ("x-envoy-retry-grpc-on", "unavailable"),
    ("x-envoy-max-retries", "100"),
    ("x-envoy-upstream-alt-stat-name", "forged"),
    ("x-envoy-expected-rq-timeout-ms", "60000"),
    ("x-envoy-internal", "true"),
    ("x-envoy-force-trace", "true"),
];

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_steer_the_mesh_are_stripped_from_outsiders() {
    let stub = Stub::always(Reply::Refusal(tonic::Code::Unavailable));
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let mut request = edge.request(Method::POST, "/v1/orders", Role::Customer).json(&json!({}));
    for (name, value) in FORGED {
        request = request.header(name, value);
    }
    assert_eq!(send(request).await.status, 503);
    let seen = stub.seen();
    assert_eq!(seen.len(), 1, "a forged header made Envoy call again");
    for (name, value) in FORGED {
        assert_ne!(seen[0].header(name), value, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_with_an_underscore_is_refused() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let request = edge.request(Method::GET, "/v1/orders", Role::Customer).header("idempotency_key", "a");
    assert_eq!((send(request).await.status.as_u16(), stub.calls()), (400, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_request_has_an_id_of_the_edges_own() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let forged = "11111111-1111-4111-8111-111111111111";
    let mut ids = Vec::new();
    for _ in 0..2 {
        let request = edge.request(Method::GET, "/v1/orders", Role::Customer).header("x-request-id", forged);
        let answer = send(request).await;
        ids.push(answer.header("x-request-id").to_owned());
    }
    let refused = send(client().get(format!("{}/v1/orders", edge.mesh().edge()))).await;
    ids.push(refused.header("x-request-id").to_owned());
    let passed_on: Vec<_> = stub.seen().iter().map(|seen| seen.header("x-request-id").to_owned()).collect();
    assert_eq!(passed_on, ids[..2]);
    assert!(ids.iter().all(|id| id.len() == 36 && id != forged), "{ids:?}");
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_goes_on_to_the_service_the_callers_own_or_the_edges() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("EDGE_TIMEOUT_SECONDS", "7")).await;
    send(edge.request(Method::GET, "/v1/orders", Role::Customer)).await.ok();
    send(edge.request(Method::GET, "/v1/orders", Role::Customer).header("grpc-timeout", "1500m")).await.ok();
    let mut request = tonic::Request::new(proto::order::v1::ListOrdersRequest::default());
    request.metadata_mut().insert("grpc-timeout", "2S".parse().expect("a value"));
    edge.grpc(Role::Customer).order().list_orders(request).await.expect("an answer");
    let seen: Vec<_> = stub.seen().iter().map(|seen| seen.header("grpc-timeout").to_owned()).collect();
    assert_eq!(seen, ["7S", "1500m", "2S"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_that_a_health_check_names_is_no_header_of_the_service() {
    let stub = Stub::always(Reply::Empty);
    let edge = Edge::prepare(|mesh| mesh);
    let _delivery = stub.serve_as(&edge, Service::Delivery, true);
    let _notify = stub.serve_as(&edge, Service::Notify, false);
    edge.run().await;
    for (service, expected) in [("delivery", [8, 1]), ("notify", [8, 2])] {
        let mut request = tonic::Request::new(prost_reflect::prost::bytes::Bytes::new());
        request.metadata_mut().insert("x-tword-service", service.parse().expect("a value"));
        let nobody = e2e::grpc::Grpc::new(&edge.mesh().edge());
        let answer = crate::contract::call(nobody.service(), "/grpc.health.v1.Health/Check", request).await;
        assert_eq!(answer.expect("health").as_ref(), expected, "{service}");
    }
}
