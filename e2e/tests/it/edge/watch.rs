//! Watches: streams that last, on a route and a cluster of their own.

use std::time::Duration;

use e2e::sse::Events;
use e2e::wait::{self, holds};
use prost_reflect::prost::Message;
use proto::mypage::v1::watch_my_orders_response::Kind;
use proto::mypage::v1::{WatchMyOrdersRequest, WatchMyOrdersResponse};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::time::timeout;
use tonic::{Code, Request};
use xtask::mesh::{MeshBuilder, Part};
use xtask::token::Role;

use crate::http::{assert_status, client, send};
use crate::stub::{Edge, Reply, Serving, Stub};

const WATCH: &str = "/v1/mypage/orders:watch";

/// An edge whose my page answers watches by a stream, and everything else never.
async fn edge(describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> (Edge, Stub, Vec<Serving>) {
    let stub = Stub::new(|seen| if seen.path.ends_with("WatchMyOrders") { Reply::Stream } else { Reply::Silence });
    let (edge, serving) = Edge::before(&stub, describe).await;
    (edge, stub, serving)
}

fn update(cursor: &str) -> Vec<u8> {
    let cursor = cursor.to_owned();
    WatchMyOrdersResponse { kind: Kind::Current.into(), cursor, ..Default::default() }.encode_to_vec()
}

/// Begins a watch as server-sent events.
async fn open(edge: &Edge) -> Events {
    let answer = ask(edge).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    Events::new(answer)
}

/// A watch that has told its first update: before that Envoy sends no headers.
async fn open_after(edge: &Edge, stub: &Stub, cursor: &str) -> Events {
    stub.tell(update(cursor));
    let mut events = open(edge).await;
    assert_eq!(next(&mut events).await.as_deref(), Some(cursor));
    events
}

/// The cursor of the next event; none where the stream is over.
async fn next(events: &mut Events) -> Option<String> {
    let update = events.next().await?;
    assert_eq!(update["kind"], "KIND_CURRENT");
    update["cursor"].as_str().map(str::to_owned)
}

async fn ask(edge: &Edge) -> Response {
    let request = edge.request(Method::GET, WATCH, Role::Customer).header("accept", "text/event-stream");
    request.send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_update_is_an_event_at_once_and_no_caller_is_given_a_deadline() {
    let (edge, stub, _serving) = edge(|mesh| mesh).await;
    stub.tell(update("first"));
    let mut events = open(&edge).await;
    assert_eq!(next(&mut events).await.as_deref(), Some("first"));
    stub.tell(update("second"));
    assert_eq!(next(&mut events).await.as_deref(), Some("second"));
    let mut request = Request::new(WatchMyOrdersRequest::default());
    request.set_timeout(Duration::from_mins(1));
    let mut updates = edge.grpc(Role::Customer).mypage().watch_my_orders(request).await.expect("a stream").into_inner();
    for cursor in ["first", "second"] {
        assert_eq!(updates.message().await.expect("an update").expect("an update").cursor, cursor);
    }
    assert!(stub.seen().iter().all(|seen| seen.header("grpc-timeout").is_empty()), "{:?}", stub.seen());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_outlasts_the_time_out_of_calls() {
    let (edge, stub, _serving) = edge(|mesh| mesh.placeholder("EDGE_TIMEOUT_SECONDS", "1")).await;
    stub.tell(update("before"));
    let mut events = open(&edge).await;
    assert_eq!(next(&mut events).await.as_deref(), Some("before"));
    // Two calls, one after the other, end by the time-out, and the watch is still open.
    for _ in 0..2 {
        let refused = edge.rest(Role::Customer).get("/v1/mypage/orders").await;
        assert!(!refused.status.is_success(), "{refused}");
    }
    stub.tell(update("after"));
    assert_eq!(next(&mut events).await.as_deref(), Some("after"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_ends_at_its_longest_time() {
    let (edge, stub, _serving) = edge(|mesh| mesh.placeholder("WATCH_MAX_SECONDS", "1")).await;
    let mut events = open_after(&edge, &stub, "first").await;
    // It is never silent.
    let lively = async {
        stub.tell(update("next"));
        while next(&mut events).await.is_some() {
            stub.tell(update("next"));
        }
    };
    timeout(wait::LIMIT, lively).await.expect("the end");
    wait::until("the stub to be left", || async { holds(stub.streams() == 0, format!("{}", stub.streams())) }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_have_room_of_their_own_and_take_none_of_calls() {
    let limits = |mesh: MeshBuilder| mesh.placeholder("MAX_WATCHES", "2").placeholder("MAX_REQUESTS", "1");
    let stub = Stub::new(|seen| if seen.path.ends_with("WatchMyOrders") { Reply::Stream } else { Reply::Empty });
    let (edge, _serving) = Edge::before(&stub, limits).await;
    stub.tell(update("begun"));
    let mut held = [open(&edge).await, open(&edge).await];
    for events in &mut held {
        assert_eq!(next(events).await.as_deref(), Some("begun"));
    }
    let refused = edge.rest(Role::Customer).get(WATCH).await;
    assert_status(&refused, 503, 14, "SERVICE_UNREACHABLE");
    assert_eq!(refused.header("retry-after"), "2");
    edge.rest(Role::Customer).get("/v1/mypage/orders").await.ok();
    drop(held);
    wait::until("room again", || async {
        let answer = ask(&edge).await;
        holds(answer.status().is_success(), answer.status().to_string())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_may_tell_more_in_all_than_an_answer_may_be_large() {
    let (edge, stub, _serving) = edge(|mesh| mesh.placeholder("MAX_RESPONSE_BYTES", "20000")).await;
    let mut events = open_after(&edge, &stub, "0").await;
    for number in 1..100 {
        let cursor = format!("{number}-{}", "x".repeat(1_000));
        stub.tell(update(&cursor));
        assert_eq!(next(&mut events).await, Some(cursor));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_before_the_first_event_is_a_json_status() {
    let stub = Stub::always(Reply::Refusal(Code::PermissionDenied));
    let (edge, _serving) = Edge::before(&stub, |mesh| mesh).await;
    let nobody = send(client().get(format!("{}{WATCH}", edge.mesh().edge()))).await;
    assert_status(&nobody, 401, 16, "UNAUTHENTICATED");
    let refused = edge.rest(Role::Staff).get(WATCH).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (403, &json!(7)), "{refused}");
    assert_eq!(refused.header("content-type"), "application/json");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_is_one_line_of_the_access_log_at_its_end() {
    let (edge, stub, _serving) = edge(|mesh| mesh).await;
    let line = || {
        let log = edge.mesh().log(Part::Envoy).expect("the log");
        log.lines().find(|line| line.contains(WATCH)).map(str::to_owned)
    };
    let events = open_after(&edge, &stub, "only").await;
    assert_eq!(line(), None);
    drop(events);
    let line = wait::until("the line", || async { line().ok_or_else(|| "no line".to_owned()) }).await;
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!((&line["cluster"], &line["status"]), (&json!("mypage_watch"), &json!(200)), "{line}");
}
