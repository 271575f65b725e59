//! Envoy alone, with stubs where the services would be: for what no real service can be made to do.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use e2e::grpc::Grpc;
use e2e::rest::Rest;
use futures::StreamExt;
use futures::stream::BoxStream;
use prost_reflect::prost::bytes::Bytes;
use reqwest::RequestBuilder;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::body::Body;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tonic::codegen::{BoxFuture, Service as Tower};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Status};
use xtask::mesh::{Mesh, MeshBuilder, Part, Service};
use xtask::token::{Grant, Role};

use crate::contract::Raw;
use crate::http::client;

/// An encoded `HealthCheckResponse`: `SERVING`, `NOT_SERVING`.
const HEALTH: [&[u8]; 2] = [&[8, 1], &[8, 2]];

/// A running Envoy. Dropping it ends it.
pub struct Edge {
    mesh: Mesh,
    dir: Option<TempDir>,
}

/// A gRPC server that answers whatever it is asked as it was told to, and remembers what it was asked.
#[derive(Clone)]
pub struct Stub {
    answer: Arc<dyn Fn(&Seen) -> Reply + Send + Sync>,
    seen: Arc<Mutex<Vec<Seen>>>,
    told: watch::Sender<Vec<Bytes>>,
}

/// A stub at work. Dropping it closes its port.
pub struct Serving {
    task: JoinHandle<()>,
}

/// What a stub was asked, health apart.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    /// How often this path was asked with this request id before.
    pub repetition: usize,
}

/// What a stub answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// An empty message.
    Empty,
    /// A refusal.
    Refusal(Code),
    /// Nothing, ever.
    Silence,
    /// A stream without an end of all that the stub tells, from the first on.
    Stream,
}

