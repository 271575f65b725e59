//! Rows of copies as a whole, and what they mean.

use chassis::store::Error;
use uuid::Uuid;

use super::Time;
use crate::{
    app::ports::Ticked,
    domain::{CopyId, PassedOver, Progress, Rebuild},
};

/// What is served, and by when it is complete.
#[derive(sqlx::FromRow)]
pub(super) struct ServedRow<T> {
    pub(super) copy: i64,
    pub(super) epoch: Uuid,
    pub(super) time: Option<T>,
}

/// A copy that was asked for.
#[derive(sqlx::FromRow)]
pub(super) struct CopyRow<T> {
    pub(super) copy: i64,
    epoch: Uuid,
    create_time: T,
    built_time: Option<T>,
    failure: Option<String>,
    skipped: i64,
}

impl<T: Time> CopyRow<T> {
    /// The rebuild that has come so far.
    pub(super) fn rebuild(self, progress: Vec<ProgressRow>) -> Result<Rebuild, Error> {
        Ok(Rebuild {
            copy: CopyId { number: self.copy, epoch: self.epoch },
            create_time: self.create_time.time()?,
            served_time: self.built_time.filter(|_| self.failure.is_none()).map(Time::time).transpose()?,
            failure: self.failure,
            passed_over: self.skipped,
            progress: progress.into_iter().map(Progress::from).collect(),
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct ProgressRow {
    producer: String,
    epoch: Uuid,
    through: i64,
    head: i64,
}

impl From<ProgressRow> for Progress {
    fn from(ProgressRow { producer, epoch, through, head }: ProgressRow) -> Self {
        Self { producer, epoch, through, head }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct PassedOverRow {
    producer: String,
    epoch: Uuid,
    sequence: i64,
    event_id: Uuid,
}

impl From<PassedOverRow> for PassedOver {
    fn from(PassedOverRow { producer, epoch, sequence, event_id }: PassedOverRow) -> Self {
        Self { producer, epoch, sequence, event_id }
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct TickedRow {
    producer: String,
    epoch: Uuid,
    sequence: i64,
}

impl From<TickedRow> for Ticked {
    fn from(TickedRow { producer, epoch, sequence }: TickedRow) -> Self {
        Self { producer, epoch, highest: sequence }
    }
}
