//! What `recover` does, step by step; interrupted, it goes on where it was.

use std::{sync::Arc, time::Duration};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Known, Loss, Standing, TakeBack, check, line::Line};
use crate::{
    broker::{self, Broker, Own},
    clock::Clock,
    consumer::{self, CaughtUp, event_of},
    inbox::Event,
    refusal::chain,
    relay::LEASE,
    store::{self, Reads, Store, Tx},
};

/// Events taken back in one transaction at most.
const BATCH: usize = 64;
/// How long the broker may take to be there.
const BROKER_PATIENCE: Duration = Duration::from_secs(30);
/// How long catching up with one producer may take.
const CATCH_UP_PATIENCE: Duration = Duration::from_mins(10);
/// How often a lease that another process holds is asked for.
const LEASE_RETRY: Duration = Duration::from_millis(500);
/// How long this process holds the lease without a word.
const HOLD: Duration = Duration::from_secs(30);

/// Why a database could not be recovered. Each says what to do; what was done stays done, and is not done again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the relay's lease.
    #[error("another process of this service runs on this database; stop every one of them, then run recover again")]
    InUse,
    /// The broker is away.
    #[error("the broker did not answer within {BROKER_PATIENCE:?}; start it, then run recover again")]
    BrokerAway,
    /// The broker failed.
    #[error("its own events could not be read from the broker; run recover again")]
    Broker(#[source] broker::Error),
    /// An event could not be taken back.
    #[error("event {id} ({kind}, number {sequence}) cannot be taken back; nothing after it was")]
    Event {
        /// The event's id.
        id: Uuid,
        /// Full name of its message.
        kind: String,
        /// Its number.
        sequence: i64,
        /// Why not.
        source: consumer::Failure,
    },
    /// A producer did not answer.
    #[error(
        "events of {0}-svc are still missing after {CATCH_UP_PATIENCE:?}; start {0}-svc (if it was restored too, see what \
         the page on backup and restore says of that), then run recover again"
    )]
    Behind(&'static str),
    /// The database failed.
    #[error("the database failed; run recover again")]
    Store(#[from] store::Error),
}

/// What `recover` did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The database was not restored, as far as it, the stream and the consumers know.
    NothingToDo,
    /// The service can be started.
    Recovered {
        /// So many events were taken back, by this run.
        events: u64,
    },
}

/// Recovers one service's database.
pub(crate) struct Recover<T: ?Sized> {
    /// The service, such as `order-svc`.
    pub(crate) service: String,
    /// Its context, such as `order`.
    pub(crate) context: &'static str,
    /// Its store.
    pub(crate) store: Store<T>,
    /// Its log.
    pub(crate) log: Arc<dyn Reads>,
    /// Where its own events are.
    pub(crate) broker: Broker,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Writes its state.
    pub(crate) take_back: Arc<dyn TakeBack<T>>,
    /// How far its consumers have caught up.
    pub(crate) caught_up: Vec<(&'static str, CaughtUp)>,
}

impl<T: Tx + ?Sized + 'static> Recover<T> {
    /// Takes the database back to where the service was, as far as its events tell; `consume` starts its consumers then: what
    /// they hear rests on that.
    ///
    /// # Errors
    /// See [`Error`].
    pub(crate) async fn run(&self, consume: impl FnOnce() + Send) -> Result<Outcome, Error> {
        let holder = Uuid::now_v7();
        self.lead(holder).await?;
        let outcome = self.recover(holder, consume).await;
        let term = self.lease(holder).await?;
        if let Some(term) = term {
            self.unit(move |tx| Box::pin(async move { tx.release(term).await })).await?;
        }
        outcome
    }

