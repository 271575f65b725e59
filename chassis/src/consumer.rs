//! Consuming: one durable consumer per (service, producer), an inbox, dead letters, and a pull that repairs gaps.

mod handling;
mod lanes;
mod pull;
mod repair;
mod take_in;

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    broker::Broker,
    client::Mesh,
    clock::Clock,
    event_log::Reader,
    inbox::Event,
    store::{self, Store, Tx},
};

pub use handling::{Arrival, describe};
pub(crate) use pull::event_of;
pub use take_in::{MAX_FAULTS, Taken, take_in};

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The body is not what its type says. The first such failure makes it a dead letter.
    #[error("the event cannot be decoded: {0}")]
    Undecodable(#[from] prost::DecodeError),
    /// The event breaks a rule. The fifth such failure makes it a dead letter.
    #[error("the event breaks a rule: {0}")]
    Fault(String),
    /// Something that the event builds on has not arrived yet; it is tried again later, without end.
    #[error("the event is early: {0}")]
    Early(String),
    /// The database failed; nothing is consumed until it is back.
    #[error("the database failed")]
    Store(#[from] store::Error),
}

/// Gives events their effect, inside the transaction that also ticks the inbox.
pub trait Handler<T: ?Sized>: Send + Sync + 'static {
    /// Handles one event. It awaits nothing but `tx`. An event of no interest is a success without an effect.
    ///
    /// # Errors
    /// See [`Failure`].
    fn handle<'a>(&'a self, tx: &'a mut T, event: &'a Event) -> BoxFuture<'a, Result<(), Failure>>;
}

/// Tells how far a consumer has caught up with its producer.
#[derive(Clone, Debug)]
pub struct CaughtUp(watch::Receiver<Option<OffsetDateTime>>);

impl CaughtUp {
    /// The begin of the last sweep that found no gap up to the producer's head: whatever the producer had numbered by
    /// then has had its effect.
    pub fn since(&self) -> Option<OffsetDateTime> {
        *self.0.borrow()
    }

    /// Waits until a sweep that began at `time` or later has found no gap.
    pub async fn until(&self, time: OffsetDateTime) {
        let mut caught_up = self.0.clone();
        if caught_up.wait_for(|since| since.is_some_and(|since| since >= time)).await.is_err() {
            // The consumer has ended, and will not catch up any more.
            std::future::pending::<()>().await;
        }
    }
}

/// Consumes one producer's events for one service.
pub struct Consumer<T: ?Sized> {
    durable: String,
    producer: &'static str,
    store: Store<T>,
    handler: Arc<dyn Handler<T>>,
    broker: Broker,
    events: Reader,
    clock: Arc<dyn Clock>,
    repair_interval: Duration,
    caught_up: watch::Sender<Option<OffsetDateTime>>,
}

/// What a consumer reaches the world by.
#[derive(Clone)]
pub struct Reach {
    /// Where events come from.
    pub broker: Broker,
    /// How producers are asked for what the broker lost.
    pub mesh: Mesh,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// How often producers are asked.
    pub repair_interval: Duration,
}

impl<T: Tx + ?Sized + 'static> Consumer<T> {
    /// The consumer of `producer`'s events for `service`.
    pub fn new(
        service: &str,
        producer: &'static str,
        store: Store<T>,
        handler: Arc<dyn Handler<T>>,
        reach: Reach,
    ) -> Self {
        handling::serve_from_the_start(producer);
        Self {
            durable: format!("{service}_{producer}"),
            producer,
            store,
            handler,
            broker: reach.broker,
            events: Reader::new(producer, &reach.mesh),
            clock: reach.clock,
            repair_interval: reach.repair_interval,
            caught_up: watch::channel(None).0,
        }
    }

    /// The broker's name of the consumer.
    pub fn durable(&self) -> &str {
        &self.durable
    }

    /// How far it has caught up.
    pub fn caught_up(&self) -> CaughtUp {
        CaughtUp(self.caught_up.subscribe())
    }

    /// Runs until `drain` is cancelled; what is in flight then is finished.
    pub async fn run(self, drain: CancellationToken) {
        tokio::join!(pull::run(&self, &drain), repair::run(&self, &drain));
    }
}
