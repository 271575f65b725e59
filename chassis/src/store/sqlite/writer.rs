//! The one writer: units queue for it, run one after another each in a savepoint, and share one commit.

use std::{panic::AssertUnwindSafe, path::PathBuf, sync::Arc, time::Instant};

use futures::FutureExt;
use sqlx::Executor;
use tokio::sync::{Notify, mpsc};

use super::{
    Tx,
    room::{Room, is_full},
};
use crate::{
    refusal::chain,
    store::{Backend, Error, Job, Verdict, meters},
};

/// Jobs that wait at most; later callers wait to be let in.
const QUEUE: usize = 1_024;
/// Jobs that share one commit at most.
const GROUP: usize = 128;

/// Transactions in a row that may fail to begin, each after the busy time-out where the file is locked; then the process
/// ends rather than look healthy and take nothing.
const MAX_FAILED_BEGINS: u32 = 12;

type Queued = Box<dyn Job<Tx>>;

/// Hands jobs to the writer.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Queued>,
}

impl Writer {
    /// Starts the writer of the file `database`; it ends when nobody can queue any more, or at the first commit whose
    /// outcome is not certain.
    pub fn start(tx: Tx, wake: Arc<Notify>, database: PathBuf) -> Self {
        let (queue, queued) = mpsc::channel(QUEUE);
        tokio::spawn(write(tx, queued, wake, database));
        Self { queue }
    }

    /// Units of work that wait, and how many may.
    pub fn waiting(&self) -> (usize, usize) {
        let limit = self.queue.max_capacity();
        (limit - self.queue.capacity(), limit)
    }

    /// Answers once the writer has ended.
    pub async fn stopped(&self) {
        self.queue.closed().await;
    }
}

/// The writer as the port of one service.
pub struct Narrowed<T: ?Sized> {
    writer: Writer,
    narrow: fn(&mut Tx) -> &mut T,
}

impl<T: ?Sized> Narrowed<T> {
    /// Jobs of this port see the transaction through `narrow`.
    pub fn new(writer: Writer, narrow: fn(&mut Tx) -> &mut T) -> Self {
        Self { writer, narrow }
    }
}

#[async_trait::async_trait]
impl<T: ?Sized + 'static> Backend<T> for Narrowed<T> {
    async fn submit(&self, job: Box<dyn Job<T>>) -> Result<(), Error> {
        let job = NarrowedJob { job, narrow: self.narrow };
        self.writer.queue.send(Box::new(job)).await.map_err(|_ended| stopped())
    }
}

struct NarrowedJob<T: ?Sized> {
    job: Box<dyn Job<T>>,
    narrow: fn(&mut Tx) -> &mut T,
}

impl<T: ?Sized + 'static> Job<Tx> for NarrowedJob<T> {
    fn attempt<'a>(&'a mut self, tx: &'a mut Tx) -> futures::future::BoxFuture<'a, Verdict> {
        self.job.attempt((self.narrow)(tx))
    }

    fn finish(self: Box<Self>, outcome: Result<(), Error>) {
        self.job.finish(outcome);
    }
}

async fn write(mut tx: Tx, mut queued: mpsc::Receiver<Queued>, wake: Arc<Notify>, database: PathBuf) {
    let mut group = Vec::with_capacity(GROUP);
    let mut begins_failed = 0;
    let mut room = Room::default();
    while queued.recv_many(&mut group, GROUP).await > 0 {
        if let Err(error) = begin(&mut tx).await {
            finish_all(&mut group, &error);
            begins_failed += 1;
            if begins_failed < MAX_FAILED_BEGINS {
                continue;
            }
            tracing::error!(database = %database.display(), cause = chain(&error), "no transaction can begin, the process ends");
            return;
        }
        begins_failed = 0;
        match commit_group(&mut tx, &mut group).await {
            Ok(undone) => room.tell(undone.as_ref(), &database),
            Err(error) => {
                // What was not synced may be half on disk, and a second try may falsely succeed: nothing is written by this
                // process any more. The next start recovers from the log.
                tracing::error!(
                    database = %database.display(),
                    cause = chain(&error),
                    "commit failed, the process ends; see that the disk works, then start it again: it recovers by itself"
                );
                return;
            }
        }
        if std::mem::take(&mut tx.appended) {
            wake.notify_one();
        }
        for work in tx.after.drain(..) {
            work();
        }
    }
}

async fn begin(tx: &mut Tx) -> Result<(), sqlx::Error> {
    let begun = tx.connection.execute("BEGIN IMMEDIATE").await;
    begun.map(|_done| ()).inspect_err(|error| tracing::warn!(cause = chain(error), "transaction could not begin"))
}

/// Runs a group and answers each of its callers: with what undid the whole group, if anything did. An error means that the
/// outcome of the commit is not certain.
async fn commit_group(tx: &mut Tx, group: &mut Vec<Queued>) -> Result<Option<sqlx::Error>, sqlx::Error> {
    meters::group(group.len());
    let mut outcomes = Vec::with_capacity(group.len());
    for job in group.iter_mut() {
        match attempt(tx, job).await {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => return Ok(Some(undo(tx, group, error).await)),
        }
    }
    let began = Instant::now();
    let committed = tx.connection.execute("COMMIT").await;
    meters::committed(began.elapsed());
    match committed {
        Ok(_done) => {}
        // The log's last page found no room, and without that page nothing of the transaction counts.
        Err(error) if is_full(&error) => return Ok(Some(undo(tx, group, error).await)),
        Err(error) => {
            for job in group.drain(..) {
                job.finish(Err(Error::Unknown));
            }
            return Err(error);
        }
    }
    for (job, outcome) in group.drain(..).zip(outcomes) {
        job.finish(outcome);
    }
    Ok(None)
}

/// The whole group is undone, and everyone in it is told so.
async fn undo(tx: &mut Tx, group: &mut Vec<Queued>, error: sqlx::Error) -> sqlx::Error {
    tx.appended = false;
    tx.after.clear();
    // On a full disk SQLite has rolled back by itself. Were a transaction left open, the next one could not begin.
    if let Err(error) = tx.connection.execute("ROLLBACK").await {
        tracing::debug!(cause = chain(&error), "nothing to roll back");
    }
    finish_all(group, &error);
    error
}

/// Runs one job in its savepoint. An error is the savepoint's, not the job's.
async fn attempt(tx: &mut Tx, job: &mut Queued) -> Result<Result<(), Error>, sqlx::Error> {
    tx.connection.execute("SAVEPOINT unit").await?;
    let (appended_before, after_before) = (tx.appended, tx.after.len());
    let verdict = AssertUnwindSafe(async { job.attempt(tx).await }).catch_unwind().await;
    if !matches!(verdict, Ok(Verdict::Commit)) {
        tx.appended = appended_before;
        tx.after.truncate(after_before);
        tx.connection.execute("ROLLBACK TO unit").await?;
    }
    tx.connection.execute("RELEASE unit").await?;
    Ok(verdict.map(|_verdict| ()).map_err(|_panic| Error::Panicked))
}

fn finish_all(group: &mut Vec<Queued>, error: &sqlx::Error) {
    let cause = error.to_string();
    for job in group.drain(..) {
        job.finish(Err(Error::Unavailable(cause.clone().into())));
    }
}

fn stopped() -> Error {
    Error::Unavailable("the writer has stopped after a failed commit".into())
}
