//! Nobody waits for ever: the edge's time-out bounds every call, whatever the caller asks for.

use std::time::{Duration, Instant};

use e2e::world::World;
use proto::shop::v1::ListShopsRequest;
use reqwest::Method;
use tonic::Code;
use xtask::mesh::Service;
use xtask::token::Role;

use super::freeze;
use crate::http::{assert_status, send};
use crate::stub::{Edge, Reply, Stub};

/// Far below what a caller asks for, far above the edge's second.
const SOON: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_service_costs_its_callers_the_time_out_and_no_more() {
    let world = World::start_with(|mesh| mesh.placeholder("EDGE_TIMEOUT_SECONDS", "1")).await;
    let rest = world.rest(&world.customer());
    rest.get("/v1/messages").await.ok();
    freeze(&world, Service::Notify).await;
    let begun = Instant::now();
    let answer = rest.get("/v1/messages").await;
    assert_status(&answer, 504, 4, "DEADLINE_EXCEEDED");
    assert!((Duration::from_secs(1)..SOON).contains(&begun.elapsed()), "{:?}", begun.elapsed());
    rest.get("/v1/orders").await.ok();
    world.mesh().resume(Service::Notify).expect("resumed");
    world.mesh().wait_healthy(Service::Notify).await.expect("healthy");
    rest.get("/v1/messages").await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_cannot_ask_for_more_time() {
    let stub = Stub::always(Reply::Silence);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("EDGE_TIMEOUT_SECONDS", "1")).await;
    let begun = Instant::now();
    let patient = edge.request(Method::GET, "/v1/shops", Role::Customer).header("grpc-timeout", "1H");
    assert_status(&send(patient).await, 504, 4, "DEADLINE_EXCEEDED");
    let mut request = tonic::Request::new(ListShopsRequest::default());
    request.metadata_mut().insert("grpc-timeout", "1H".parse().expect("a value"));
    let refused = edge.grpc(Role::Customer).shop().list_shops(request).await.expect_err("too long");
    assert_eq!(refused.code(), Code::DeadlineExceeded);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}
