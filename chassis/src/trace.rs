//! Traces: every call and every event belongs to one, as W3C `traceparent` tells.
//!
//! This module is the one source of trace and span ids, whether traces are exported or not: logs, calls and events carry
//! the ids of the current [`Span`]. Where an OTLP endpoint is set, [`export`] sends the finished spans of sampled traces
//! there under these same ids.

mod context;
pub mod export;
mod request;
mod span;

use tokio::task::futures::TaskLocalFuture;
use tracing::{Instrument, instrument::Instrumented};

pub use context::Context;
pub use request::{REQUEST_ID, TRACEPARENT, incoming, request_id};
pub use span::{Kind, Parts, Place, Span};

tokio::task_local! {
    static CURRENT: Place;
}

/// The current place as `traceparent`, to be passed on with calls and events; none outside of any trace.
pub fn current() -> Option<String> {
    here().map(|context| context.to_string())
}

/// The current place, to be passed on; none outside of any trace.
pub fn here() -> Option<Context> {
    CURRENT.try_with(Place::pass_on).ok()
}

/// Runs `work` at a place in a trace.
pub fn scope<F: Future>(context: Context, work: F) -> TaskLocalFuture<Place, F> {
    CURRENT.scope(Place::from(context), work)
}

/// Does `work` as a span called `name` of the trace that a `traceparent` names, or of a new one, with a log span that
/// names it.
pub fn continued<F: Future>(
    name: &str,
    traceparent: Option<&str>,
    work: F,
) -> impl Future<Output = F::Output> + use<F> {
    let span = Span::begin(Kind::Internal, traceparent.and_then(Context::parse), name);
    let lines = log_span(span.context());
    async move { span.run(work).instrument(lines).await }
}

/// The log span of work that no request asked for.
pub fn log_span(context: Context) -> tracing::Span {
    tracing::info_span!("event", trace_id = %context.trace_id(), span_id = %context.span_id())
}

/// A future inside of a trace and of a log span.
pub type Traced<F> = Instrumented<TaskLocalFuture<Place, F>>;

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[tokio::test]
    async fn work_knows_its_trace() {
        assert_eq!(current(), None);
        let context = Context::parse(PARENT).expect("a context");
        assert_eq!(scope(context, async { current() }).await.as_deref(), Some(PARENT));
        let inside = continued("work", Some(PARENT), async { current() }).await.expect("a trace");
        assert!(inside.contains(TRACE) && inside != PARENT, "{inside}");
        assert!(continued("work", None, async { current() }).await.is_some());
        let other = continued("work", Some("nonsense"), async { current() }).await.expect("a trace");
        assert!(!other.contains(TRACE), "{other}");
    }
}
