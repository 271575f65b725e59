//! Saga deadline: an order whose stock was not reserved in time is rejected, once shop-svc's word cannot be on its way.

use std::{sync::Arc, time::Duration};

use chassis::{
    clock::Clock,
    store::{self, Store},
};
use time::OffsetDateTime;

use super::ports::{Read, Tx};
use crate::domain::{Actor, Order, RejectReason};

/// Orders looked at in one sweep.
const BATCH: u32 = 200;
/// How long after its deadline an order is rejected though shop's events have not been caught up with.
pub const GRACE: Duration = Duration::from_hours(1);

/// Rejects overdue orders.
#[derive(Clone)]
pub struct ExpireOrders {
    store: Store<dyn Tx>,
    read: Arc<dyn Read>,
    clock: Arc<dyn Clock>,
}

impl ExpireOrders {
    /// Finds orders through `read` and rejects them in `store`.
    pub fn new(store: Store<dyn Tx>, read: Arc<dyn Read>, clock: Arc<dyn Clock>) -> Self {
        Self { store, read, clock }
    }

    /// Rejects what is overdue. `caught_up` is the time up to which everything shop-svc said has been heard.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, caught_up: Option<OffsetDateTime>) -> Result<(), store::Error> {
        let now = self.clock.now();
        for order in self.read.overdue(now, BATCH).await? {
            if may_expire(&order, caught_up, now) {
                self.expire(order, now).await?;
            }
        }
        Ok(())
    }

    async fn expire(&self, order: Order, now: OffsetDateTime) -> Result<(), store::Error> {
        let id = order.id;
        let expired: Result<(), store::Error> = self
            .store
            .run(move |tx| {
                Box::pin(async move {
                    let Some(order) = tx.order(id).await? else { return Ok(()) };
                    tx.save(&order.reject(RejectReason::Expired, Actor::service(crate::NAME), now)).await
                })
            })
            .await;
        expired?;
        tracing::warn!(order_id = %id, "order rejected at its saga deadline");
        Ok(())
    }
}

fn may_expire(order: &Order, caught_up: Option<OffsetDateTime>, now: OffsetDateTime) -> bool {
    caught_up.is_some_and(|since| since > order.reserve_by) || now > order.reserve_by + GRACE
}
