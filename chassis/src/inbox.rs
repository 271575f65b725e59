//! The inbox: which events had their effect, and which numbers of each producer were seen.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::store::Error;

/// An event as it reached a consumer, whatever way it came.
#[derive(Clone, Debug)]
pub struct Event {
    /// The event's id: an effect happens once for it.
    pub id: Uuid,
    /// Who produced it, such as `order`.
    pub producer: String,
    /// The producer's epoch that `sequence` counts in.
    pub epoch: Uuid,
    /// Position in that epoch.
    pub sequence: i64,
    /// Full name of the body's message, such as `tword.order.v1.OrderPlaced`.
    pub kind: String,
    /// The aggregate that changed.
    pub aggregate_id: Uuid,
    /// When it happened.
    pub time: OffsetDateTime,
    /// The trace it belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
    /// The encoded message.
    pub body: bytes::Bytes,
}

impl Event {
    /// Decodes the body where it is an `M`.
    ///
    /// # Errors
    /// The body is none.
    pub fn decode<M: prost::Message + Default>(&self) -> Result<M, prost::DecodeError> {
        M::decode(self.body.clone())
    }
}

/// An event put aside because handling it fails by its own fault.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The event as it came.
    pub event: Event,
    /// Why it could not be handled.
    pub cause: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was put aside.
    pub time: OffsetDateTime,
}

/// A run of missing sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// The first one missing.
    pub first: i64,
    /// The last one missing.
    pub last: i64,
}

/// What a consumer has seen of one producer epoch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The highest sequence seen.
    pub highest: i64,
    /// What is missing below it, at most as many runs as were asked for.
    pub gaps: Vec<Gap>,
    /// How many sequences were seen in all.
    pub seen: i64,
}

/// How much of one producer epoch was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The highest sequence seen.
    pub highest: i64,
    /// How many were seen up to the head that was asked about.
    pub count: i64,
}

/// The transaction's part that remembers what was consumed.
#[async_trait::async_trait]
pub trait Inbox: Send {
    /// Remembers the event's id and ticks its sequence. False where the id was known: its effect must not happen again.
    ///
    /// # Errors
    /// The database failed.
    async fn admit(&mut self, event: &Event) -> Result<bool, Error>;

    /// Ticks numbers of which the producer has lost the events: nobody waits for them any more.
    ///
    /// # Errors
    /// The database failed.
    async fn pass_over(&mut self, producer: &str, epoch: Uuid, lost: Gap) -> Result<(), Error>;

    /// Counts one more failure of an event by its own fault and answers how many there were.
    ///
    /// # Errors
    /// The database failed.
    async fn count_failure(&mut self, event_id: Uuid) -> Result<i64, Error>;

    /// Keeps a dead letter.
    ///
    /// # Errors
    /// The database failed.
    async fn put_aside(&mut self, letter: &DeadLetter) -> Result<(), Error>;

    /// What was seen of a producer's epoch, with at most `limit` gaps, the lowest first.
    ///
    /// # Errors
    /// The database failed.
    async fn progress(&mut self, producer: &str, epoch: Uuid, limit: u32) -> Result<Progress, Error>;
}

/// The inbox, outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// What was seen of a producer's epoch, with the count of what is not above `head`.
    ///
    /// # Errors
    /// The database failed.
    async fn seen(&self, producer: &str, epoch: Uuid, head: i64) -> Result<Seen, Error>;

    /// The highest sequence seen of a producer in any epoch, 0 for none.
    ///
    /// # Errors
    /// The database failed.
    async fn highest(&self, producer: &str) -> Result<i64, Error>;
}
