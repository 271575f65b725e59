//! Announcements between the processes on one database: one `NOTIFY` for whatever was said meanwhile, in a transaction of its
//! own, and one connection that listens.

mod listener;
mod message;
mod sender;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::PgPool;
use tokio::sync::{Notify, mpsc};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::store::Announcements;

/// The channel; each service has a database of its own, and a channel is its database's.
const CHANNEL: &str = "tword";
/// Words that wait to be sent at most; what comes on top is told as missed.
const QUEUE: usize = 4_096;
/// The topic that wakes relays.
pub(super) const APPENDED: &str = "tword.appended";

/// The way to the other processes.
pub(super) struct Others {
    words: mpsc::Sender<(&'static str, String)>,
    /// Whether words found no room.
    lost: Arc<AtomicBool>,
}

impl Others {
    /// Says a word to the other processes, soon. It never waits.
    pub(super) fn tell(&self, topic: &'static str, word: String) {
        if self.words.try_send((topic, word)).is_err() {
            self.lost.store(true, Ordering::Relaxed);
        }
    }
}

/// Begins to send and to listen; both end with the guard.
pub(super) fn start(pool: PgPool, announcements: Announcements, wake: &Arc<Notify>) -> (Others, DropGuard) {
    let (words, queued) = mpsc::channel(QUEUE);
    let (lost, stop) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
    let here = Uuid::now_v7().to_string();
    let sender = sender::Sender { here: here.clone(), pool: pool.clone(), queued, lost: Arc::clone(&lost) };
    let listener = listener::Listener { here, pool, announcements, wake: Arc::clone(wake) };
    let (sending, listening) = (stop.clone(), stop.clone());
    tokio::spawn(async move { sending.run_until_cancelled(sender.run()).await });
    tokio::spawn(async move { listening.run_until_cancelled(listener.run()).await });
    (Others { words, lost }, stop.drop_guard())
}
