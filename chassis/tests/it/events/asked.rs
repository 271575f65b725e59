//! A log that tells how often consumers asked for it.

use std::sync::Arc;

use chassis::{
    audit, dead_letter, inbox,
    outbox::{self, LoggedEvent},
    recovery,
    relay::{Head, Log},
    store::{Error, Reads},
};
use tokio::sync::watch;
use uuid::Uuid;

/// A producer's log behind a counter of `ReadEvents`.
pub struct Asked {
    log: Arc<dyn Reads>,
    count: watch::Sender<u32>,
}

impl Asked {
    pub fn new(log: Arc<dyn Reads>) -> Arc<Self> {
        Arc::new(Self { log, count: watch::Sender::new(0) })
    }

    /// Waits until consumers have asked so many times more.
    pub async fn again(&self, times: u32) {
        let mut count = self.count.subscribe();
        let goal = *count.borrow_and_update() + times;
        count.wait_for(|now| *now >= goal).await.expect("the log stands");
    }
}

#[async_trait::async_trait]
impl Log for Asked {
    async fn epochs(&self) -> Result<Vec<Head>, Error> {
        self.log.epochs().await
    }

    async fn unnumbered(&self) -> Result<bool, Error> {
        let unnumbered = self.log.unnumbered().await;
        self.count.send_modify(|count| *count += 1);
        unnumbered
    }

    async fn read(&self, epoch: Uuid, after: i64, limit: u32, max_bytes: usize) -> Result<Vec<LoggedEvent>, Error> {
        self.log.read(epoch, after, limit, max_bytes).await
    }

    async fn appended(&self) {
        self.log.appended().await;
    }

    async fn stopped(&self) {
        self.log.stopped().await;
    }

    fn measure(&self) {
        self.log.measure();
    }

    async fn ping(&self) -> Result<(), Error> {
        self.log.ping().await
    }
}

#[async_trait::async_trait]
impl outbox::Read for Asked {
    async fn unpublished(&self, after: i64, rows: i64) -> Result<Vec<outbox::Unpublished>, Error> {
        self.log.unpublished(after, rows).await
    }

    async fn backlog(&self) -> Result<outbox::Backlog, Error> {
        self.log.backlog().await
    }

    async fn versions(&self, id: Uuid, after: i64, rows: i64, max: usize) -> Result<Vec<outbox::Version>, Error> {
        self.log.versions(id, after, rows, max).await
    }
}

#[async_trait::async_trait]
impl inbox::Read for Asked {
    async fn seen(&self, producer: &str, epoch: Uuid, head: i64) -> Result<inbox::Seen, Error> {
        self.log.seen(producer, epoch, head).await
    }

    async fn highest(&self, producer: &str) -> Result<i64, Error> {
        self.log.highest(producer).await
    }
}

#[async_trait::async_trait]
impl dead_letter::Read for Asked {
    async fn letters(&self, query: &dead_letter::Query) -> Result<Vec<dead_letter::Kept>, Error> {
        self.log.letters(query).await
    }

    async fn letter(&self, event_id: Uuid) -> Result<Option<dead_letter::Kept>, Error> {
        self.log.letter(event_id).await
    }

    async fn waiting(&self) -> Result<i64, Error> {
        self.log.waiting().await
    }
}

#[async_trait::async_trait]
impl audit::Read for Asked {
    async fn records(&self, query: &audit::Query) -> Result<Vec<audit::Entry>, Error> {
        self.log.records(query).await
    }
}

#[async_trait::async_trait]
impl recovery::Read for Asked {
    async fn standing(&self) -> Result<recovery::Standing, Error> {
        self.log.standing().await
    }

    async fn losses(&self, after: Option<&recovery::Loss>, rows: i64) -> Result<Vec<recovery::Loss>, Error> {
        self.log.losses(after, rows).await
    }
}
