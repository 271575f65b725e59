//! Traces: every request has one, by which the access log and the services name it; spans of the sampled ones go out.

use std::collections::BTreeSet;

use e2e::wait::{self, holds};
use reqwest::Method;
use tonic::Request;
use xtask::mesh::{Ports, Service};
use xtask::token::Role;

use super::logs::line;
use crate::contract::call;
use crate::http::send;
use crate::stub::{Edge, Reply, Stub};

const CALLERS_TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLERS_SPAN: &str = "00f067aa0ba902b7";
const RESOLVE: &str = "/tword.order.v1.ClaimService/ResolveBookings";
const EXPORT: &str = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

/// The parts of the `traceparent` that the service got last: trace, parent, flags.
fn traceparent(stub: &Stub) -> [String; 3] {
    let seen = stub.seen().pop().expect("a call");
    let parts: Vec<_> = seen.header("traceparent").split('-').map(str::to_owned).collect();
    let [version, trace, parent, flags] = parts.try_into().unwrap_or_else(|parts| panic!("{parts:?}"));
    assert_eq!((version.as_str(), trace.len(), parent.len()), ("00", 32, 16), "{seen:?}");
    [trace, parent, flags]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_a_trace_though_nobody_samples_it() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let mut traces = BTreeSet::new();
    for _ in 0..2 {
        let answer = send(edge.request(Method::GET, "/v1/orders", Role::Customer)).await;
        let [trace, _span, flags] = traceparent(&stub);
        assert_eq!(flags, "00");
        let line = line(edge.mesh(), answer.header("x-request-id")).await;
        assert_eq!(line["trace_id"], *trace, "{line}");
        traces.insert(trace);
    }
    assert_eq!(traces.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_own_trace_goes_on_at_the_edge_where_it_samples_and_in_the_mesh_always() {
    let stub = Stub::always(Reply::Empty);
    let (never, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let (always, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("TRACE_SAMPLING", "100")).await;
    let own = |flags: &str| format!("00-{CALLERS_TRACE}-{CALLERS_SPAN}-{flags}");
    // What its caller samples is sampled as often as the edge samples, and never what its caller does not.
    for (edge, flags, expected) in [(&never, "01", "00"), (&always, "00", "00"), (&always, "01", "01")] {
        let asked = edge.request(Method::GET, "/v1/orders", Role::Customer).header("traceparent", own(flags));
        send(asked).await.ok();
        continues(&stub, expected);
    }
    for flags in ["00", "01"] {
        let mut request = Request::new(Vec::new().into());
        request.metadata_mut().insert("traceparent", own(flags).parse().expect("a value"));
        call(never.internal(Service::Delivery).service(), RESOLVE, request).await.expect("an answer");
        continues(&stub, flags);
    }
    call(always.internal(Service::Delivery).service(), RESOLVE, Request::new(Vec::new().into()))
        .await
        .expect("an answer");
    assert_eq!(traceparent(&stub)[2], "00", "what belongs to no trace");
}

/// Asserts that the last call belonged to the caller's trace, below a span of Envoy's own.
fn continues(stub: &Stub, expected: &str) {
    let [trace, parent, flags] = traceparent(stub);
    assert_eq!((trace.as_str(), flags.as_str()), (CALLERS_TRACE, expected));
    assert_ne!(parent, CALLERS_SPAN);
}

#[tokio::test(flavor = "multi_thread")]
async fn spans_of_sampled_requests_go_to_the_collector() {
    let (stub, collector) = (Stub::always(Reply::Empty), Stub::always(Reply::Empty));
    let ports = Ports::free().expect("free ports");
    // Nobody starts a broker here.
    let port = ports.nats;
    let _collector = collector.serve_at(port, true);
    let (edge, _serving) = Edge::before(&stub, |mesh| {
        mesh.ports(ports).placeholder("TRACE_SAMPLING", "100").placeholder("OTLP_PORT", &port.to_string())
    })
    .await;
    send(edge.request(Method::GET, "/v1/orders", Role::Customer)).await.ok();
    assert_eq!(traceparent(&stub)[2], "01");
    wait::until("spans", || async {
        let seen = collector.seen();
        holds(seen.iter().any(|seen| seen.path == EXPORT), format!("{seen:?}"))
    })
    .await;
}
