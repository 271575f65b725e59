//! The gRPC server: routes behind one stack of layers, each in a file of its own.

pub mod admin;
pub mod drain;
pub mod health;
mod limit;
mod observe;
mod panics;
mod reflection;
mod unreadable;

use std::{convert::Infallible, future::Future, time::Duration};

use http::{Request, Response};
use tokio::net::TcpListener;
use tonic::{
    body::Body,
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tower::{Layer, util::BoxCloneSyncService};

use crate::{auth, deadline::Deadlines};

pub use limit::Limit;
pub use observe::Observe;
pub use panics::catch_panics;
pub use reflection::reflect;

/// What stands between the wire and the routes. Every layer has this one type, so that stacks stay cheap to compile.
pub type Handler = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// What is configured about the server.
#[derive(Clone)]
pub struct Stack {
    /// Who may call what.
    pub auth: auth::Authorize,
    /// How long a call may take.
    pub deadlines: Deadlines,
    /// How many calls may be in flight.
    pub limit: Limit,
    /// Rates, errors and durations by method, and the calls in flight.
    pub observe: Observe,
    /// Most concurrent streams of one connection.
    pub max_streams_per_connection: u32,
}

// A message has 4 MiB at most: the codec's default, which no service raises.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
const CONNECTION_WINDOW_BYTES: u32 = 4 << 20;
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves `routes` on `listener` until `shutdown`, then says GOAWAY and lets the calls in flight finish.
///
/// # Errors
/// The transport failed.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    stack: Stack,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), tonic::transport::Error> {
    let streams = stack.max_streams_per_connection;
    Server::builder()
        .max_concurrent_streams(streams)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .layer(tower::layer::layer_fn(move |routes: Routes| stack.wrap(routes)))
        .add_routes(routes)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener).with_nodelay(Some(true)), shutdown)
        .await
}

impl Stack {
    /// The layers from the outside in: a call is observed whatever becomes of it, and refused as cheaply as possible.
    fn wrap(&self, routes: Routes) -> Handler {
        let authenticated = BoxCloneSyncService::new(self.auth.layer(routes));
        let bounded = BoxCloneSyncService::new(self.deadlines.layer(authenticated));
        let limited = self.limit.wrap(catch_panics(unreadable::refuse_unreadable(bounded)));
        self.observe.wrap(limited)
    }
}