    async fn recover(&self, holder: Uuid, consume: impl FnOnce() + Send) -> Result<Outcome, Error> {
        if tokio::time::timeout(BROKER_PATIENCE, self.broker.connected()).await.is_err() {
            return Err(Error::BrokerAway);
        }
        let mut events = 0;
        match self.log.standing().await? {
            Standing::Live if self.published_later().await?.is_none() => return Ok(Outcome::NothingToDo),
            Standing::Live | Standing::Restored => {
                self.stand(Standing::Restored).await?;
                events = self.take_all_back(holder).await?;
                self.begin_anew().await?;
            }
            Standing::CatchingUp => {}
        }
        consume();
        self.catch_up(holder).await?;
        self.stand(Standing::Live).await?;
        Ok(Outcome::Recovered { events })
    }

    async fn published_later(&self) -> Result<Option<String>, Error> {
        let published = check::published(&self.broker, &self.service, self.context).await.map_err(Error::Broker)?;
        Ok(check::published_later(&published, &self.log.epochs().await?))
    }

    /// Takes back every later event of the current epoch, then those of the epochs that this database never began.
    async fn take_all_back(&self, holder: Uuid) -> Result<u64, Error> {
        let mut taken = 0;
        loop {
            let pass = self.take_epoch_back(holder).await?;
            taken += pass.taken;
            let Some(epoch) = pass.next_epoch else { return Ok(taken) };
            self.unit(move |tx| Box::pin(async move { tx.begin_epoch(epoch).await })).await?;
        }
    }

    async fn take_epoch_back(&self, holder: Uuid) -> Result<Pass, Error> {
        let heads = self.log.epochs().await?;
        let Some(current) = heads.last().copied() else {
            return Err(store::Error::inconsistent("there is no epoch").into());
        };
        let mut pass = Pass { taken: 0, next_epoch: None };
        let mut given_up = Vec::new();
        let mut line = Line::behind(current);
        let mut own = self.broker.read_back(&self.service, self.context, Own::All).await.map_err(Error::Broker)?;
        loop {
            let messages = own.next().await.map_err(Error::Broker)?;
            if messages.is_empty() {
                break;
            }
            for event in messages.iter().filter_map(|message| event_of(self.context, message)) {
                if event.epoch == current.epoch {
                    given_up.extend(line.hold(event));
                } else if heads.iter().all(|head| head.epoch != event.epoch) {
                    pass.next_epoch.get_or_insert(event.epoch);
                }
            }
            if self.lease(holder).await?.is_none() {
                return Err(Error::InUse);
            }
            pass.taken += self.take(holder, line.ready()).await?;
            tracing::info!(taken = pass.taken, "taking events back");
        }
        let (rest, gaps) = line.rest();
        for gap in given_up.into_iter().chain(gaps) {
            self.unit(move |tx| {
                let gap = gap.clone();
                Box::pin(async move { tx.keep_loss(&gap).await })
            })
            .await?;
        }
        pass.taken += self.take(holder, rest).await?;
        Ok(pass)
    }

    /// Takes events back in their order; answers how many were not here.
    async fn take(&self, holder: Uuid, events: Vec<Event>) -> Result<u64, Error> {
        let mut taken = 0;
        for batch in events.chunks(BATCH) {
            if self.lease(holder).await?.is_none() {
                return Err(Error::InUse);
            }
            taken += self.take_batch(batch.into()).await?;
        }
        Ok(taken)
    }

    async fn take_batch(&self, batch: Arc<[Event]>) -> Result<u64, Error> {
        let take_back = Arc::clone(&self.take_back);
        let unit = self.store.run(move |tx| {
            let (take_back, batch) = (Arc::clone(&take_back), Arc::clone(&batch));
            Box::pin(async move {
                let mut taken = 0;
                for event in batch.iter() {
                    let new = take_one(tx, take_back.as_ref(), event).await;
                    taken += new.map_err(|source| Error::Event {
                        id: event.id,
                        kind: event.kind.clone(),
                        sequence: event.sequence,
                        source,
                    })?;
                }
                Ok(taken)
            })
        });
        unit.await
    }

