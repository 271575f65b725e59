//! The outbox: events are rows of the producer's database, written with the change they tell of.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Error;

/// An event that is about to be written with its change.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// Full name of the body's message, such as `tword.order.v1.OrderPlaced`; the subject it is published to.
    pub kind: String,
    /// The aggregate that changed.
    pub aggregate_id: Uuid,
    /// The aggregate's version after the change: each version has exactly one event.
    pub version: i64,
    /// When it happened.
    pub time: OffsetDateTime,
    /// The trace it belongs to, as W3C `traceparent`; absent, it is the current one.
    pub traceparent: Option<String>,
    /// The encoded message.
    pub body: Vec<u8>,
}

impl NewEvent {
    /// Encodes `message` as the event of `aggregate_id` reaching `version`.
    pub fn new<M: prost::Message + prost::Name>(
        aggregate_id: Uuid,
        version: i64,
        time: OffsetDateTime,
        message: &M,
    ) -> Self {
        Self { kind: M::full_name(), aggregate_id, version, time, traceparent: None, body: message.encode_to_vec() }
    }
}

/// An event as the producer numbered it: what is published and what `ReadEvents` answers.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// The event's id, by which consumers recognise a repetition.
    pub id: Uuid,
    /// Position in the producer's epoch, from 1 without a gap.
    pub sequence: i64,
    /// Full name of the body's message.
    pub kind: String,
    /// The aggregate that changed.
    pub aggregate_id: Uuid,
    /// When it happened.
    pub time: OffsetDateTime,
    /// The trace it belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
    /// The encoded message.
    pub body: Vec<u8>,
}

impl fmt::Debug for LoggedEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} #{}", self.kind, self.id, self.sequence)
    }
}

/// The transaction's part that keeps events.
#[async_trait::async_trait]
pub trait Outbox: Send {
    /// Writes an event; the relay hears of it after the commit. The current trace goes with it.
    ///
    /// # Errors
    /// The database failed, or the aggregate has an event of this version already.
    async fn append(&mut self, event: NewEvent) -> Result<(), Error>;
}
