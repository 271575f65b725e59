//! REST is gRPC, and what is neither is refused with its reason.

use e2e::flow;
use e2e::world::World;
use serde_json::json;
use uuid::Uuid;

use crate::http::assert_status;

#[tokio::test(flavor = "multi_thread")]
async fn a_query_parameter_that_nobody_reads_is_refused() {
    let world = World::shared().await;
    let answer = world.rest(&world.customer()).get("/v1/shops?colour=red").await;
    assert_status(&answer, 400, 3, "INVALID_REQUEST");
    assert!(answer.body["message"].as_str().is_some_and(|message| message.contains("colour")), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_parameter_never_overrides_the_body_of_a_write() {
    let world = World::shared().await;
    let (shop, other) = (world.shop(1, 1).await, world.shop(1, 1).await);
    let customer = world.customer();
    let rest = world.rest(&customer);
    let body = flow::order_of(&shop, &shop.phones[0], 1);
    let path = format!("/v1/orders?shopId={}", other.id);
    let answer = rest.post_keyed(&path, &flow::key(), &body).await;
    assert_status(&answer, 400, 3, "INVALID_REQUEST");
    assert_eq!(rest.get("/v1/orders").await.ok()["orders"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_is_no_method_is_refused_by_its_name() {
    let world = World::shared().await;
    let answer = world.rest(&world.customer()).get("/v1/nope").await;
    assert_status(&answer, 404, 12, "UNKNOWN_METHOD");
    assert!(answer.body["message"].as_str().is_some_and(|message| message.contains("/v1/nope")), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_contradicts_the_path_is_refused_and_changes_nothing() {
    let world = World::shared().await;
    let shop = world.shop(1, 1).await;
    let placed = flow::place(&world, &shop).await;
    let rest = world.rest(&placed.customer);
    flow::reaches(&rest, &placed.order_id, "CONFIRMED").await;
    let path = format!("/v1/orders/{}:cancel", placed.order_id);
    let answer = rest.post_keyed(&path, &flow::key(), &json!({ "order_id": Uuid::new_v4().to_string() })).await;
    assert_status(&answer, 400, 3, "INVALID_REQUEST");
    let order = rest.get(&format!("/v1/orders/{}", placed.order_id)).await.ok();
    assert_eq!(order["order"]["status"], "STATUS_CONFIRMED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_services_own_error_keeps_its_code_reason_and_every_violation() {
    let world = World::shared().await;
    let rest = world.rest(&world.customer());
    let unknown = rest.get(&format!("/v1/orders/{}", Uuid::new_v4())).await;
    assert_status(&unknown, 404, 5, "NOT_FOUND");
    let wrong = rest.post_keyed("/v1/orders", &flow::key(), &json!({ "shopId": "x", "lines": [] })).await;
    assert_status(&wrong, 400, 3, "INVALID_REQUEST");
    let violations = wrong.detail("google.rpc.BadRequest")["fieldViolations"].as_array().expect("violations");
    assert!(violations.len() >= 3, "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_lower_camel_case_json_with_its_default_values() {
    let world = World::shared().await;
    let answer = world.rest(&world.customer()).get("/v1/mypage/orders").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.ok(), json!({ "orders": [], "nextPageToken": "" }));
}
