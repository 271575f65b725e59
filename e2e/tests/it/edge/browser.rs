//! What a browser does: it asks by a preflight, then calls, by REST or gRPC-Web; from allowed origins alone.

use e2e::rest::Answer;
use futures::StreamExt;
use prost_reflect::prost::Message;
use proto::mypage::v1::WatchMyOrdersResponse;
use reqwest::{Method, RequestBuilder};
use tonic::Code;
use xtask::token::Role;

use super::grpc::{TRAILERS, framed, frames};
use crate::http::{client, send};
use crate::stub::{Edge, Reply, Stub};

const ALLOWED: &str = "http://localhost:3000";
const FOREIGN: [&str; 4] =
    ["http://localhost.example.org", "https://localhost:3000.example.org", "http://example.org", "null"];
const GRPC_WEB: &str = "application/grpc-web+proto";
const UNARY: &str = "/tword.order.v1.OrderService/ListOrders";
const WATCH: &str = "/tword.mypage.v1.MyPageService/WatchMyOrders";

/// Every way that a page may take, with the headers that it sends of its own.
const CALLS: [(Method, &str, &str); 6] = [
    (Method::GET, "/v1/orders", "authorization"),
    (Method::POST, "/v1/orders", "authorization,content-type,idempotency-key,traceparent"),
    (Method::GET, "/v1/mypage/orders:watch", "authorization,last-event-id"),
    (Method::GET, "/v1/ops/consumers", "authorization,x-tword-service"),
    (Method::POST, UNARY, "authorization,content-type,grpc-timeout,x-grpc-web,x-user-agent"),
    (
        Method::POST,
        "/tword.ops.v1.OperationsService/ListConsumers",
        "authorization,content-type,x-grpc-web,x-tword-service",
    ),
];

async fn preflight(edge: &Edge, origin: &str, (verb, path, headers): &(Method, &str, &str)) -> Answer {
    let asked = client().request(Method::OPTIONS, format!("{}{path}", edge.mesh().edge())).header("origin", origin);
    let asked = asked.header("access-control-request-method", verb.as_str());
    send(asked.header("access-control-request-headers", *headers)).await
}

/// Whether a page of this origin may go on after its preflight.
async fn may_call(edge: &Edge, origin: &str, call: &(Method, &str, &str)) -> bool {
    let answer = preflight(edge, origin, call).await;
    let list = |name: &str| answer.header(name).split(',').map(|part| part.trim().to_owned()).collect::<Vec<_>>();
    let (verbs, headers) = (list("access-control-allow-methods"), list("access-control-allow-headers"));
    answer.status.is_success()
        && answer.header("access-control-allow-origin") == origin
        && verbs.contains(&call.0.to_string())
        && call.2.split(',').all(|name| headers.iter().any(|allowed| allowed == name))
}

fn grpc_web(edge: &Edge, origin: &str, path: &str) -> RequestBuilder {
    let request = edge.request(Method::POST, path, Role::Customer).header("origin", origin);
    request.header("x-grpc-web", "1").header("content-type", GRPC_WEB).body(framed(&[]))
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_allowed_origins_may_call_by_every_way_and_others_by_none() {
    let stub = Stub::always(Reply::Empty);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    for call in &CALLS {
        assert!(may_call(&edge, ALLOWED, call).await, "{call:?}");
        for origin in FOREIGN {
            let answer = preflight(&edge, origin, call).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin} {call:?}");
        }
    }
    assert_eq!(stub.calls(), 0, "a preflight is no call");
    for (origin, shown) in [(ALLOWED, ALLOWED), (FOREIGN[0], "")] {
        let rest = send(edge.request(Method::GET, "/v1/orders", Role::Customer).header("origin", origin)).await;
        let web = grpc_web(&edge, origin, UNARY).send().await.expect("an answer");
        assert_eq!(rest.header("access-control-allow-origin"), shown);
        assert_eq!(
            web.headers().get("access-control-allow-origin").map_or("", |value| value.to_str().expect("text")),
            shown
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_why_it_was_refused() {
    let stub = Stub::always(Reply::Refusal(Code::Unavailable));
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let answer = grpc_web(&edge, ALLOWED, UNARY).send().await.expect("an answer");
    let exposed = answer.headers()["access-control-expose-headers"].to_str().expect("text").to_owned();
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "retry-after", "x-request-id"] {
        assert!(exposed.split(',').any(|own| own.trim() == name), "{name} is not in {exposed}");
    }
    let nobody = client().get(format!("{}/v1/orders", edge.mesh().edge())).header("origin", ALLOWED);
    let nobody = send(nobody).await;
    assert_eq!((nobody.status.as_u16(), nobody.header("access-control-allow-origin")), (401, ALLOWED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_watches_by_grpc_web() {
    let stub = Stub::always(Reply::Stream);
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh.placeholder("WATCH_MAX_SECONDS", "60")).await;
    let update = |cursor: &str| WatchMyOrdersResponse { cursor: cursor.to_owned(), ..Default::default() };
    stub.tell(update("first").encode_to_vec());
    let answer = grpc_web(&edge, ALLOWED, WATCH).send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &GRPC_WEB.parse().expect("a value"))
    );
    assert_eq!(answer.headers()["access-control-allow-origin"], ALLOWED);
    let mut parts = answer.bytes_stream();
    for cursor in ["first", "second"] {
        // The stream goes on: each message comes by itself.
        let part = parts.next().await.expect("a message").expect("a message");
        let frames = frames(&part);
        let [(0, message)] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!(WatchMyOrdersResponse::decode(message.as_slice()).expect("an update"), update(cursor));
        stub.tell(update("second").encode_to_vec());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_watch_ends_by_trailers() {
    let stub = Stub::always(Reply::Refusal(Code::PermissionDenied));
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let answer = grpc_web(&edge, ALLOWED, WATCH).send().await.expect("an answer");
    let status = answer.headers().get("grpc-status").map(|value| value.to_str().expect("text").to_owned());
    let frames = frames(&answer.bytes().await.expect("a body"));
    let trailers = frames.iter().find(|(flag, _)| *flag == TRAILERS);
    let told = trailers.map(|(_, text)| String::from_utf8_lossy(text).into_owned());
    assert!(status.as_deref() == Some("7") || told.is_some_and(|told| told.contains("grpc-status:7")), "{frames:?}");
}
