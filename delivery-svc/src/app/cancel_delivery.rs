//! Cancels a delivery that was not shipped.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, erasure, tombstone::found_or_buried};
use crate::domain::delivery::{self, Cancel, Cancellation, Delivery};

/// Cancels a delivery, and decides the race with the one who ships it.
#[derive(Clone)]
pub struct CancelDelivery {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

/// What to cancel.
#[derive(Clone, Debug)]
pub struct Command {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Its shop, for a tombstone.
    pub shop_id: Uuid,
    /// Its customer, for a tombstone.
    pub customer_id: String,
    /// Who cancels, and why.
    pub cancellation: Cancellation,
}

/// Why it was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It was shipped.
    #[error(transparent)]
    Refused(#[from] delivery::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl CancelDelivery {
    /// Cancels in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Who cancelled it first, and why.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command) -> Result<Cancellation, Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        self.store
            .run(move |tx| {
                let command = Arc::clone(&command);
                Box::pin(async move { cancel(tx, &command, now).await })
            })
            .await
    }
}

async fn cancel(tx: &mut dyn Tx, command: &Command, now: OffsetDateTime) -> Result<Cancellation, Error> {
    let cancellation = command.cancellation.clone();
    let tombstone = Delivery::tombstone(
        command.delivery_id,
        command.shop_id,
        command.customer_id.clone(),
        cancellation.clone(),
        now,
    );
    let Some(delivery) = found_or_buried(tx, &tombstone).await? else { return Ok(cancellation) };
    match delivery.cancel(cancellation.clone(), now)? {
        Cancel::Now(event) => {
            erasure::save(tx, event, now).await?;
            Ok(cancellation)
        }
        Cancel::Before(first) => Ok(first),
    }
}
