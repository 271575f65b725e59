//! Tells the senders of every process that there is something new to send.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chassis::store::{Announce, Heard, Word};

/// Under which it is announced that messages are due.
pub const TOPIC: &str = "messages due";

/// Rings the bell of every process once what `tx` writes is committed: a message is due on some channel.
pub fn ring_after<T: Announce + ?Sized>(tx: &mut T) {
    tx.announce(TOPIC, "due".to_owned());
}

/// Rings in one process. Nothing depends on it alone: who hears nothing looks all the same, only later.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<AtomicU64>);

impl Bell {
    /// Rings for whatever is heard of [`TOPIC`], for ever.
    pub async fn ring_for(&self, mut heard: Heard) {
        loop {
            match heard.next().await {
                Word::Said(_) | Word::Missed => self.0.fetch_add(1, Ordering::Release),
            };
        }
    }

    /// How often it has rung.
    pub fn rings(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
