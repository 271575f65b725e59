//! The access log: one line a request, which tells nothing that is secret.

use e2e::wait::{self, holds};
use e2e::world::World;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;
use xtask::mesh::{Mesh, Part};

use crate::http::{client, send};

#[tokio::test(flavor = "multi_thread")]
async fn each_request_is_a_line_without_tokens_and_queries() {
    let world = World::shared().await;
    let customer = world.customer();
    let secret = Uuid::new_v4().simple().to_string();
    let path = format!("/v1/orders?pageToken={secret}");
    let ask = |verb| client().request(verb, format!("{}{path}", world.mesh().edge())).bearer_auth(&customer.token);
    let answered = send(ask(Method::GET)).await;
    let refused = send(ask(Method::DELETE)).await;
    let first = line(world.mesh(), answered.header("x-request-id")).await;
    let second = line(world.mesh(), refused.header("x-request-id")).await;
    assert_eq!(
        (&first["status"], &first["method"], &first["path"]),
        (&400.into(), &"GET".into(), &"/v1/orders".into()),
        "{first}"
    );
    assert_eq!(
        (&first["rpc"], &first["cluster"]),
        (&"/tword.order.v1.OrderService/ListOrders".into(), &"order".into()),
        "{first}"
    );
    assert_eq!((&second["status"], &second["path"]), (&405.into(), &"/v1/orders".into()), "{second}");
    let log = world.mesh().log(Part::Envoy).expect("the log");
    assert!(!log.contains(&secret), "the log has a query");
    let (_head, signature) = customer.token.rsplit_once('.').expect("three parts");
    assert!(!log.contains(signature) && !log.contains("Bearer"), "the log has a token");
}

/// The line of a request in the access log of a mesh's Envoy.
pub(super) async fn line(mesh: &Mesh, request_id: &str) -> Value {
    wait::until("the request in the access log", || async move {
        let log = mesh.log(Part::Envoy).map_err(|error| error.to_string())?;
        let found: Vec<_> = log.lines().filter(|line| line.contains(request_id)).collect();
        holds(found.len() == 1, format!("{} lines", found.len()))?;
        serde_json::from_str(found[0]).map_err(|error| error.to_string())
    })
    .await
}
