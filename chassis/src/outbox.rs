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

/// An event that the broker is not known to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpublished {
    /// Its place among all events of this database: they are published along it.
    pub position: i64,
    /// The event's id.
    pub id: Uuid,
    /// Its number in the current epoch; none where it has not got one yet.
    pub sequence: Option<i64>,
    /// Full name of the body's message.
    pub kind: String,
    /// The aggregate that changed.
    pub aggregate_id: Uuid,
    /// When it happened.
    pub time: OffsetDateTime,
}

/// How much waits to be published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// So many events.
    pub count: i64,
    /// When the oldest of them happened.
    pub oldest: Option<OffsetDateTime>,
}

/// An event of one aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The event's id.
    pub id: Uuid,
    /// The aggregate's version after the change.
    pub version: i64,
    /// Full name of the body's message.
    pub kind: String,
    /// When it happened.
    pub time: OffsetDateTime,
    /// The trace it belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
    /// The encoded message.
    pub body: Vec<u8>,
}

/// The outbox, outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// At most `rows` events behind the position `after` that are not marked as published, the oldest first.
    ///
    /// # Errors
    /// The database failed.
    async fn unpublished(&self, after: i64, rows: i64) -> Result<Vec<Unpublished>, Error>;

    /// How much is not marked as published; cheap enough to be asked every few seconds.
    ///
    /// # Errors
    /// The database failed.
    async fn backlog(&self) -> Result<Backlog, Error>;

    /// At most `rows` events of an aggregate after a version, in the order of their versions. Two at least, where there
    /// are as many; beyond that they end with the first one whose body no longer fits into `max_bytes` with the others'.
    ///
    /// # Errors
    /// The database failed.
    async fn versions(
        &self,
        aggregate_id: Uuid,
        after: i64,
        rows: i64,
        max_bytes: usize,
    ) -> Result<Vec<Version>, Error>;
}
