//! A log that tells how often consumers asked for it.

use std::sync::Arc;

use chassis::{
    outbox::LoggedEvent,
    relay::{Head, Log},
    store::Error,
};
use tokio::sync::watch;
use uuid::Uuid;

/// A producer's log behind a counter of `ReadEvents`.
pub struct Asked {
    log: Arc<dyn Log>,
    count: watch::Sender<u32>,
}

impl Asked {
    pub fn new(log: Arc<dyn Log>) -> Arc<Self> {
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

    async fn ping(&self) -> Result<(), Error> {
        self.log.ping().await
    }
}
