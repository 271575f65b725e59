//! Running units of work: each in a task and a transaction of its own, to its end though its caller has gone.

use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::BoxFuture};
use sqlx::{
    Executor,
    postgres::{PgDatabaseError, PgSeverity},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Shared, Tx, announcements};
use crate::{
    refusal::chain,
    store::{
        Backend, Error, Job, Verdict,
        failure::{self, Conflict, Trouble},
        meters,
    },
};

/// Jobs that wait for a connection at most; later callers wait to be let in.
const QUEUE: usize = 1_024;
/// How often a unit is run that others are in the way of.
const TRIES: u32 = 5;
/// What a unit may take in all, where the server does not answer any more.
const UNIT_LIMIT: Duration = Duration::from_mins(1);
/// What beginning a transaction may take: a server that is cut off does not answer at all.
const BEGIN_LIMIT: Duration = Duration::from_secs(5);
/// Longest pause before a unit is run again; it grows with each.
const PAUSE_MS: u64 = 10;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// A transaction of which a statement failed would be rolled back by `COMMIT`, without an error. The statement before it
/// fails then.
const COMMIT: &str = "SELECT 1; COMMIT";

type Queued = Box<dyn Job<Tx>>;

/// How many units may wait.
pub(super) struct Limits {
    waiting: Arc<Semaphore>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting: Arc::new(Semaphore::new(QUEUE)) }
    }
}

impl Limits {
    /// Units of work that wait for a connection, and how many may.
    pub(super) fn waiting(&self) -> (usize, usize) {
        (QUEUE - self.waiting.available_permits(), QUEUE)
    }
}

/// The database as the port of one service.
pub(super) struct Runner<T: ?Sized> {
    shared: Arc<Shared>,
    narrow: fn(&mut Tx) -> &mut T,
}

impl<T: ?Sized> Runner<T> {
    /// Jobs of this port see the transaction through `narrow`.
    pub(super) fn new(shared: Arc<Shared>, narrow: fn(&mut Tx) -> &mut T) -> Self {
        Self { shared, narrow }
    }
}

#[async_trait::async_trait]
impl<T: ?Sized + 'static> Backend<T> for Runner<T> {
    async fn submit(&self, job: Box<dyn Job<T>>) -> Result<(), Error> {
        let waits = Arc::clone(&self.shared.runner.waiting).acquire_owned().await;
        let waits = waits.map_err(|closed| Error::Unavailable(closed.into()))?;
        let job = NarrowedJob { job, narrow: self.narrow };
        // Nothing of it is dropped with its caller: neither a transaction that begins, nor one that is committed.
        tokio::spawn(run(Arc::clone(&self.shared), Box::new(job), waits));
        Ok(())
    }
}

struct NarrowedJob<T: ?Sized> {
    job: Box<dyn Job<T>>,
    narrow: fn(&mut Tx) -> &mut T,
}

impl<T: ?Sized + 'static> Job<Tx> for NarrowedJob<T> {
    fn attempt<'a>(&'a mut self, tx: &'a mut Tx) -> BoxFuture<'a, Verdict> {
        self.job.attempt((self.narrow)(tx))
    }

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        self.job.finish(outcome);
    }
}

/// How one attempt ended.
enum Ended {
    /// The outcome is certain, or certainly unknown.
    Settled(Result<(), Error>),
    /// Nothing was committed, and another attempt may do better.
    Again(Option<Conflict>),
}

async fn run(shared: Arc<Shared>, mut job: Queued, waits: OwnedSemaphorePermit) {
    let mut waits = Some(waits);
    let mut tries = 0;
    let (outcome, done) = loop {
        tries += 1;
        let connection = match shared.writes.acquire().await {
            Ok(connection) => connection,
            Err(error) => break (Err(error.into()), None),
        };
        drop(waits.take());
        let mut tx = Tx { connection, shared: Arc::clone(&shared), appended: false, after: Vec::new() };
        match attempt(&mut tx, &mut job, tries < TRIES).await {
            Ended::Settled(outcome) => {
                let Tx { appended, after, .. } = tx;
                break (outcome, Some((appended, after)));
            }
            Ended::Again(conflict) => {
                drop(tx);
                pause(conflict, tries).await;
            }
        }
    };
    let committed = outcome.is_ok();
    job.finish(outcome);
    if let (true, Some((appended, after))) = (committed, done) {
        if appended {
            shared.wake.notify_one();
            shared.others.tell(announcements::APPENDED, String::new());
        }
        for work in after {
            work();
        }
    }
}

/// Gives the others time, not always the same.
async fn pause(conflict: Option<Conflict>, tries: u32) {
    let Some(conflict) = conflict else { return };
    meters::rerun(conflict);
    let longest = PAUSE_MS * u64::from(tries);
    tokio::time::sleep(Duration::from_millis(rand::random_range(0..=longest))).await;
}

/// Runs the unit once, in a transaction of its own. `again` says whether it may be run once more. What is to be done after
/// the commit is kept in `tx` where there was one, and only then.
async fn attempt(tx: &mut Tx, job: &mut Queued, again: bool) -> Ended {
    let begun = tokio::time::timeout(BEGIN_LIMIT, tx.connection.execute(BEGIN)).await;
    if let Err(error) = begun.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
        // Nothing was done yet: the connection was lost while it was idle, others may stand.
        tx.connection.close_on_drop();
        return if again { Ended::Again(None) } else { Ended::Settled(Err(error.into())) };
    }
    let unit = failure::watched(AssertUnwindSafe(async { job.attempt(tx).await }).catch_unwind());
    let Ok((verdict, trouble)) = tokio::time::timeout(UNIT_LIMIT, unit).await else {
        tx.connection.close_on_drop();
        return Ended::Settled(Err(Error::Unavailable("the database did not answer in time".into())));
    };
    let ended = match (verdict, trouble) {
        (Ok(Verdict::Commit | Verdict::RollBack), Some(Trouble::Conflict(conflict))) if again => {
            Ended::Again(Some(conflict))
        }
        (Ok(Verdict::Commit), _) => commit(tx, again).await,
        (Ok(Verdict::RollBack), _) => {
            forget(tx);
            Ended::Settled(Ok(()))
        }
        (Err(_panic), _) => Ended::Settled(Err(Error::Panicked)),
    };
    if trouble == Some(Trouble::Unwritable) {
        tx.connection.close_on_drop();
    }
    ended
}

/// What was to be done after a commit is not done where there is none.
fn forget(tx: &mut Tx) {
    tx.appended = false;
    tx.after.clear();
}

async fn commit(tx: &mut Tx, again: bool) -> Ended {
    let began = Instant::now();
    let committed = tokio::time::timeout(UNIT_LIMIT, tx.connection.execute(COMMIT)).await;
    meters::committed(began.elapsed());
    let error = match committed.unwrap_or(Err(sqlx::Error::PoolTimedOut)) {
        Ok(_done) => return Ended::Settled(Ok(())),
        Err(error) => error,
    };
    if !refused(&error) {
        tracing::warn!(cause = chain(&error), "the outcome of a commit is not known");
        tx.connection.close_on_drop();
        return Ended::Settled(Err(Error::Unknown));
    }
    match failure::trouble(&error) {
        Some(Trouble::Conflict(conflict)) if again => Ended::Again(Some(conflict)),
        _ => Ended::Settled(Err(error.into())),
    }
}

/// Whether the server answered that it committed nothing. What ends the connection may come after the commit.
fn refused(error: &sqlx::Error) -> bool {
    let answered = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    answered.is_some_and(|error| error.severity() == PgSeverity::Error && error.code() != "57014")
}