    async fn begin_anew(&self) -> Result<(), Error> {
        let take_back = Arc::clone(&self.take_back);
        let epoch = Uuid::now_v7();
        let unit = self.store.run(move |tx| {
            let take_back = Arc::clone(&take_back);
            Box::pin(async move {
                for loss in take_back.finish(tx).await? {
                    tx.keep_loss(&loss).await?;
                }
                tx.begin_epoch(epoch).await?;
                tx.stand(Standing::CatchingUp).await?;
                Ok::<(), consumer::Failure>(())
            })
        });
        unit.await.map_err(|failure| match failure {
            consumer::Failure::Store(error) => Error::Store(error),
            other => Error::Store(store::Error::inconsistent(chain(&other))),
        })
    }

    /// Waits until the consumers have handled whatever the others had numbered when this began.
    async fn catch_up(&self, holder: Uuid) -> Result<(), Error> {
        let begun = self.clock.now();
        for (producer, caught_up) in &self.caught_up {
            tracing::info!(producer, "catching up");
            self.catch_up_with(holder, producer, caught_up, begun).await?;
        }
        Ok(())
    }

    async fn catch_up_with(
        &self,
        holder: Uuid,
        producer: &'static str,
        caught_up: &CaughtUp,
        begun: OffsetDateTime,
    ) -> Result<(), Error> {
        let deadline = tokio::time::Instant::now() + CATCH_UP_PATIENCE;
        while tokio::time::timeout(HOLD / 4, caught_up.until(begun)).await.is_err() {
            if self.lease(holder).await?.is_none() {
                return Err(Error::InUse);
            }
            if tokio::time::Instant::now() >= deadline {
                return Err(Error::Behind(producer));
            }
        }
        Ok(())
    }

    /// Takes the relay's lease, so that nobody numbers meanwhile.
    async fn lead(&self, holder: Uuid) -> Result<(), Error> {
        let deadline = tokio::time::Instant::now() + HOLD + LEASE;
        while self.lease(holder).await?.is_none() {
            if tokio::time::Instant::now() >= deadline {
                return Err(Error::InUse);
            }
            tokio::time::sleep(LEASE_RETRY).await;
        }
        Ok(())
    }

    async fn lease(&self, holder: Uuid) -> Result<Option<crate::relay::Term>, Error> {
        let now = self.clock.now();
        self.unit(move |tx| Box::pin(async move { tx.lease(holder, now, HOLD).await })).await
    }

    async fn stand(&self, standing: Standing) -> Result<(), Error> {
        self.unit(move |tx| Box::pin(async move { tx.stand(standing).await })).await
    }

    async fn unit<R, F>(&self, unit: F) -> Result<R, Error>
    where
        F: for<'a> FnMut(&'a mut T) -> futures::future::BoxFuture<'a, Result<R, store::Error>> + Send + 'static,
        R: Send + 'static,
    {
        Ok(self.store.run(unit).await?)
    }
}

/// Takes one event back; answers 1 where it was not here.
async fn take_one<T: Tx + ?Sized + 'static>(
    tx: &mut T,
    take_back: &dyn TakeBack<T>,
    event: &Event,
) -> Result<u64, consumer::Failure> {
    if tx.recognise(event).await? == Known::Yes {
        return Ok(0);
    }
    let taken = take_back.take_back(tx, event).await?;
    let undone = tx.put_back(event, taken.version).await?;
    for loss in &taken.losses {
        tx.keep_loss(loss).await?;
    }
    if undone > 0 {
        let what = "what was changed here after the restore was undone, since its peers know of another change";
        tx.keep_loss(&Loss { subject: format!("aggregate {}", event.aggregate_id), what: what.to_owned() }).await?;
    }
    Ok(1)
}

struct Pass {
    taken: u64,
    /// An epoch of which this database knows nothing.
    next_epoch: Option<Uuid>,
}
