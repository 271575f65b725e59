//! Settles bookings that no order has claimed in time.

use std::{sync::Arc, time::Duration};

use chassis::{
    clock::Clock,
    refusal::chain,
    store::{self, Store},
};
use futures::future::join_all;
use uuid::Uuid;

use super::{
    Claims, Tx, erasure,
    follow_order::{self, follow_order},
    ports::{Resolution, Unresolved},
};
use crate::domain::{
    actor::Actor,
    delivery::{Cancellation, Contradiction},
};

/// Bookings asked for at once.
const BATCH: u32 = 200;
/// Batches of one sweep at most; what is left waits for the next sweep.
const BATCHES: usize = 50;
/// How long bookings stay with the sweep that took them at most; then any replica's sweep asks again.
const LONGEST_TAKEN: Duration = Duration::from_secs(4);
const VOID_REASON: &str = "no order was placed for the booking";

/// Asks whose the old unclaimed bookings are, lets the claimed ones follow their orders, and cancels the void ones.
#[derive(Clone)]
pub struct VoidBookings {
    store: Store<dyn Tx>,
    claims: Arc<dyn Claims>,
    clock: Arc<dyn Clock>,
    void_after: Duration,
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Bookings that orders stand behind.
    pub claimed: usize,
    /// Bookings that were cancelled, or had been meanwhile.
    pub voided: usize,
}

/// Why a sweep ended early. What it settled stays so; the next sweep asks for the rest.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody could say whose the bookings are.
    #[error(transparent)]
    Unresolved(#[from] Unresolved),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

#[derive(Debug, thiserror::Error)]
enum SettleError {
    #[error(transparent)]
    Follow(#[from] follow_order::Error),
    #[error("the booking is void although an order stands behind it")]
    Contradiction(#[from] Contradiction),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl VoidBookings {
    /// Settles bookings in `store` that are older than `void_after`, as `claims` says.
    pub fn new(store: Store<dyn Tx>, claims: Arc<dyn Claims>, clock: Arc<dyn Clock>, void_after: Duration) -> Self {
        Self { store, claims, clock, void_after }
    }

    /// One sweep over every booking that is old enough. It takes bookings before it asks for them, so that of several
    /// replicas one does; what was not answered is asked for by the next sweep.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for _batch in 0..BATCHES {
            let ids = self.take().await?;
            if ids.is_empty() {
                break;
            }
            let resolutions = self.claims.resolve(&ids).await?;
            let settled = join_all(resolutions.into_iter().map(|resolution| self.settle(resolution))).await;
            for one in settled {
                swept.claimed += one.claimed;
                swept.voided += one.voided;
            }
            if ids.len() < BATCH as usize {
                break;
            }
        }
        if swept != Swept::default() {
            tracing::info!(claimed = swept.claimed, voided = swept.voided, "unclaimed bookings settled");
        }
        Ok(swept)
    }

    /// Takes the oldest bookings that no other sweep is at.
    async fn take(&self) -> Result<Vec<Uuid>, store::Error> {
        let now = self.clock.now();
        let (before, until) = (now - self.void_after, now + LONGEST_TAKEN.min(self.void_after / 2));
        self.store.run(move |tx| Box::pin(async move { tx.take_unclaimed(before, now, until, BATCH).await })).await
    }

    /// Settles one booking. One that fails is logged and keeps no other from being settled.
    async fn settle(&self, resolution: Resolution) -> Swept {
        let (order_id, swept) = match &resolution {
            Resolution::Claimed(report) => (report.order_id, Swept { claimed: 1, voided: 0 }),
            Resolution::Void(id) => (*id, Swept { claimed: 0, voided: 1 }),
        };
        let (resolution, now) = (Arc::new(resolution), self.clock.now());
        let settled = self.store.run(move |tx| {
            let resolution = Arc::clone(&resolution);
            Box::pin(async move {
                match &*resolution {
                    Resolution::Claimed(report) => follow_order(tx, report, now).await.map_err(SettleError::from),
                    Resolution::Void(id) => void(tx, *id, now).await,
                }
            })
        });
        match settled.await {
            Ok(()) => swept,
            Err(error) => {
                tracing::error!(%order_id, cause = chain(&error), "booking could not be settled");
                Swept::default()
            }
        }
    }
}

async fn void(tx: &mut dyn Tx, id: Uuid, now: time::OffsetDateTime) -> Result<(), SettleError> {
    let Some(delivery) = tx.delivery(id).await? else { return Ok(()) };
    let cancellation = Cancellation { by: Actor::service(crate::NAME), reason: VOID_REASON.to_owned() };
    if let Some(event) = delivery.void(cancellation, now)? {
        erasure::save(tx, event, now).await?;
    }
    Ok(())
}
