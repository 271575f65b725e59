//! Finished spans leave by OTLP, if an endpoint is set: a bounded queue, batches, and never a wait for anybody.

use std::{
    sync::OnceLock,
    time::{Duration, SystemTime},
};

use opentelemetry::{
    InstrumentationScope, KeyValue,
    trace::{Link, SpanContext, SpanId, SpanKind, TraceFlags, TraceId, TraceState},
};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _, SpanLinks},
};
use tokio::sync::{mpsc, oneshot};
use tonic::transport::Endpoint;
use uuid::Uuid;

use super::{Context, Kind, Parts};
use crate::refusal::chain;

/// Spans that wait at most; more are dropped and counted.
const QUEUE: usize = 8_192;
/// Spans sent at once at most.
const BATCH: usize = 512;
/// How long a span waits for others to be sent with.
const PERIOD: Duration = Duration::from_millis(500);
/// How long one batch may take.
const TIMEOUT: Duration = Duration::from_secs(3);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

const SENT: &str = "tword_trace_spans_exported_total";
const DROPPED: &str = "tword_trace_spans_dropped_total";

/// Where spans go is the process's own by its nature, like its logs.
static QUEUED: OnceLock<mpsc::Sender<Item>> = OnceLock::new();

enum Item {
    Span(Box<(Context, Parts, SystemTime)>),
    /// Everything before it is to be sent now.
    Flush(oneshot::Sender<()>),
}

/// Why spans cannot be exported.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The endpoint is no URL.
    #[error("--otlp-endpoint")]
    Endpoint(#[from] tonic::transport::Error),
    /// The exporter refuses to be built.
    #[error("spans cannot be exported")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
}

/// Whether spans are exported by this process.
pub fn is_on() -> bool {
    QUEUED.get().is_some()
}

/// Begins to export the spans of `service` to an OTLP endpoint (gRPC), which may be away at any time. Only the first call
/// has an effect. Call it inside a tokio runtime.
///
/// # Errors
/// The endpoint makes no sense.
pub fn start(service: &str, version: &str, endpoint: &str) -> Result<(), Error> {
    let channel = Endpoint::from_shared(endpoint.to_owned())?.connect_timeout(CONNECT_TIMEOUT).connect_lazy();
    let mut exporter = SpanExporter::builder().with_tonic().with_channel(channel).with_timeout(TIMEOUT).build()?;
    exporter.set_resource(&resource(service, version));
    let (queue, queued) = mpsc::channel(QUEUE);
    if QUEUED.set(queue).is_ok() {
        tokio::spawn(send(exporter, queued));
    }
    Ok(())
}

fn resource(service: &str, version: &str) -> Resource {
    let attributes = [
        KeyValue::new("service.namespace", "tword"),
        KeyValue::new("service.name", service.to_owned()),
        KeyValue::new("service.version", version.to_owned()),
        KeyValue::new("service.instance.id", Uuid::now_v7().to_string()),
    ];
    Resource::builder_empty().with_attributes(attributes).build()
}

/// Sends what waits; answers when that is done, or after `limit`.
pub async fn flush(limit: Duration) {
    let Some(queue) = QUEUED.get() else { return };
    let (done, sent) = oneshot::channel();
    let flushing = async {
        if queue.send(Item::Flush(done)).await.is_ok() {
            let _ended = sent.await;
        }
    };
    if tokio::time::timeout(limit, flushing).await.is_err() {
        tracing::info!("some spans were not exported before the end");
    }
}

/// Takes in a span that has ended just now.
pub(super) fn finished(context: Context, parts: Parts) {
    let Some(queue) = QUEUED.get() else { return };
    let end = SystemTime::from(parts.began) + parts.since.elapsed();
    if queue.try_send(Item::Span(Box::new((context, parts, end)))).is_err() {
        metrics::counter!(DROPPED, "reason" => "queue_full").increment(1);
    }
}

