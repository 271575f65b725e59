//! The write port: units of work that commit whole or not at all.
//!
//! A unit is a boxed closure from a transaction to a future that awaits nothing but its transaction. The store runs it
//! to its end though the caller has gone, may run it again from the start, and answers only after the commit.

mod after;
mod announce;
mod backup;
mod columns;
mod database;
mod failure;
mod meters;
mod observed;
pub mod postgres;
mod schema;
pub mod sqlite;

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::{audit, dead_letter, idempotency, inbox, outbox, recovery, relay};

pub use after::{After, AfterCommit};
pub use announce::{Announce, Announcements, Heard, Word};
pub use backup::Error as BackupError;
pub use database::{Database, Migrations};
pub use schema::{Older, Unfit};

use observed::{Ended, Here};

/// What every service's transaction can do besides its own repositories: outbox, inbox, dead letters, recorded answers,
/// numbering, audit, recovery, and what is to be said and done after the commit.
pub trait Tx:
    outbox::Outbox
    + inbox::Inbox
    + dead_letter::Mend
    + idempotency::Answers
    + relay::Numbering
    + audit::Audit
    + recovery::Recovery
    + Announce
    + AfterCommit
{
}

impl<T> Tx for T where
    T: outbox::Outbox
        + inbox::Inbox
        + dead_letter::Mend
        + idempotency::Answers
        + relay::Numbering
        + audit::Audit
        + recovery::Recovery
        + Announce
        + AfterCommit
        + ?Sized
{
}

/// What every service's database answers outside of any transaction: its log, and what operators look at.
pub trait Reads: relay::Log + outbox::Read + inbox::Read + dead_letter::Read + audit::Read + recovery::Read {}

impl<T> Reads for T where
    T: relay::Log + outbox::Read + inbox::Read + dead_letter::Read + audit::Read + recovery::Read + ?Sized
{
}

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database is away or failed; nothing was committed.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The commit may or may not have happened. Its idempotency key tells.
    #[error("the outcome of the commit is not known")]
    Unknown,
    /// A stored row is none that this code would write.
    #[error("a stored row makes no sense: {0}")]
    Inconsistent(String),
    /// The unit of work panicked; nothing was committed.
    #[error("the unit of work panicked")]
    Panicked,
}

impl Error {
    /// A stored row that no code of this version writes.
    pub fn inconsistent(what: impl fmt::Display) -> Self {
        Self::Inconsistent(what.to_string())
    }
}

/// Describes what is measured of every store.
pub fn describe() {
    observed::describe();
    meters::describe();
}

/// Checks that a write touched exactly the one row it was meant for.
fn one_row(affected: u64, what: &str) -> Result<(), Error> {
    match affected {
        1 => Ok(()),
        count => Err(Error::inconsistent(format!("{count} rows written where one {what} was meant"))),
    }
}

/// Runs units of work against one database.
pub struct Store<T: ?Sized> {
    backend: Arc<dyn Backend<T>>,
}

impl<T: ?Sized> Clone for Store<T> {
    fn clone(&self) -> Self {
        Self { backend: Arc::clone(&self.backend) }
    }
}

impl<T: ?Sized + 'static> Store<T> {
    /// A store over a database.
    pub fn new(backend: Arc<dyn Backend<T>>) -> Self {
        Self { backend }
    }

    /// Runs `unit` in one transaction: committed where it answers `Ok`, rolled back where it answers `Err`.
    ///
    /// # Errors
    /// The unit's own error, or the store's where the unit could not be run or committed.
    pub async fn run<R, E, F>(&self, unit: F) -> Result<R, E>
    where
        F: for<'a> FnMut(&'a mut T) -> BoxFuture<'a, Result<R, E>> + Send + 'static,
        R: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.backend
            .submit(Box::new(Unit { work: unit, here: Here::begin(), result: None, answer: Some(answer) }))
            .await?;
        answered.await.unwrap_or_else(|_gone| Err(Error::Unknown.into()))
    }
}

/// A database that runs jobs; each kind of database has one.
#[async_trait::async_trait]
pub trait Backend<T: ?Sized>: Send + Sync {
    /// Takes a job in, waiting while the queue is full. The job is run to its end from here on.
    ///
    /// # Errors
    /// The database takes no jobs any more.
    async fn submit(&self, job: Box<dyn Job<T>>) -> Result<(), Error>;
}

/// Whether a job's writes are to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The job succeeded.
    Commit,
    /// The job refused or failed.
    RollBack,
}

/// A unit of work whose types the database need not know.
pub trait Job<T: ?Sized>: Send {
    /// Runs the unit once; a later attempt forgets what an earlier one answered.
    fn attempt<'a>(&'a mut self, tx: &'a mut T) -> BoxFuture<'a, Verdict>;

    /// Tells the caller, once the outcome is certain.
    fn finish(self: Box<Self>, outcome: Result<(), Error>);
}

struct Unit<R, E, F> {
    work: F,
    /// The unit runs in another task than its caller; its logs and its events belong to the caller's trace.
    here: Here,
    result: Option<Result<R, E>>,
    answer: Option<oneshot::Sender<Result<R, E>>>,
}

impl<T, R, E, F> Job<T> for Unit<R, E, F>
where
    T: ?Sized + 'static,
    F: for<'a> FnMut(&'a mut T) -> BoxFuture<'a, Result<R, E>> + Send,
    R: Send,
    E: From<Error> + Send,
{
    fn attempt<'a>(&'a mut self, tx: &'a mut T) -> BoxFuture<'a, Verdict> {
        self.result = None;
        let work = self.here.run((self.work)(tx));
        let result = &mut self.result;
        Box::pin(async move {
            let answer = work.await;
            let verdict = if answer.is_ok() { Verdict::Commit } else { Verdict::RollBack };
            *result = Some(answer);
            verdict
        })
    }

    fn finish(mut self: Box<Self>, outcome: Result<(), Error>) {
        let ended = match (&self.result, &outcome) {
            (Some(Ok(_)), Ok(())) => Ended::Committed,
            (Some(Err(_)), Ok(())) => Ended::RolledBack,
            (None, Ok(())) | (_, Err(_)) => Ended::Failed,
        };
        let result = match (self.result.take(), outcome) {
            // A refusal too may rest on what others of the group wrote, which is undone or uncertain now.
            (_, Err(error)) => Err(error.into()),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(Error::Unknown.into()),
        };
        self.here.end(ended);
        if let Some(answer) = self.answer.take() {
            // A caller that has gone is told nothing; the work stands.
            let _gone = answer.send(result);
        }
    }
}
