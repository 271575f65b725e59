//! Each call's log span, trace span and metrics: rate, errors and durations by method.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tower::{Service, util::BoxCloneSyncService};
use tracing::Instrument;

use super::Handler;
use crate::{
    rpc::{Call, Methods, Side},
    trace,
};

/// Observes the calls of known methods.
#[derive(Clone)]
pub struct Observe(Methods);

impl Observe {
    /// Knows the methods of the named proto services, and health.
    pub fn new(services: &[&str]) -> Self {
        Self(Methods::of(Side::Server, services))
    }

    /// Counts the calls that have not ended.
    pub fn in_flight(&self) -> TaskTracker {
        self.0.in_flight()
    }

    pub(super) fn wrap(&self, inner: Handler) -> Handler {
        BoxCloneSyncService::new(Observed { inner, methods: self.0.clone() })
    }
}

#[derive(Clone)]
struct Observed {
    inner: Handler,
    methods: Methods,
}

impl Service<Request<Body>> for Observed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = begin(&self.methods, &request);
        let lines = call.lines();
        let answering = call.place().enter(|| lines.in_scope(|| self.inner.call(request)));
        let answering = call.place().run(answering).instrument(lines);
        Box::pin(async move { answering.await.map(|response| call.follow(response)) })
    }
}

/// Puts a request into its trace and into a log span that names trace, span, request and method.
fn begin(methods: &Methods, request: &Request<Body>) -> Call {
    let path = request.uri().path();
    let method = methods.find(path);
    let mut span = Call::span(&method, trace::incoming(request.headers()));
    let context = span.context();
    let request_id = trace::request_id(request.headers());
    let lines = tracing::info_span!(
        "request",
        trace_id = %context.trace_id(),
        span_id = %context.span_id(),
        request_id,
        method = path
    );
    span.tell(|parts| {
        parts.set("tword.request_id", request_id);
    });
    Call::start(method, span, lines)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use tower::{ServiceExt, service_fn};

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[tokio::test]
    async fn a_request_is_a_new_span_of_its_callers_trace() {
        let handler = service_fn(|_request: Request<Body>| {
            let called = trace::current();
            async move {
                assert_eq!(called, trace::current());
                let mut response = Response::new(Body::default());
                let inside = trace::current().and_then(|trace| HeaderValue::try_from(trace).ok());
                response.headers_mut().insert("inside", inside.expect("a trace"));
                Ok::<_, Infallible>(response)
            }
        });
        let observed = Observe::new(&[]).wrap(BoxCloneSyncService::new(handler));
        let mut request = Request::new(Body::default());
        request.headers_mut().insert(trace::TRACEPARENT, HeaderValue::from_static(PARENT));
        let response = observed.oneshot(request).await.expect("an answer");
        let inside = response.headers()["inside"].to_str().expect("text");
        assert!(inside.contains(TRACE) && inside != PARENT, "{inside}");
    }
}
