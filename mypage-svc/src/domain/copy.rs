//! Copies of everything: one is served, and a rebuild makes another from nothing.

use time::OffsetDateTime;
use uuid::Uuid;

/// One copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyId {
    /// Grows by 1 with each rebuild: the higher one is the later one.
    pub number: i64,
    /// What cursors name it by.
    pub epoch: Uuid,
}

/// How much of a customer's changes was seen: all of a copy up to one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The copy.
    pub epoch: Uuid,
    /// The last change that was seen, 0 for none.
    pub change: i64,
}

/// A copy that was asked for, and how its building goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuild {
    /// The copy.
    pub copy: CopyId,
    /// When it was asked for.
    pub create_time: OffsetDateTime,
    /// When it was served first; none while it is built.
    pub served_time: Option<OffsetDateTime>,
    /// Why it was given up, in words; none where it was not.
    pub failure: Option<String>,
    /// Events that it could not take in.
    pub passed_over: i64,
    /// How far it has come, by producer and epoch.
    pub progress: Vec<Progress>,
}

/// An event that a copy could not take in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The producer, such as `order`.
    pub producer: String,
    /// Its epoch.
    pub epoch: Uuid,
    /// The event's number there.
    pub sequence: i64,
    /// The event's id.
    pub event_id: Uuid,
}

/// How far a copy has come with one producer's epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The producer, such as `order`.
    pub producer: String,
    /// Its epoch.
    pub epoch: Uuid,
    /// Every event up to this number was taken in.
    pub through: i64,
    /// The highest number when the producer was last asked.
    pub head: i64,
}
