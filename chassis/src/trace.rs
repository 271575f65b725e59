//! Traces: every call and every event belongs to one, as W3C `traceparent` tells.

use std::{
    fmt,
    task::{Context as Task, Poll},
};

use http::{HeaderMap, HeaderName, Request};
use tokio::task::futures::TaskLocalFuture;
use tower::{Layer, Service};
use tracing::{Instrument, Span, instrument::Instrumented};
use uuid::Uuid;

/// How traces are passed on.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// How the edge names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Characters that a request's id has at most.
const MAX_REQUEST_ID: usize = 128;

tokio::task_local! {
    static CURRENT: Context;
}

/// A place in a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    trace_id: u128,
    span_id: u64,
    sampled: bool,
}

impl Context {
    /// The beginning of a new trace.
    pub fn generate() -> Self {
        Self { trace_id: rand::random::<u128>().max(1), span_id: rand::random::<u64>().max(1), sampled: true }
    }

    /// Reads a `traceparent`; none where it is none.
    pub fn parse(traceparent: &str) -> Option<Self> {
        let mut parts = traceparent.splitn(5, '-');
        let version = hex(parts.next()?, 2)?;
        let trace_id = hex(parts.next()?, 32)?;
        let span_id = u64::try_from(hex(parts.next()?, 16)?).ok()?;
        let flags = hex(parts.next()?, 2)?;
        // Version 00 ends here; later ones may go on, and 255 is forbidden.
        let ends = parts.next().is_none();
        let valid = version != 0xff && (version != 0 || ends) && trace_id != 0 && span_id != 0;
        valid.then_some(Self { trace_id, span_id, sampled: flags & 1 == 1 })
    }

    /// A new span in the same trace.
    #[must_use]
    pub fn child(self) -> Self {
        Self { span_id: rand::random::<u64>().max(1), ..self }
    }

    /// A new span in the trace that `traceparent` names, or a new trace where it names none.
    pub fn follow(traceparent: Option<&str>) -> Self {
        traceparent.and_then(Self::parse).map_or_else(Self::generate, Self::child)
    }

    /// The trace's id, 32 hexadecimal digits.
    pub fn trace_id(self) -> impl fmt::Display {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

/// Exactly so many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let valid = text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if valid { u128::from_str_radix(text, 16).ok() } else { None }
}

/// The current place as `traceparent`, to be passed on with calls and events; none outside of any trace.
pub fn current() -> Option<String> {
    CURRENT.try_with(Context::to_string).ok()
}

/// Runs `work` at a place in a trace.
pub fn scope<F: Future>(context: Context, work: F) -> TaskLocalFuture<Context, F> {
    CURRENT.scope(context, work)
}

/// Handles what came with a `traceparent` in the trace that it names, or in a new one, with a log span that names it.
pub fn continued<F: Future>(traceparent: Option<&str>, work: F) -> Instrumented<TaskLocalFuture<Context, F>> {
    let context = Context::follow(traceparent);
    scope(context, work).instrument(tracing::info_span!("event", trace_id = %context.trace_id()))
}

/// A place in a trace with its log span, to be taken along to the task where the work goes on.
#[derive(Clone, Debug)]
pub struct Here {
    context: Context,
    span: Span,
}

impl Here {
    /// The current place; a new trace where there is none.
    pub fn current() -> Self {
        let context = CURRENT.try_with(|context| *context).unwrap_or_else(|_none| Context::generate());
        Self { context, span: Span::current() }
    }

    /// Goes on here.
    pub fn run<F: Future>(&self, work: F) -> Instrumented<TaskLocalFuture<Context, F>> {
        scope(self.context, work).instrument(self.span.clone())
    }
}

/// Puts each request into its trace and into a log span that names trace, request and method.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traces;

impl<S> Layer<S> for Traces {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Traced { inner }
    }
}

/// A service behind [`Traces`].
#[derive(Clone, Debug)]
pub struct Traced<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Traced<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Instrumented<TaskLocalFuture<Context, S::Future>>;

    fn poll_ready(&mut self, task: &mut Task<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let headers = request.headers();
        let context = Context::follow(headers.get(TRACEPARENT).and_then(|value| value.to_str().ok()));
        let span = span(context, &request_id(headers), request.uri().path());
        let answer = CURRENT.sync_scope(context, || span.in_scope(|| self.inner.call(request)));
        scope(context, answer).instrument(span)
    }
}

fn span(context: Context, request_id: &str, method: &str) -> Span {
    tracing::info_span!("request", trace_id = %context.trace_id(), request_id, method)
}

/// The edge's id of the request, or a new one where there is none that may be logged.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let valid = |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    given.filter(valid).map_or_else(|| Uuid::now_v7().to_string(), ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http::{HeaderValue, Response};
    use tonic::body::Body;
    use tower::{ServiceExt, service_fn};

    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn a_traceparent_comes_back_as_it_went() {
        for text in [PARENT, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"] {
            assert_eq!(Context::parse(text).expect("a context").to_string(), text);
        }
        let generated = Context::generate();
        assert_eq!(Context::parse(&generated.to_string()), Some(generated));
        assert_ne!(Context::generate().trace_id, generated.trace_id);
    }

    #[test]
    fn a_later_version_is_read_as_far_as_it_is_known() {
        let later = format!("cc{}-what-the-future-will-be", &PARENT[2..]);
        assert_eq!(Context::parse(&later), Context::parse(PARENT));
    }

    #[test]
    fn what_is_no_traceparent_is_ignored() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333-01",
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ] {
            assert_eq!(Context::parse(text), None, "{text}");
            assert_ne!(Context::follow(Some(text)).trace_id().to_string(), TRACE);
        }
    }

    #[tokio::test]
    async fn work_knows_its_trace() {
        assert_eq!(current(), None);
        let context = Context::parse(PARENT).expect("a context");
        assert_eq!(scope(context, async { current() }).await.as_deref(), Some(PARENT));
        let inside = continued(Some(PARENT), async { current() }).await.expect("a trace");
        assert!(inside.contains(TRACE) && inside != PARENT, "{inside}");
        assert!(continued(None, async { current() }).await.is_some());
    }

    #[tokio::test]
    async fn a_request_is_a_new_span_of_its_callers_trace() {
        let handler = service_fn(|_request: Request<Body>| {
            let called = current();
            async move {
                assert_eq!(called, current());
                Ok::<_, Infallible>(Response::new(current()))
            }
        });
        let mut request = Request::new(Body::default());
        request.headers_mut().insert(TRACEPARENT, HeaderValue::from_static(PARENT));
        let response = Traces.layer(handler).oneshot(request).await.expect("an answer");
        let inside = response.into_body().expect("a trace");
        assert!(inside.contains(TRACE) && inside != PARENT, "{inside}");
    }

    #[test]
    fn a_request_id_that_would_spoil_a_log_is_replaced() {
        let id = |given: &str| {
            let value = HeaderValue::from_str(given).expect("a header value");
            request_id(&HeaderMap::from_iter([(REQUEST_ID, value)]))
        };
        assert_eq!(id("4bf9-1"), "4bf9-1");
        for given in ["", "two words", &"a".repeat(129), "é"] {
            assert!(Uuid::try_parse(&id(given)).is_ok(), "{given}");
        }
    }
}
