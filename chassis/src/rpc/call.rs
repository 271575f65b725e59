//! A call under way.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use http::{HeaderMap, Response};
use http_body::{Frame, SizeHint};
use tokio_util::task::task_tracker::TaskTrackerToken;
use tonic::{Code, Status, body::Body};

use super::{HEALTH, Method, Side, code_name};
use crate::trace::{Kind, Span};

/// A call under way. Dropping it is its end, for calls also end by their clients going away.
pub struct Call {
    method: Arc<Method>,
    started: Instant,
    code: Option<Code>,
    span: Span,
    /// The call's own, for its end comes outside of it.
    lines: tracing::Span,
    _in_flight: TaskTrackerToken,
}

impl Call {
    /// Counts a call that begins; `lines` is the log span that its end is told in.
    pub fn start(method: Arc<Method>, mut span: Span, lines: tracing::Span) -> Self {
        let meters = method.meters();
        meters.started.increment(1);
        meters.in_flight.increment(1.0);
        span.tell(|parts| {
            parts.set("rpc.system", "grpc");
            parts.set("rpc.service", method.service.clone()).set("rpc.method", method.name.clone());
        });
        let in_flight = method.in_flight.token();
        Self { method, started: Instant::now(), code: None, span, lines, _in_flight: in_flight }
    }

    /// The span of a call that goes to or comes from `parent`.
    pub fn span(method: &Method, parent: Option<crate::trace::Context>) -> Span {
        use crate::trace;
        let kind = match method.side {
            Side::Server => Kind::Server,
            Side::Client => Kind::Client,
        };
        if method.service == HEALTH || (parent.is_none() && method.is_routine()) {
            let context = parent.map_or_else(trace::Context::generate, trace::Context::child);
            return Span::begin_as(context.unsampled(), kind, parent, &method.full_name);
        }
        Span::begin(kind, parent, &method.full_name)
    }

    /// The call's span, to run its work in.
    pub const fn place(&self) -> &Span {
        &self.span
    }

    /// The log span.
    pub fn lines(&self) -> tracing::Span {
        self.lines.clone()
    }

    /// The call ended with this code.
    pub fn ended(&mut self, code: Code) {
        self.code = Some(code);
    }

    /// A refusal has its code in the headers; otherwise it comes after the body.
    pub fn follow(mut self, response: Response<Body>) -> Response<Body> {
        self.code = code(response.headers());
        if self.code.is_some() {
            return response;
        }
        response.map(|inner| Body::new(Followed { inner, call: self }))
    }

    fn tell(&self, code: Code, seconds: f64) {
        if self.method.side == Side::Client {
            return;
        }
        let method = &self.method;
        self.lines.in_scope(|| match code {
            Code::Ok if method.service == HEALTH => {}
            Code::Ok if method.service.starts_with("tword.ops.") => tracing::debug!(seconds, "call answered"),
            Code::Ok => tracing::info!(seconds, "call answered"),
            code => tracing::info!(code = code_name(code), seconds, "call refused"),
        });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        let elapsed = self.started.elapsed();
        self.tell(code, elapsed.as_secs_f64());
        let side = self.method.side;
        self.span.tell(|parts| {
            parts.set("rpc.grpc.status_code", i64::from(i32::from(code)));
            if failed(side, code) {
                parts.fail(code_name(code));
            }
        });
        let meters = self.method.meters();
        meters.in_flight.decrement(1.0);
        meters.seconds.record(elapsed);
        if let Some(handled) = usize::try_from(i32::from(code)).ok().and_then(|code| meters.handled.get(code)) {
            handled.increment(1);
        }
    }
}

/// Whether a span of this code failed, as the conventions say: a server did nothing wrong where the caller did.
const fn failed(side: Side, code: Code) -> bool {
    match code {
        Code::Ok => false,
        Code::Unknown
        | Code::DeadlineExceeded
        | Code::Unimplemented
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => true,
        Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unauthenticated => matches!(side, Side::Client),
    }
}

/// A body that knows how its call ended, and is produced where the call belongs.
struct Followed {
    inner: Body,
    call: Call,
}

impl http_body::Body for Followed {
    type Data = bytes::Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Self::Data>, Status>>> {
        let Self { inner, call } = &mut *self;
        let polled = call.span.enter(|| call.lines.in_scope(|| Pin::new(inner).poll_frame(cx)));
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code) {
                    call.code = Some(code);
                }
            }
            Poll::Ready(Some(Err(status))) => call.code = Some(status.code()),
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

/// The code that headers or trailers tell.
pub fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}
