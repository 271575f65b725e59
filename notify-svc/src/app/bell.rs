//! Tells the senders that there is something new to send.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use chassis::store::AfterCommit;

/// Is rung wherever a message becomes due on a channel. Nothing depends on it alone: who hears nothing looks all the same,
/// only later.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<AtomicU64>);

impl Bell {
    /// Rings once what `tx` writes is committed.
    pub fn ring_after<T: AfterCommit + ?Sized>(&self, tx: &mut T) {
        let rings = Arc::clone(&self.0);
        tx.after_commit(Box::new(move || {
            rings.fetch_add(1, Ordering::Release);
        }));
    }

    /// How often it has rung.
    pub fn rings(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}
