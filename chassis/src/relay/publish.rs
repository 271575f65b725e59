//! Publishing numbered events, as the CloudEvents NATS binding writes them.

use async_nats::{HeaderMap, header::NATS_MESSAGE_ID};
use futures::future::try_join_all;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::{
    broker::{Broker, Error},
    outbox::LoggedEvent,
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

/// Publishes `events` and waits until the stream has stored each of them.
///
/// # Errors
/// One of them was not acknowledged; all may be published again.
pub async fn publish(broker: &Broker, source: &str, epoch: Uuid, events: &[LoggedEvent]) -> Result<(), Error> {
    let mut acknowledgements = Vec::with_capacity(events.len());
    for event in events {
        let headers = headers_of(source, epoch, event)?;
        let body = event.body.clone().into();
        acknowledgements.push(broker.context().publish_with_headers(event.kind.clone(), headers, body).await?);
    }
    try_join_all(acknowledgements.into_iter().map(IntoFuture::into_future)).await?;
    Ok(())
}

fn headers_of(source: &str, epoch: Uuid, event: &LoggedEvent) -> Result<HeaderMap, time::error::Format> {
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
    if let Some(traceparent) = &event.traceparent {
        headers.insert(headers::TRACEPARENT, traceparent.as_str());
    }
    Ok(headers)
}
