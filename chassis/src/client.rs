//! The way to other services: one channel to the mesh listener that carries identity, deadline and trace along.

use std::{
    error::Error,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, Request, Response, Uri, header::AUTHORIZATION};
use tokio::time::{Instant, sleep_until};
use tonic::{
    Code, Status, TimeoutExpired,
    body::Body,
    transport::{self, Channel, Endpoint},
};
use tower::Service;

use crate::{
    auth::ServiceTokens,
    deadline,
    refusal::Refusal,
    rpc::{Call, Methods, Side},
    trace::{self, TRACEPARENT},
};

/// By which the mesh tells services apart whose methods have the same path.
const TARGET: HeaderName = HeaderName::from_static("x-tword-service");
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that was cut is noticed only by asking.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(3);
/// How much sooner than here a deadline may be found spent elsewhere, where clocks tick apart.
const HAIR: Duration = Duration::from_millis(10);

/// The address of the mesh is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mesh URL {0:?} must be like http://localhost:8090")]
pub struct WrongUrl(pub String);

/// Calls other services; give a clone to each generated client.
#[derive(Clone)]
pub struct Mesh {
    channel: Channel,
    tokens: Arc<ServiceTokens>,
    target: Option<HeaderValue>,
    methods: Methods,
}

impl Mesh {
    /// A channel that connects at the first call, and again whenever its connection was lost. Call it inside a tokio
    /// runtime.
    ///
    /// # Errors
    /// The URL is not `http://` with a host.
    pub fn connect_lazy(mesh_url: &str, tokens: ServiceTokens) -> Result<Self, WrongUrl> {
        let uri: Option<Uri> = mesh_url.parse().ok();
        let uri = uri
            .filter(|uri| uri.scheme_str() == Some("http") && matches!(uri.path(), "" | "/") && uri.query().is_none());
        let uri = uri.ok_or_else(|| WrongUrl(mesh_url.to_owned()))?;
        let channel = Endpoint::from(uri)
            .connect_timeout(CONNECT_TIMEOUT)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .connect_lazy();
        Ok(Self { channel, tokens: Arc::new(tokens), target: None, methods: Methods::all(Side::Client) })
    }

    /// The way to proto services by name, such as `tword.ops.v1.EventLogService`: metrics of calls to them are served
    /// before the first call.
    #[must_use]
    pub fn calling(&self, services: &[&str]) -> Self {
        self.methods.serve_from_the_start(|service| services.contains(&service));
        self.clone()
    }

    /// The way to one context's service, such as `order`, for methods that every service has.
    #[must_use]
    pub fn to(&self, context: &'static str) -> Self {
        Self { target: Some(HeaderValue::from_static(context)), ..self.clone() }
    }

    /// Writes in which trace a call is.
    fn begin(&self, request: &mut Request<Body>) -> Call {
        let method = self.methods.find(request.uri().path());
        let span = Call::span(&method, trace::here());
        if let Ok(context) = HeaderValue::try_from(span.context().to_string()) {
            request.headers_mut().insert(TRACEPARENT, context);
        }
        Call::start(method, span, tracing::Span::none())
    }

    /// Writes who calls and until when; answers until when.
    fn prepare(&self, request: &mut Request<Body>) -> Result<Option<Instant>, Refusal> {
        let bearer = self.tokens.bearer().map_err(|error| Refusal::internal(&error))?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer);
        if let Some(target) = &self.target {
            headers.insert(TARGET, target.clone());
        }
        let deadline = deadline::pass_on(headers);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            Err(deadline::exceeded())
        } else {
            Ok(deadline)
        }
    }
}

impl Service<Request<Body>> for Mesh {
    type Response = Response<Body>;
    type Error = transport::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let call = self.begin(&mut request);
        match self.prepare(&mut request) {
            Ok(None) => Box::pin(followed(call, self.channel.call(request))),
            Ok(Some(deadline)) => Box::pin(followed(call, limited(deadline, self.channel.call(request)))),
            Err(refusal) => Box::pin(followed(call, async { Ok(Status::from(refusal).into_http()) })),
        }
    }
}

/// Follows a call to its end, however it ends.
async fn followed<F>(mut call: Call, answering: F) -> Result<Response<Body>, transport::Error>
where
    F: Future<Output = Result<Response<Body>, transport::Error>>,
{
    match answering.await {
        Ok(response) => Ok(call.follow(response)),
        Err(error) => {
            call.ended(Code::Unavailable);
            Err(error)
        }
    }
}

/// Awaits an answer until the deadline, and says `DEADLINE_EXCEEDED` where it is spent. A peer, or tonic's own timer,
/// may find it spent a hair before: then it is awaited here too, so that everybody around agrees on whose it was.
async fn limited<F>(deadline: Instant, call: F) -> Result<Response<Body>, transport::Error>
where
    F: Future<Output = Result<Response<Body>, transport::Error>>,
{
    match deadline::until(deadline, call).await {
        Some(answer) if !(cut_short(&answer) && deadline <= Instant::now() + HAIR) => answer,
        _ => {
            sleep_until(deadline).await;
            Ok(Status::from(deadline::exceeded()).into_http())
        }
    }
}

/// Whether an answer says that time ran out.
fn cut_short(answer: &Result<Response<Body>, transport::Error>) -> bool {
    match answer {
        Ok(response) => {
            let status = Status::from_header_map(response.headers());
            status.is_some_and(|status| matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled))
        }
        Err(error) => error.source().is_some_and(<dyn Error>::is::<TimeoutExpired>),
    }
}

#[cfg(test)]
mod tests;
