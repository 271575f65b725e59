//! What is reachable from where: people never reach what is between services, and services nothing else.

use e2e::grpc::Grpc;
use reqwest::Method;
use serde_json::json;
use tonic::{Code, Request};
use xtask::mesh::Service;
use xtask::token::Role;

use crate::contract::{self, call};
use crate::http::{assert_status, send};
use crate::stub::{Edge, Reply, Stub};

/// What services call each other for, named here so that a new one is looked at by somebody.
const INTERNAL: [&str; 4] = [
    "/tword.delivery.v1.BookingService/BookDelivery",
    "/tword.delivery.v1.BookingService/CancelDelivery",
    "/tword.order.v1.ClaimService/ResolveBookings",
    "/tword.ops.v1.EventLogService/ReadEvents",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_routes_no_internal_method_whoever_asks_and_however() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let mut found: Vec<_> = contract::internal().into_iter().map(|method| method.path).collect();
    found.sort_unstable();
    let mut named = INTERNAL;
    named.sort_unstable();
    assert_eq!(found, named);
    let service = edge.mesh().keys().mint_service(Service::Order).expect("a token");
    let hidden = ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.health.v1.Health/Watch"];
    for path in found.iter().map(String::as_str).chain(hidden) {
        for role in Role::ALL {
            let mut request = Request::new(vec![].into());
            request.metadata_mut().insert("x-tword-service", "order".parse().expect("a value"));
            let refused = call(edge.grpc(role).service(), path, request).await.expect_err(path);
            assert_eq!(refused.code(), Code::Unimplemented, "{path} {refused:?}");
            let refused = send(edge.request(Method::POST, path, role).json(&json!({}))).await;
            assert_status(&refused, 404, 12, "UNKNOWN_METHOD");
        }
        let as_service = Grpc::new(&edge.mesh().edge()).with_token(&service);
        call(as_service.service(), path, Request::new(vec![].into())).await.expect_err(path);
    }
    assert_eq!(stub.calls(), 0, "{:?}", stub.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_routes_every_public_method_by_both_its_ways() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    for method in contract::public() {
        call(edge.grpc(Role::Operator).service(), &method.path, Request::new(vec![].into())).await.expect(&method.path);
        let ids = json!({ "shopId": "1", "phoneId": "1", "orderId": "1", "deliveryId": "1", "messageId": "1" });
        let (verb, template) = method.rest.clone().expect("a binding");
        let taken = ids.as_object().expect("ids").keys().filter(|name| {
            let place = name.replace("Id", "_id");
            template.contains(&format!("{{{place}}}"))
        });
        let rest = method.rest(&taken.map(|name| (name.clone(), json!("1"))).collect());
        let answer =
            edge.rest(Role::Operator).call(verb, &rest.path, None, rest.body.as_ref()).await.expect("an answer");
        assert!(answer.status.is_success(), "{} {} {answer}", method.path, rest.path);
        let asked: Vec<_> = stub.seen().iter().rev().take(2).map(|seen| seen.path.clone()).collect();
        assert_eq!(asked, [method.path.as_str(); 2]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mesh_routes_internal_methods_alone() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    for path in INTERNAL {
        for service in Service::ALL {
            let mut request = Request::new(vec![].into());
            request.metadata_mut().insert("x-tword-service", service.context().parse().expect("a value"));
            call(edge.internal(service).service(), path, request).await.expect(path);
        }
    }
    let routed = stub.calls();
    assert_eq!(routed, INTERNAL.len() * Service::ALL.len());
    for method in contract::public() {
        let refused = call(edge.internal(Service::Order).service(), &method.path, Request::new(vec![].into())).await;
        assert_eq!(refused.expect_err(&method.path).code(), Code::Unimplemented, "{}", method.path);
    }
    assert_eq!(stub.calls(), routed);
}
