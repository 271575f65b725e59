//! Sending: whatever was said within some milliseconds goes out together, never within a unit's own transaction.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::PgPool;
use tokio::sync::mpsc;

use super::{CHANNEL, QUEUE, message};
use crate::refusal::chain;

/// How long words wait for others to go with.
const GATHER: Duration = Duration::from_millis(10);
const RETRY_DELAY: Duration = Duration::from_secs(1);

pub(super) struct Sender {
    pub(super) here: String,
    pub(super) pool: PgPool,
    pub(super) queued: mpsc::Receiver<(&'static str, String)>,
    pub(super) lost: Arc<AtomicBool>,
}

impl Sender {
    /// Sends until nobody says anything any more.
    pub(super) async fn run(mut self) {
        let mut words = Vec::new();
        let mut away = false;
        while self.lost.load(Ordering::Relaxed) || self.queued.recv_many(&mut words, QUEUE).await > 0 {
            tokio::time::sleep(GATHER).await;
            while let Ok(word) = self.queued.try_recv() {
                words.push(word);
            }
            let lost = self.lost.swap(false, Ordering::Relaxed);
            let messages = message::pack(&self.here, words.drain(..), lost);
            let Err(error) = self.send(&messages).await else {
                away = false;
                continue;
            };
            // What was lost is told once somebody can be told.
            self.lost.store(true, Ordering::Relaxed);
            if !away {
                tracing::warn!(cause = chain(&error), "other processes hear nothing, trying again");
            }
            away = true;
            tokio::time::sleep(RETRY_DELAY).await;
        }
    }

    async fn send(&self, messages: &[String]) -> Result<(), sqlx::Error> {
        for message in messages {
            let notify = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(message);
            let sent = tokio::time::timeout(RETRY_DELAY * 5, notify.execute(&self.pool)).await;
            sent.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        }
        Ok(())
    }
}
