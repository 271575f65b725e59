//! Whatever Envoy refuses by itself, it says in JSON.

use e2e::rest::Rest;
use e2e::world::World;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;
use xtask::token::Role;

use crate::http::{assert_status, client, send};
use crate::stub::Edge;

#[tokio::test(flavor = "multi_thread")]
async fn wrong_methods_paths_bodies_and_types_are_refused_in_json() {
    let world = World::shared().await;
    let customer = world.customer();
    let at = |path: &str| format!("{}{path}", world.mesh().edge());
    let ask = |verb, path| client().request(verb, at(path)).bearer_auth(&customer.token);
    let json_ask =
        |path, body: &'static str| ask(Method::POST, path).header("content-type", "application/json").body(body);
    let cancel = format!("/v1/orders/{}:cancel", Uuid::new_v4());
    for (request, status, code, reason) in [
        (client().get(at("/v1/orders")), 401, 16, "UNAUTHENTICATED"),
        (ask(Method::GET, "/"), 404, 12, "UNKNOWN_METHOD"),
        (ask(Method::GET, "/v1/orders/a/b"), 404, 12, "UNKNOWN_METHOD"),
        (ask(Method::GET, "/tword.order.v1.OrderService/GetOrder"), 404, 12, "UNKNOWN_METHOD"),
        (ask(Method::DELETE, "/v1/orders"), 405, 12, "METHOD_NOT_ALLOWED"),
        (ask(Method::GET, &cancel), 405, 12, "METHOD_NOT_ALLOWED"),
        (ask(Method::PUT, "/v1/mypage/orders"), 405, 12, "METHOD_NOT_ALLOWED"),
        (ask(Method::PUT, &format!("/v1/shops/{0}/phones/{0}", Uuid::new_v4())), 405, 12, "METHOD_NOT_ALLOWED"),
        (json_ask("/v1/orders", "{"), 400, 3, "INVALID_REQUEST"),
        (json_ask("/v1/orders", r#"{"lines":3}"#), 400, 3, "INVALID_REQUEST"),
        (
            ask(Method::POST, "/v1/orders").header("content-type", "text/plain").body("{}"),
            415,
            3,
            "UNSUPPORTED_MEDIA_TYPE",
        ),
        (ask(Method::GET, "/v1/orders").header("x-large", "x".repeat(40_000)), 431, 8, "HEADERS_TOO_LARGE"),
    ] {
        let answer = send(request).await;
        assert_status(&answer, status, code, reason);
        assert_eq!(status == 405, answer.headers.contains_key("allow"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_away_is_told_in_json_with_advice() {
    let edge = Edge::start(|mesh| mesh).await;
    let answer = edge.rest(Role::Customer).post("/v1/orders", &json!({})).await;
    assert_status(&answer, 503, 14, "SERVICE_UNREACHABLE");
    assert_eq!(answer.header("retry-after"), "2");
    assert_eq!(answer.detail("google.rpc.RetryInfo")["retryDelay"], "2s");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_contracts_are_open() {
    let edge = Edge::start(|mesh| mesh).await;
    let nobody = Rest::new(&edge.mesh().edge());
    assert_eq!(nobody.get("/healthz").await.ok(), json!({ "status": "SERVING" }));
    let contracts = client().get(format!("{}/descriptors.binpb", edge.mesh().edge())).send().await.expect("an answer");
    assert_eq!(contracts.bytes().await.expect("a body"), proto::DESCRIPTORS);
}
