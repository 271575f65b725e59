//! Building another copy, serving it, and clearing the one that was.

use std::time::Duration;

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{CopyId, PassedOver, Progress, Rebuild};

/// A run of one producer's events that a copy took in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The producer.
    pub producer: &'static str,
    /// Its epoch.
    pub epoch: Uuid,
    /// Every event up to this number was taken in before.
    pub from: i64,
    /// Every event up to this number is taken in now.
    pub through: i64,
    /// The highest number when the producer was last asked.
    pub head: i64,
    /// Events of the run that could not be taken in: number and id of each.
    pub passed_over: Vec<(i64, Uuid)>,
}

/// How far the live consumers have heard a producer's epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked {
    /// The producer.
    pub producer: String,
    /// Its epoch.
    pub epoch: Uuid,
    /// The highest number that was ticked.
    pub highest: i64,
}

/// The transaction's part that has to do with copies as a whole.
#[async_trait::async_trait]
pub trait Copies: Send {
    /// Waits for everyone who keeps, and lets nobody begin to before this transaction has ended. It comes before anything else
    /// that the transaction does.
    ///
    /// # Errors
    /// The database failed.
    async fn stop_keeping(&mut self) -> Result<(), Error>;

    /// The copy that is being built. Nobody else begins one, builds it or serves it before this transaction has ended.
    ///
    /// # Errors
    /// The database failed.
    async fn building(&mut self) -> Result<Option<Rebuild>, Error>;

    /// Begins another copy, where none is being built.
    ///
    /// # Errors
    /// The database failed, or a copy is being built.
    async fn begin_copy(&mut self, epoch: Uuid, now: OffsetDateTime) -> Result<Rebuild, Error>;

    /// Takes or extends the lease on the copy that is being built; whether it is held, which it is not where there is no such
    /// copy or another holds the lease. Nobody else builds it before this transaction has ended.
    ///
    /// # Errors
    /// The database failed.
    async fn lease_building(
        &mut self,
        holder: Uuid,
        now: OffsetDateTime,
        time_to_live: Duration,
    ) -> Result<bool, Error>;

    /// Gives the lease back, so that the next holder need not wait.
    ///
    /// # Errors
    /// The database failed.
    async fn release_building(&mut self, holder: Uuid) -> Result<(), Error>;

    /// Notes that a copy took a run of events in.
    ///
    /// # Errors
    /// The database failed, or the copy does not stand at the begin of the run.
    async fn note_step(&mut self, copy: CopyId, step: &Step) -> Result<(), Error>;

    /// How far a copy has come, by producer and epoch.
    ///
    /// # Errors
    /// The database failed.
    async fn progress_of(&mut self, copy: CopyId) -> Result<Vec<Progress>, Error>;

    /// The copy that is being built, if it has taken in an epoch's events up to `sequence` or farther. Nobody else builds it,
    /// serves it or gives it up before this transaction has ended.
    ///
    /// # Errors
    /// The database failed.
    async fn building_past(&mut self, producer: &str, epoch: Uuid, sequence: i64) -> Result<Option<CopyId>, Error>;

    /// Notes that a copy took in what it had passed over. Does nothing where it had not.
    ///
    /// # Errors
    /// The database failed.
    async fn note_taken_in(&mut self, copy: CopyId, producer: &str, epoch: Uuid, sequence: i64) -> Result<(), Error>;

    /// At most `limit` of the events that a copy has passed over although the live consumers gave them their effect: they
    /// would be in no copy once this one was served. Those that the live consumers have not decided on come to whichever
    /// copy is served then, and those that they put aside are dead letters, waiting or dropped.
    ///
    /// # Errors
    /// The database failed.
    async fn unaccounted(&mut self, copy: CopyId, limit: u32) -> Result<Vec<PassedOver>, Error>;

    /// Gives the copy that is being built up, for a reason in words; its rows are deleted like those of one that is served
    /// no more.
    ///
    /// # Errors
    /// The database failed, or the copy is not being built.
    async fn give_up(&mut self, copy: CopyId, failure: &str, now: OffsetDateTime) -> Result<(), Error>;

    /// How far the live consumers have heard each epoch of which they have heard at all.
    ///
    /// # Errors
    /// The database failed.
    async fn ticked(&mut self) -> Result<Vec<Ticked>, Error>;

    /// Serves the copy that was built. Nobody keeps meanwhile ([`Copies::stop_keeping`]), so that what they have heard grows
    /// no more.
    ///
    /// # Errors
    /// The database failed, or the copy is not being built.
    async fn serve(&mut self, copy: CopyId, now: OffsetDateTime) -> Result<(), Error>;

    /// Names the served copy by another epoch: of the places that were given out in it none is known any more.
    ///
    /// # Errors
    /// The database failed.
    async fn rename_served(&mut self, epoch: Uuid) -> Result<(), Error>;

    /// Deletes at most `limit` rows of copies that are served no more; whether any may be left.
    ///
    /// # Errors
    /// The database failed.
    async fn clear_retired(&mut self, limit: u32) -> Result<bool, Error>;

    /// Notes that everything which had happened by `time` is in the served copy. An earlier time than the one noted does
    /// nothing, nor does any while a dead letter waits: what it tells is in no copy.
    ///
    /// # Errors
    /// The database failed.
    async fn note_as_of(&mut self, time: OffsetDateTime) -> Result<(), Error>;
}
