//! Saga deadline: an order whose stock was not reserved in time is rejected.
//!
//! It is rejected once everything has been heard that shop-svc had numbered when a sweep begun after the deadline asked
//! for it, and in any case an hour after the deadline. A reservation that shop-svc made in time and its relay had not
//! numbered by then may still come: it is ignored, and shop-svc frees the units on the order's own `OrderRejected`.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    refusal::chain,
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    audit,
    ports::{Read, Tx},
};
use crate::domain::{Actor, Order, RejectReason, expiry};

/// Orders looked at in one sweep.
const BATCH: u32 = 200;

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

    /// Rejects what is overdue. `caught_up` is the begin of the last sweep that found no gap in what shop-svc had
    /// numbered. An order that cannot be rejected does not keep the others from it, nor does one that another replica or
    /// a customer is just at: the next sweep looks at it again.
    ///
    /// # Errors
    /// The database failed, or an order could not be rejected.
    pub async fn run(&self, caught_up: Option<OffsetDateTime>) -> Result<(), store::Error> {
        let now = self.clock.now();
        let mut outcome = Ok(());
        for id in self.read.overdue(expiry::heard_out(caught_up, now), BATCH).await? {
            match self.expire(id, now).await {
                Ok(true) => tracing::warn!(order_id = %id, "order rejected at its saga deadline"),
                Ok(false) => {}
                Err(error @ (store::Error::Inconsistent(_) | store::Error::Panicked)) => {
                    tracing::error!(order_id = %id, cause = chain(&error), "overdue order cannot be rejected");
                    outcome = Err(error);
                }
                Err(error @ (store::Error::Unavailable(_) | store::Error::Unknown)) => return Err(error),
            }
        }
        outcome
    }

    /// Rejects one order for `actor` where [`ExpireOrders::run`] would; answers whether it did.
    ///
    /// # Errors
    /// The database failed, or the order could not be rejected.
    pub async fn run_for(
        &self,
        order: &Order,
        actor: Actor,
        caught_up: Option<OffsetDateTime>,
    ) -> Result<bool, store::Error> {
        let now = self.clock.now();
        if !expiry::is_overdue(order, caught_up, now) {
            return Ok(false);
        }
        let id = order.id;
        let unit = self.store.run(move |tx| {
            let actor = actor.clone();
            Box::pin(async move {
                let order = tx.order(id).await?;
                reject(tx, order, &actor, now).await
            })
        });
        unit.await
    }

    async fn expire(&self, id: Uuid, now: OffsetDateTime) -> Result<bool, store::Error> {
        let unit = self.store.run(move |tx| {
            Box::pin(async move {
                let order = tx.order_if_idle(id).await?;
                reject(tx, order, &Actor::service(crate::NAME), now).await
            })
        });
        unit.await
    }
}

/// Rejects an order; answers whether it was PLACED still.
async fn reject(
    tx: &mut dyn Tx,
    order: Option<Order>,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<bool, store::Error> {
    let Some(order) = order else { return Ok(false) };
    let changes = order.reject(RejectReason::Expired, actor.clone(), now);
    tx.save(&changes).await?;
    let Some(change) = changes.last() else { return Ok(false) };
    audit::changed(tx, actor, "ResumeOrder", (&order, &change.order), now).await?;
    Ok(true)
}