/// Describes what is counted here.
pub fn describe() {
    metrics::describe_counter!(SENT, "Spans that the OTLP endpoint took.");
    metrics::describe_counter!(
        DROPPED,
        "Spans that were dropped: the queue was full, or the endpoint did not take them."
    );
    metrics::counter!(SENT).increment(0);
    for reason in ["queue_full", "not_taken"] {
        metrics::counter!(DROPPED, "reason" => reason).increment(0);
    }
}

/// Sends batches for as long as the process runs. A batch that is not taken is dropped: spans are no events.
async fn send(exporter: SpanExporter, mut queued: mpsc::Receiver<Item>) {
    let (mut items, mut failing) = (Vec::with_capacity(BATCH), false);
    while queued.recv_many(&mut items, BATCH).await > 0 {
        fill(&mut items, &mut queued).await;
        let (mut spans, mut flushes) = (Vec::with_capacity(items.len()), Vec::new());
        for item in items.drain(..) {
            match item {
                Item::Span(ended) => spans.push(data(*ended)),
                Item::Flush(done) => flushes.push(done),
            }
        }
        if !spans.is_empty() {
            failing = export(&exporter, spans, failing).await;
        }
        for done in flushes {
            let _gone = done.send(());
        }
    }
}

/// Waits a while for more, unless the batch is full or somebody waits for it.
async fn fill(items: &mut Vec<Item>, queued: &mut mpsc::Receiver<Item>) {
    let until = tokio::time::Instant::now() + PERIOD;
    while items.len() < BATCH && !items.iter().any(|item| matches!(item, Item::Flush(_))) {
        match tokio::time::timeout_at(until, queued.recv_many(items, BATCH - items.len())).await {
            Ok(1..) => {}
            Ok(0) | Err(_) => return,
        }
    }
}

/// Sends one batch; answers whether that failed. Trouble is told when it begins and when it is over.
async fn export(exporter: &SpanExporter, spans: Vec<SpanData>, failing: bool) -> bool {
    let count = spans.len() as u64;
    let sent = tokio::time::timeout(TIMEOUT, exporter.export(spans)).await;
    let problem = match sent {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(chain(&error)),
        Err(_elapsed) => Some(format!("no answer within {TIMEOUT:?}")),
    };
    match &problem {
        None if failing => tracing::info!("spans are exported again"),
        Some(cause) if !failing => tracing::warn!(cause, "spans cannot be exported; they are dropped meanwhile"),
        _ => {}
    }
    match problem {
        None => metrics::counter!(SENT).increment(count),
        Some(_) => metrics::counter!(DROPPED, "reason" => "not_taken").increment(count),
    }
    problem.is_some()
}

/// A span as the SDK's exporters take it.
fn data((context, parts, end): (Context, Parts, SystemTime)) -> SpanData {
    let mut links = SpanLinks::default();
    links.links.extend(parts.links.into_iter().map(|linked| Link::with_context(exported(linked, true))));
    let parent = parts.parent.map(|parent| SpanId::from(parent.ids().1));
    SpanData {
        span_context: exported(context, false),
        parent_span_id: parent.unwrap_or(SpanId::INVALID),
        parent_span_is_remote: parent.is_some() && !matches!(parts.kind, Kind::Client | Kind::Internal),
        span_kind: kind(parts.kind),
        name: parts.name.into(),
        start_time: parts.began.into(),
        end_time: end,
        attributes: parts.attributes,
        dropped_attributes_count: 0,
        events: opentelemetry_sdk::trace::SpanEvents::default(),
        links,
        status: parts.status,
        instrumentation_scope: InstrumentationScope::builder("tword").build(),
    }
}

fn exported(context: Context, is_remote: bool) -> SpanContext {
    let (trace_id, span_id) = context.ids();
    let flags = if context.is_sampled() { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    SpanContext::new(TraceId::from(trace_id), SpanId::from(span_id), flags, is_remote, TraceState::NONE)
}

const fn kind(kind: Kind) -> SpanKind {
    match kind {
        Kind::Server => SpanKind::Server,
        Kind::Client => SpanKind::Client,
        Kind::Producer => SpanKind::Producer,
        Kind::Consumer => SpanKind::Consumer,
        Kind::Internal => SpanKind::Internal,
    }
}
