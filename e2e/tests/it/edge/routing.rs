//! What is reachable from where: people never reach what is between services, and services nothing else.

use std::collections::{BTreeMap, BTreeSet};

use e2e::grpc::Grpc;
use prost_reflect::prost::bytes::Bytes;
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
            let refused = call(edge.grpc(role).service(), path, of("order")).await.expect_err(path);
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
        call(edge.grpc(Role::Operator).service(), &method.path, of("order")).await.expect(&method.path);
        let rest = method.bare();
        let mut request = edge.request(rest.verb, &rest.path, Role::Operator).header("x-tword-service", "order");
        if let Some(body) = &rest.body {
            request = request.json(body);
        }
        let answer = send(request).await;
        assert!(answer.status.is_success(), "{} {} {answer}", method.path, rest.path);
        let asked: Vec<_> = stub.seen().iter().rev().take(2).map(|seen| seen.path.clone()).collect();
        assert_eq!(asked, [method.path.as_str(); 2]);
        assert!(stub.seen().iter().all(|seen| seen.header("x-tword-service").is_empty()), "the header goes no further");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_public_path_says_which_verbs_it_takes() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let mut paths = BTreeMap::<String, BTreeSet<String>>::new();
    for method in contract::public() {
        let rest = method.bare();
        paths.entry(rest.path).or_default().insert(rest.verb.to_string());
    }
    for (path, verbs) in paths {
        let refused = send(edge.request(Method::PUT, &path, Role::Operator).header("x-tword-service", "order")).await;
        assert_status(&refused, 405, 12, "METHOD_NOT_ALLOWED");
        let allowed: BTreeSet<_> = refused.header("allow").split(", ").map(str::to_owned).collect();
        assert_eq!(allowed, verbs, "{path}");
    }
    assert_eq!(stub.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_name_the_service_they_ask_by_a_header() {
    let stubs = Service::ALL.map(|service| (service, Stub::always(Reply::Empty)));
    let edge = Edge::prepare(|mesh| mesh);
    let _serving: Vec<_> = stubs.iter().map(|(service, stub)| stub.serve(&edge, *service)).collect();
    edge.run().await;
    let path = "/tword.ops.v1.OperationsService/ListConsumers";
    for (service, stub) in &stubs {
        let name = service.context();
        call(edge.grpc(Role::Operator).service(), path, of(name)).await.expect(name);
        let rest = edge.request(Method::GET, "/v1/ops/consumers", Role::Operator).header("x-tword-service", name);
        send(rest).await.ok();
        assert_eq!(stub.calls(), 2, "{name}");
    }
    for wrong in ["", "orders", "delivery_booking", "otlp", "mypage_watch"] {
        let mut ask = edge.request(Method::GET, "/v1/ops/consumers", Role::Operator);
        let mut request = Request::new(Bytes::new());
        if !wrong.is_empty() {
            ask = ask.header("x-tword-service", wrong);
            request.metadata_mut().insert("x-tword-service", wrong.parse().expect("a value"));
        }
        let refused = send(ask).await;
        assert_status(&refused, 400, 3, "INVALID_REQUEST");
        assert!(refused.body["message"].as_str().is_some_and(|text| text.contains("x-tword-service")), "{refused}");
        let refused = call(edge.grpc(Role::Operator).service(), path, request).await.expect_err(wrong);
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert!(refused.message().contains("x-tword-service"), "{refused:?}");
    }
    assert!(stubs.iter().all(|(_, stub)| stub.calls() == 2));
}

/// An empty request of one service.
fn of(service: &str) -> Request<Bytes> {
    let mut request = Request::new(Bytes::new());
    request.metadata_mut().insert("x-tword-service", service.parse().expect("a value"));
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mesh_routes_internal_methods_alone() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    for path in INTERNAL {
        for service in Service::ALL {
            call(edge.internal(service).service(), path, of(service.context())).await.expect(path);
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
