//! Void: delivery-svc asks whose its bookings are; from then on each id is an order or void for ever.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{self, Store},
};
use uuid::Uuid;

use super::ports::{Claim, Tx};
use crate::domain::Order;

/// Resolves bookings.
pub struct ResolveBookings {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl ResolveBookings {
    /// Claims ids in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// For each id its order, or none where it is void; sorted, for those who ask at once all take them in this order.
    /// All in one transaction: a single order that makes no sense leaves all unanswered.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, mut ids: Vec<Uuid>) -> Result<Vec<(Uuid, Option<Order>)>, store::Error> {
        ids.sort_unstable();
        let now = self.clock.now();
        self.store
            .run(move |tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    let mut resolved = Vec::with_capacity(ids.len());
                    for id in ids {
                        let order = match tx.claim(id, Claim::Void, now).await? {
                            Claim::Void => None,
                            Claim::Order => Some(tx.order(id).await?.ok_or_else(|| {
                                store::Error::inconsistent(format!("{id} is claimed by an order that is not there"))
                            })?),
                        };
                        resolved.push((id, order));
                    }
                    Ok(resolved)
                })
            })
            .await
    }
}