impl Edge {
    /// Starts Envoy; `describe` sets what the test needs otherwise.
    pub async fn start(describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> Self {
        let edge = Self::prepare(describe);
        edge.run().await;
        edge
    }

    /// Starts Envoy in front of one stub in the place of each service.
    pub async fn before(stub: &Stub, describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> (Self, Vec<Serving>) {
        let edge = Self::prepare(describe);
        let serving = Service::ALL.map(|service| stub.serve(&edge, service)).into_iter().collect();
        edge.run().await;
        (edge, serving)
    }

    /// Writes the configuration and starts nothing.
    pub fn prepare(describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> Self {
        let dir = tempfile::Builder::new().prefix("tword-edge-").tempdir().expect("a temporary directory");
        let mesh = describe(Mesh::builder(dir.path())).prepare().unwrap_or_else(|error| panic!("{error}"));
        Self { mesh, dir: Some(dir) }
    }

    /// Starts Envoy and waits until it is ready.
    pub async fn run(&self) {
        self.mesh.start(Part::Envoy).unwrap_or_else(|error| panic!("{error}"));
        self.mesh.wait_healthy(Part::Envoy).await.unwrap_or_else(|error| panic!("{error}"));
    }

    pub const fn mesh(&self) -> &Mesh {
        &self.mesh
    }

    /// A person's token.
    pub fn token(&self, role: Role) -> String {
        self.mesh.token(&Grant::new(role)).unwrap_or_else(|error| panic!("{error}"))
    }

    /// REST as a person of this role.
    pub fn rest(&self, role: Role) -> Rest {
        Rest::new(&self.mesh.edge()).with_token(&self.token(role))
    }

    /// gRPC as a person of this role.
    pub fn grpc(&self, role: Role) -> Grpc {
        Grpc::new(&self.mesh.edge()).with_token(&self.token(role))
    }

    /// gRPC between services, as one of them.
    pub fn internal(&self, service: Service) -> Grpc {
        let token = self.mesh.keys().mint_service(service).unwrap_or_else(|error| panic!("{error}"));
        Grpc::new(&self.mesh.mesh()).with_token(&token)
    }

    /// A request to the edge as a person of this role, to be completed.
    pub fn request(&self, verb: reqwest::Method, path: &str, role: Role) -> RequestBuilder {
        client().request(verb, format!("{}{path}", self.mesh.edge())).bearer_auth(self.token(role))
    }

    /// A counter or gauge of Envoy's; 0 where it was never touched.
    pub async fn stat(&self, name: &str) -> u64 {
        let admin = Rest::new(&self.mesh.envoy_admin());
        let body = admin.get(&format!("/stats?format=json&filter=^{}$", name.replace('.', "\\."))).await.ok();
        let stats = body["stats"].as_array().cloned().unwrap_or_default();
        stats.iter().find(|stat| stat["name"] == name).and_then(|stat| stat["value"].as_u64()).unwrap_or_default()
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.mesh.log(Part::Envoy).unwrap_or_default());
            let _kept = self.dir.take().map(TempDir::keep);
        }
    }
}

impl Stub {
    pub fn new(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), seen: Arc::default(), told: watch::Sender::default() }
    }

    /// Always the same answer.
    pub fn always(reply: Reply) -> Self {
        Self::new(move |_seen| reply)
    }

    /// Serves in the place of a service.
    pub fn serve(&self, edge: &Edge, service: Service) -> Serving {
        self.serve_as(edge, service, true)
    }

    /// Serves in the place of a service, which says that it does or does not.
    pub fn serve_as(&self, edge: &Edge, service: Service, healthy: bool) -> Serving {
        self.serve_at(edge.mesh.ports().grpc(service), healthy)
    }

    /// Serves at any port of loopback.
    pub fn serve_at(&self, port: u16, healthy: bool) -> Serving {
        let incoming = TcpIncoming::bind(([127, 0, 0, 1], port).into()).expect("the port of the service");
        let server = Server::builder().serve_with_incoming(Serve { stub: self.clone(), healthy }, incoming);
        Serving { task: tokio::spawn(async move { server.await.expect("a server") }) }
    }

    /// Tells an encoded message to everyone who is answered by a stream.
    pub fn tell(&self, message: impl Into<Bytes>) {
        self.told.send_modify(|told| told.push(message.into()));
    }

    /// How many streams are open.
    pub fn streams(&self) -> usize {
        self.told.receiver_count()
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it was asked so far.
    pub fn calls(&self) -> usize {
        self.seen().len()
    }

    fn note(&self, path: &str, headers: &HeaderMap) -> Seen {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let id = headers.get("x-request-id");
        let repetition = all.iter().filter(|seen| seen.path == path && seen.headers.get("x-request-id") == id).count();
        let seen = Seen { path: path.to_owned(), headers: headers.clone(), repetition };
        all.push(seen.clone());
        seen
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Seen {
    /// A header's text; empty where it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// The stub behind a port.
#[derive(Clone)]
struct Serve {
    stub: Stub,
    healthy: bool,
}

impl Tower<Request<Body>> for Serve {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Self { stub, healthy } = self.clone();
        Box::pin(async move {
            let path = request.uri().path();
            let answer = if path.starts_with("/grpc.health.") {
                Ok(Bytes::from_static(HEALTH[usize::from(!healthy)]))
            } else {
                match (stub.answer)(&stub.note(path, request.headers())) {
                    Reply::Stream => {
                        let told = Say(Ok(follow(stub.told.subscribe())));
                        return Ok(tonic::server::Grpc::new(Raw).server_streaming(told, request).await);
                    }
                    Reply::Empty => Ok(Bytes::new()),
                    Reply::Refusal(code) => Err(Status::new(code, "the stub was told to refuse")),
                    Reply::Silence => std::future::pending().await,
                }
            };
            Ok(tonic::server::Grpc::new(Raw).unary(Say(answer), request).await)
        })
    }
}

/// All that was told and will be.
fn follow(told: watch::Receiver<Vec<Bytes>>) -> BoxStream<'static, Result<Bytes, Status>> {
    futures::stream::unfold((told, 0), |(mut told, sent)| async move {
        let message = told.wait_for(|told| told.len() > sent).await.ok()?[sent].clone();
        Some((Ok(message), (told, sent + 1)))
    })
    .boxed()
}

struct Say<T>(Result<T, Status>);

impl<T> Tower<tonic::Request<Bytes>> for Say<T> {
    type Response = tonic::Response<T>;
    type Error = Status;
    type Future = std::future::Ready<Result<tonic::Response<T>, Status>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _request: tonic::Request<Bytes>) -> Self::Future {
        let Self(answer) = self;
        let nothing = Status::internal("the stub answers once");
        std::future::ready(std::mem::replace(answer, Err(nothing)).map(tonic::Response::new))
    }
}
