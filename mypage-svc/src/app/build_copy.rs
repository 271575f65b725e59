//! Builds a copy from nothing but its producers' events, and serves it once it has heard what the served one has.

mod again;
mod batch;
mod serve;
mod worker;

use std::{sync::Arc, time::Duration};

use chassis::{
    clock::Clock,
    relay::Head,
    store::{self, Store},
};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::batch::Batch;
use super::ports::{Away, Producer, Tx};
use crate::domain::{Progress, Rebuild};

/// How long nobody else takes over from a process that has died.
const LEASE: Duration = Duration::from_secs(15);
/// Events taken in by one transaction at most: few enough that the live consumers never wait long for the one writer.
const EVENTS: u32 = 100;

/// Why a pass came to nothing; what it had done stands.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A producer did not answer.
    #[error(transparent)]
    Away(#[from] Away),
    /// Another holds the lease, or the copy was served.
    #[error("the lease on the building is lost")]
    Lost,
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] store::Error),
}

/// What a pass did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// There is nothing to build, or another does.
    Idle,
    /// It read all that there was, and the live consumers have heard more meanwhile.
    Behind,
    /// The copy is served.
    Served,
    /// The copy was given up: it would lack something.
    Failed,
    /// It was told to stop.
    Stopped,
}

/// What comes first in a transaction.
type First = for<'t> fn(&'t mut (dyn Tx + 'static)) -> BoxFuture<'t, Result<(), store::Error>>;

/// Builds copies, one process at a time.
pub struct BuildCopy {
    store: Store<dyn Tx>,
    producers: Vec<Arc<dyn Producer>>,
    clock: Arc<dyn Clock>,
    holder: Uuid,
}

impl BuildCopy {
    /// Builds from `producers`.
    pub fn new(store: Store<dyn Tx>, producers: Vec<Arc<dyn Producer>>, clock: Arc<dyn Clock>) -> Self {
        Self { store, producers, clock, holder: Uuid::now_v7() }
    }

    /// Reads on from where the building stands to the producers' heads, then serves the copy if it is no longer behind.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, drain: &CancellationToken) -> Result<Pass, Error> {
        let Some(rebuild) = self.lease().await? else { return Ok(Pass::Idle) };
        let mut reached = Vec::new();
        for producer in &self.producers {
            for head in producer.heads().await? {
                match self.catch_up(&rebuild, producer, head, drain).await? {
                    Some(sequence) => reached.push((Arc::clone(producer), Head { sequence, ..head })),
                    None => return Ok(Pass::Stopped),
                }
            }
        }
        self.serve(rebuild.copy, reached).await
    }

    /// Lets another process go on at once.
    ///
    /// # Errors
    /// The database failed.
    pub async fn release(&self) -> Result<(), store::Error> {
        let holder = self.holder;
        self.store.run(move |tx| Box::pin(async move { tx.release_building(holder).await })).await
    }

    /// The copy to build; none where there is none, or another builds it.
    async fn lease(&self) -> Result<Option<Rebuild>, Error> {
        match self.leased(|tx| Box::pin(async move { Ok(tx.building().await?) })).await {
            Err(Error::Lost) => Ok(None),
            leased => leased,
        }
    }

    /// Does `work` in one transaction, in which the lease is held.
    async fn leased<R, E, F>(&self, work: F) -> Result<R, E>
    where
        F: for<'t> Fn(&'t mut (dyn Tx + 'static)) -> BoxFuture<'t, Result<R, E>> + Send + Sync + 'static,
        R: Send + 'static,
        E: From<Error> + From<store::Error> + Send + 'static,
    {
        self.leased_after(|_tx| Box::pin(std::future::ready(Ok(()))), work).await
    }

    /// The same, after something that comes before the lease is asked for.
    async fn leased_after<R, E, F>(&self, first: First, work: F) -> Result<R, E>
    where
        F: for<'t> Fn(&'t mut (dyn Tx + 'static)) -> BoxFuture<'t, Result<R, E>> + Send + Sync + 'static,
        R: Send + 'static,
        E: From<Error> + From<store::Error> + Send + 'static,
    {
        let (holder, now, work) = (self.holder, self.clock.now(), Arc::new(work));
        let unit = self.store.run(move |tx| {
            let work = Arc::clone(&work);
            Box::pin(async move {
                first(tx).await?;
                if !tx.lease_building(holder, now, LEASE).await? {
                    return Err(Error::Lost.into());
                }
                work(tx).await
            })
        });
        unit.await
    }

    /// Takes in what an epoch has up to its head; answers up to where, none where it was told to stop.
    async fn catch_up(
        &self,
        rebuild: &Rebuild,
        producer: &Arc<dyn Producer>,
        head: Head,
        drain: &CancellationToken,
    ) -> Result<Option<i64>, Error> {
        let known = |progress: &&Progress| progress.producer == producer.name() && progress.epoch == head.epoch;
        let known = rebuild.progress.iter().find(known);
        let mut through = known.map_or(0, |progress| progress.through);
        if known.is_none() {
            self.take_in(Batch::empty(rebuild.copy, producer.name(), head)).await?;
        }
        while through < head.sequence {
            if drain.is_cancelled() {
                return Ok(None);
            }
            let told = producer.read(head.epoch, through, EVENTS).await?;
            let Some(batch) = Batch::new(rebuild.copy, producer.name(), head, through, told) else { break };
            through = batch.through();
            self.take_in(batch).await?;
        }
        Ok(Some(through))
    }

    /// Takes a batch in, in one transaction; where an event breaks it, each event in one of its own.
    async fn take_in(&self, batch: Batch) -> Result<(), Error> {
        let Err(fault) = self.attempt(batch.clone()).await? else { return Ok(()) };
        let Some(single) = batch.split() else { return Err(fault.into()) };
        for event in single {
            if let Err(fault) = self.attempt(event.clone()).await? {
                self.attempt(event.skipped(&fault)).await??;
            }
        }
        Ok(())
    }

    /// Takes a batch in, or tells how an event breaks it.
    async fn attempt(&self, batch: Batch) -> Result<Result<(), store::Error>, Error> {
        let batch = Arc::new(batch);
        let attempt = self.leased(move |tx| {
            let batch = Arc::clone(&batch);
            Box::pin(async move { Ok(batch.keep(tx).await?) })
        });
        faults(attempt.await)
    }
}

/// Tells what an event itself is at fault for from what another attempt may mend.
fn faults(taken_in: Result<(), Error>) -> Result<Result<(), store::Error>, Error> {
    match taken_in {
        Err(Error::Store(fault @ (store::Error::Inconsistent(_) | store::Error::Panicked))) => Ok(Err(fault)),
        taken_in => taken_in.map(Ok),
    }
}
