//! Against a real server over a real connection.

use std::{net::SocketAddr, sync::Mutex};

use http::HeaderMap;
use proto::ops::v1::{
    ReadEventsRequest, ReadEventsResponse,
    event_log_service_client::EventLogServiceClient,
    event_log_service_server::{EventLogService, EventLogServiceServer},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;

use super::*;
use crate::{
    auth::{Caller, testing::World},
    deadline::{Deadlines, Spent, within},
};

/// Answers at once or never, and keeps the headers of the last call.
#[derive(Clone, Default)]
struct Peer {
    seen: Arc<Mutex<HeaderMap>>,
    hangs: bool,
}

#[tonic::async_trait]
impl EventLogService for Peer {
    async fn read_events(
        &self,
        request: tonic::Request<ReadEventsRequest>,
    ) -> Result<tonic::Response<ReadEventsResponse>, Status> {
        *self.seen.lock().expect("a lock") = request.metadata().clone().into_headers();
        if self.hangs {
            std::future::pending::<()>().await;
        }
        Ok(tonic::Response::new(ReadEventsResponse::default()))
    }
}

async fn serve(peer: Peer) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut server = Server::builder().layer(Deadlines::new(Duration::from_mins(1)));
    let server = server.add_service(EventLogServiceServer::new(peer));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

fn tokens(world: &World) -> ServiceTokens {
    let path = world.folder.path().join("key.pem");
    std::fs::write(&path, world.order.pem()).expect("written");
    ServiceTokens::open("order-svc", "tword", "tword-internal", path).expect("a key")
}

fn mesh(world: &World, address: SocketAddr) -> Mesh {
    Mesh::connect_lazy(&format!("http://{address}"), tokens(world)).expect("a mesh")
}

#[tokio::test]
async fn identity_deadline_and_trace_go_along() {
    let (world, peer) = (World::new(), Peer::default());
    let mesh = mesh(&world, serve(peer.clone()).await).to("shop");
    let trace = trace::Context::generate();
    let mut client = EventLogServiceClient::new(mesh);
    let call = within(Duration::from_secs(30), client.read_events(ReadEventsRequest::default()));
    trace::scope(trace, call).await.expect("in time").expect("an answer");

    let seen = peer.seen.lock().expect("a lock").clone();
    let text = |name: &str| seen.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    assert_eq!(text("x-tword-service"), "shop");
    let sent = trace::Context::parse(text("traceparent")).expect("a place in a trace");
    assert_eq!(sent.trace_id().to_string(), trace.trace_id().to_string());
    assert_ne!(sent, trace, "the call is a span of its own");
    let micros: u64 = text("grpc-timeout").strip_suffix('u').and_then(|micros| micros.parse().ok()).expect("a timeout");
    assert!((1..30_000_000).contains(&micros), "{micros}");
    let token = text("authorization").strip_prefix("Bearer ").expect("a token");
    assert_eq!(world.verifier.verify(token), Ok(Caller::Service("order-svc".to_owned())));
}

#[tokio::test]
async fn without_a_target_or_deadline_none_is_sent_and_no_trace_begins() {
    let (world, peer) = (World::new(), Peer::default());
    let mut client = EventLogServiceClient::new(mesh(&world, serve(peer.clone()).await));
    client.read_events(ReadEventsRequest::default()).await.expect("an answer");
    let seen = peer.seen.lock().expect("a lock").clone();
    assert!(seen.contains_key(AUTHORIZATION));
    assert!(!["x-tword-service", "grpc-timeout"].iter().any(|name| seen.contains_key(*name)));
    let sent = seen["traceparent"].to_str().ok().and_then(trace::Context::parse).expect("a place in a trace");
    assert!(!sent.is_sampled(), "what every consumer asks every few seconds is no trace");
}

#[tokio::test]
async fn a_peer_that_hangs_costs_no_more_than_the_deadline() {
    let world = World::new();
    let address = serve(Peer { hangs: true, ..Peer::default() }).await;
    let mut client = EventLogServiceClient::new(mesh(&world, address));
    for _ in 0..10 {
        let spent = within(Duration::from_millis(50), client.read_events(ReadEventsRequest::default())).await;
        assert_eq!(spent.map(|answer| answer.map(|_answer| ()).map_err(|status| status.code())), Err(Spent::Own));
        let mut request = tonic::Request::new(ReadEventsRequest::default());
        request.set_timeout(Duration::from_millis(50));
        let status = client.read_events(request).await.expect_err("refused");
        assert_eq!(status.code(), Code::DeadlineExceeded);
    }
}

/// tonic's server has a timer of its own for the same header and would say `CANCELLED`; no client of tonic is used
/// here, for that has such a timer too.
#[tokio::test]
async fn a_spent_deadline_is_no_cancellation_on_the_wire() {
    let address = serve(Peer { hangs: true, ..Peer::default() }).await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
    let url = format!("http://{address}/tword.ops.v1.EventLogService/ReadEvents");
    for timeout in ["0m", "1m", "20m", "20000u"] {
        for _ in 0..5 {
            let call = client.post(&url).header("content-type", "application/grpc").header("te", "trailers");
            let answer = call.header("grpc-timeout", timeout).body(&[0_u8; 5][..]).send().await.expect("an answer");
            assert_eq!(answer.headers().get("grpc-status").map(HeaderValue::as_bytes), Some(&b"4"[..]), "{timeout}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_spent_deadline_calls_nobody() {
    let (world, peer) = (World::new(), Peer::default());
    let mut mesh = mesh(&world, serve(peer.clone()).await);
    let mut request = Request::new(Body::default());
    request.headers_mut().insert("grpc-timeout", HeaderValue::from_static("0m"));
    let response = mesh.call(request).await.expect("an answer");
    assert_eq!(Status::from_header_map(response.headers()).map(|status| status.code()), Some(Code::DeadlineExceeded));
    assert!(peer.seen.lock().expect("a lock").is_empty());
}

#[tokio::test]
async fn a_peer_that_is_away_is_unavailable() {
    let world = World::new();
    let address = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let mut client = EventLogServiceClient::new(mesh(&world, address));
    let call = within(Duration::from_secs(30), client.read_events(ReadEventsRequest::default()));
    assert_eq!(call.await.expect("in time").expect_err("refused").code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_found_spent_a_hair_early_is_awaited() {
    let deadline = Instant::now() + Duration::from_millis(50);
    let refused = |code: Code| move || async move { Ok(Status::new(code, "").into_http()) };
    let code = |answer: Result<Response<Body>, transport::Error>| {
        Status::from_header_map(answer.expect("an answer").headers()).map(|status| status.code())
    };
    assert_eq!(code(limited(deadline, refused(Code::Cancelled)()).await), Some(Code::Cancelled));
    tokio::time::advance(Duration::from_millis(45)).await;
    assert_eq!(code(limited(deadline, refused(Code::Unavailable)()).await), Some(Code::Unavailable));
    assert!(Instant::now() < deadline);
    assert_eq!(code(limited(deadline, refused(Code::Cancelled)()).await), Some(Code::DeadlineExceeded));
    assert!(Instant::now() >= deadline);
}

#[tokio::test]
async fn a_wrong_url_is_refused_by_name() {
    let world = World::new();
    for url in ["", "localhost:8090", "https://localhost:8090", "http://localhost:8090/path", "http://a b"] {
        let error = Mesh::connect_lazy(url, tokens(&world)).err().expect("refused");
        assert_eq!(error, WrongUrl(url.to_owned()));
    }
}
