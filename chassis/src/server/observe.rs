//! Rate, errors and durations of calls by method.

use std::{
    collections::HashMap,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body::{Frame, SizeHint};
use metrics::{Counter, Gauge, Histogram};
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{Code, Status, body::Body};
use tower::{Service, util::BoxCloneSyncService};
use tracing::Span;

use super::Handler;

/// Asked every second by everybody around; only its failures are logged.
const HEALTH: &str = "grpc.health.v1.Health";

/// Metrics of known methods, by path. Paths that nobody serves share one label: what callers send bounds no memory.
#[derive(Clone)]
pub struct Observe {
    methods: Arc<HashMap<String, Arc<Method>>>,
    unknown: Arc<Method>,
}

struct Method {
    service: String,
    name: String,
    started: Counter,
    in_flight: Gauge,
    succeeded: Counter,
    seconds: Histogram,
}

impl Observe {
    /// Knows the methods of the named proto services, and health.
    pub fn new(services: &[&str]) -> Self {
        let methods = [proto::DESCRIPTORS, tonic_health::pb::FILE_DESCRIPTOR_SET]
            .into_iter()
            .flat_map(methods)
            .filter(|(service, _)| services.contains(&service.as_str()) || service == HEALTH)
            .map(|(service, name)| (format!("/{service}/{name}"), Arc::new(Method::new(service, name))))
            .collect();
        Self { methods: Arc::new(methods), unknown: Arc::new(Method::new("unknown".to_owned(), "unknown".to_owned())) }
    }

    pub(super) fn wrap(&self, inner: Handler) -> Handler {
        BoxCloneSyncService::new(Observed { inner, observe: self.clone() })
    }

    fn method(&self, path: &str) -> Arc<Method> {
        Arc::clone(self.methods.get(path).unwrap_or(&self.unknown))
    }
}

/// Every (service, method) of an encoded descriptor set; those that cannot be decoded have none.
fn methods(descriptors: &[u8]) -> Vec<(String, String)> {
    let files = FileDescriptorSet::decode(descriptors).unwrap_or_default().file;
    let mut found = Vec::new();
    for file in &files {
        for service in &file.service {
            for method in &service.method {
                found.push((format!("{}.{}", file.package(), service.name()), method.name().to_owned()));
            }
        }
    }
    found
}

impl Method {
    fn new(service: String, name: String) -> Self {
        let labels = [("grpc_service", service.clone()), ("grpc_method", name.clone())];
        let ok = [&labels[..], &[("grpc_code", code_name(Code::Ok).to_owned())]].concat();
        Self {
            started: metrics::counter!("grpc_server_started_total", &labels),
            in_flight: metrics::gauge!("grpc_server_in_flight", &labels),
            succeeded: metrics::counter!("grpc_server_handled_total", &ok),
            seconds: metrics::histogram!("grpc_server_handling_seconds", &labels),
            service,
            name,
        }
    }
}

#[derive(Clone)]
struct Observed {
    inner: Handler,
    observe: Observe,
}

impl Service<Request<Body>> for Observed {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = Call::start(self.observe.method(request.uri().path()));
        let answering = self.inner.call(request);
        Box::pin(async move { answering.await.map(|response| call.follow(response)) })
    }
}

/// A call under way. Dropping it is its end, for calls also end by their clients going away.
struct Call {
    method: Arc<Method>,
    started: Instant,
    code: Option<Code>,
    /// The call's own, for its end comes outside of it.
    span: Span,
}

impl Call {
    fn start(method: Arc<Method>) -> Self {
        method.started.increment(1);
        method.in_flight.increment(1.0);
        Self { method, started: Instant::now(), code: None, span: Span::current() }
    }

    /// A refusal has its code in the headers; otherwise it comes after the body.
    fn follow(mut self, response: Response<Body>) -> Response<Body> {
        self.code = code(response.headers());
        if self.code.is_some() {
            return response;
        }
        response.map(|inner| Body::new(Followed { inner, call: self }))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        let elapsed = self.started.elapsed();
        let seconds = elapsed.as_secs_f64();
        self.span.in_scope(|| match code {
            Code::Ok if self.method.service == HEALTH => {}
            Code::Ok if self.method.service.starts_with("tword.ops.") => tracing::debug!(seconds, "call answered"),
            Code::Ok => tracing::info!(seconds, "call answered"),
            code => tracing::info!(code = code_name(code), seconds, "call refused"),
        });
        self.method.in_flight.decrement(1.0);
        self.method.seconds.record(elapsed);
        match code {
            Code::Ok => self.method.succeeded.increment(1),
            code => metrics::counter!(
                "grpc_server_handled_total",
                "grpc_service" => self.method.service.clone(),
                "grpc_method" => self.method.name.clone(),
                "grpc_code" => code_name(code),
            )
            .increment(1),
        }
    }
}

/// A body that knows how its call ended.
struct Followed {
    inner: Body,
    call: Call,
}

impl http_body::Body for Followed {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    self.call.code = Some(code);
                }
            }
            Poll::Ready(Some(Err(status))) => self.call.code = Some(status.code()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// The name that the gRPC specification gives a code.
fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_methods_that_are_served_have_labels_of_their_own() {
        let observe = Observe::new(&["tword.ops.v1.EventLogService"]);
        let name = |path: &str| observe.method(path).name.clone();
        assert_eq!(name("/tword.ops.v1.EventLogService/ReadEvents"), "ReadEvents");
        assert_eq!(name("/grpc.health.v1.Health/Check"), "Check");
        assert_eq!(name("/tword.ops.v1.EventLogService/Nothing"), "unknown");
        assert_eq!(name("/tword.order.v1.OrderService/PlaceOrder"), "unknown");
    }
}
