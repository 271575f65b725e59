//! Notes by when what is served is complete.

use std::sync::{Mutex, PoisonError};

use chassis::{
    consumer::CaughtUp,
    store::{Error, Store},
};
use time::OffsetDateTime;

use super::ports::Tx;

/// Notes how far the live consumers have caught up with all of their producers.
pub struct AdvanceAsOf {
    store: Store<dyn Tx>,
    caught_up: Vec<CaughtUp>,
    noted: Mutex<Option<OffsetDateTime>>,
}

impl AdvanceAsOf {
    /// Follows these consumers, one for each producer.
    pub fn new(store: Store<dyn Tx>, caught_up: Vec<CaughtUp>) -> Self {
        Self { store, caught_up, noted: Mutex::default() }
    }

    /// Notes the time by which everything that had happened has had its effect, once every consumer has caught up. The
    /// effects were committed before: who sees the note sees them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self) -> Result<(), Error> {
        let since: Option<Vec<OffsetDateTime>> = self.caught_up.iter().map(CaughtUp::since).collect();
        let Some(time) = since.and_then(|since| since.into_iter().min()) else { return Ok(()) };
        if *self.noted() >= Some(time) {
            return Ok(());
        }
        note(&self.store, time).await?;
        *self.noted() = Some(time);
        Ok(())
    }

    fn noted(&self) -> std::sync::MutexGuard<'_, Option<OffsetDateTime>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn note(store: &Store<dyn Tx>, time: OffsetDateTime) -> Result<(), Error> {
    store.run(move |tx| Box::pin(async move { tx.note_as_of(time).await })).await
}
