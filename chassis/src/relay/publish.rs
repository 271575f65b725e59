//! Publishing numbered events, as the CloudEvents NATS binding writes them.

use async_nats::{HeaderMap, header::NATS_MESSAGE_ID};
use futures::future::try_join_all;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::{
    broker::{Broker, Error},
    outbox::LoggedEvent,
    trace::{Context, Kind, Span},
};

/// Names of the headers that every event carries.
pub mod headers {
    /// Version of CloudEvents.
    pub const SPEC_VERSION: &str = "ce-specversion";
    /// The event's id.
    pub const ID: &str = "ce-id";
    /// The producer, such as `order`.
    pub const SOURCE: &str = "ce-source";
    /// Full name of the body's message.
    pub const TYPE: &str = "ce-type";
    /// The aggregate that changed.
    pub const SUBJECT: &str = "ce-subject";
    /// When it happened, RFC 3339.
    pub const TIME: &str = "ce-time";
    /// Position in the producer's epoch.
    pub const SEQUENCE: &str = "ce-sequence";
    /// The producer's epoch.
    pub const EPOCH: &str = "ce-epoch";
    /// Media type of the body.
    pub const CONTENT_TYPE: &str = "content-type";
    /// W3C trace context.
    pub const TRACEPARENT: &str = "traceparent";
}

/// Publishes `events` and waits until the stream has stored each of them. Each is a span then, below the one in which it
/// was written.
///
/// # Errors
/// One of them was not acknowledged; all may be published again.
pub async fn publish(broker: &Broker, source: &str, epoch: Uuid, events: &[LoggedEvent]) -> Result<(), Error> {
    let spans: Vec<_> = events.iter().map(span).collect();
    let published = publish_in(broker, source, epoch, events, &spans).await;
    if published.is_err() {
        // They are published again as the same spans.
        spans.into_iter().flatten().for_each(Span::forget);
    }
    published
}

async fn publish_in(
    broker: &Broker,
    source: &str,
    epoch: Uuid,
    events: &[LoggedEvent],
    spans: &[Option<Span>],
) -> Result<(), Error> {
    let mut acknowledgements = Vec::with_capacity(events.len());
    for (event, span) in events.iter().zip(spans) {
        let headers = headers_of(source, epoch, event, span.as_ref())?;
        let body = event.body.clone().into();
        acknowledgements.push(broker.context().publish_with_headers(event.kind.clone(), headers, body).await?);
    }
    try_join_all(acknowledgements.into_iter().map(IntoFuture::into_future)).await?;
    Ok(())
}

/// The span of an event's publication; none where the event belongs to no trace. Its id follows from the event's: whichever
/// attempt, by whichever process, the broker kept, consumers find the span that they name.
fn span(event: &LoggedEvent) -> Option<Span> {
    let written = event.traceparent.as_deref().and_then(Context::parse)?;
    let context = written.at(event.id.as_u64_pair().1);
    let mut span = Span::begin_as(context, Kind::Producer, Some(written), format_args!("publish {}", event.kind));
    span.tell(|parts| {
        parts.set("messaging.system", "nats").set("messaging.operation.type", "send");
        parts.set("messaging.operation.name", "publish");
        parts.set("messaging.destination.name", event.kind.clone());
        parts.set("messaging.message.id", event.id.to_string());
        parts.set("tword.aggregate_id", event.aggregate_id.to_string()).set("tword.sequence", event.sequence);
    });
    Some(span)
}

fn headers_of(
    source: &str,
    epoch: Uuid,
    event: &LoggedEvent,
    span: Option<&Span>,
) -> Result<HeaderMap, time::error::Format> {
    let mut headers = HeaderMap::new();
    let id = event.id.to_string();
    headers.insert(NATS_MESSAGE_ID, id.as_str());
    headers.insert(headers::SPEC_VERSION, "1.0");
    headers.insert(headers::ID, id);
    headers.insert(headers::SOURCE, source);
    headers.insert(headers::TYPE, event.kind.as_str());
    headers.insert(headers::SUBJECT, event.aggregate_id.to_string());
    headers.insert(headers::TIME, event.time.format(&Rfc3339)?);
    headers.insert(headers::SEQUENCE, event.sequence.to_string());
    headers.insert(headers::EPOCH, epoch.to_string());
    headers.insert(headers::CONTENT_TYPE, "application/protobuf");
    if let Some(span) = span {
        headers.insert(headers::TRACEPARENT, span.context().to_string());
    }
    Ok(headers)
}
