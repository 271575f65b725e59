//! Erases a customer's personal data.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Read, Tx, audit, ports::Addressed};
use crate::domain::actor::Actor;

/// Deliveries that are cleared in one transaction.
const BATCH: u32 = 100;

/// Clears the recipients of a customer's final deliveries, and leaves a mark by which the others lose theirs when they
/// become final.
#[derive(Clone)]
pub struct EraseCustomer {
    store: Store<dyn Tx>,
    reads: Arc<dyn Read>,
    clock: Arc<dyn Clock>,
}

/// Whom to erase.
#[derive(Clone, Debug)]
pub struct Command {
    /// The customer's opaque subject.
    pub customer_id: String,
    /// Who asks.
    pub operator: Actor,
}

/// What was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Deliveries that lost their recipients now.
    pub cleared: u32,
    /// Deliveries that still need theirs.
    pub outstanding: u32,
}

impl EraseCustomer {
    /// Erases in `store`; `reads` counts what is left.
    pub fn new(store: Store<dyn Tx>, reads: Arc<dyn Read>, clock: Arc<dyn Clock>) -> Self {
        Self { store, reads, clock }
    }

    /// Marks, then clears batch by batch. A delivery becomes final with a recipient only where that began before the mark
    /// was made; it is held then, and a batch waits for it. Whoever is interrupted begins again.
    ///
    /// # Errors
    /// The database failed: what was cleared stays cleared.
    pub async fn run(&self, command: Command) -> Result<Erased, store::Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        let marked = Arc::clone(&command);
        let held = self.reads.addressed(&command.customer_id).await? > 0;
        self.store
            .run(move |tx| {
                let command = Arc::clone(&marked);
                Box::pin(async move { mark(tx, &command, held, now).await })
            })
            .await?;
        let (mut cleared, mut after) = (0, None);
        loop {
            let batch = self.clear(&command, after, now).await?;
            cleared += batch.cleared;
            after = batch.last;
            if batch.seen < BATCH {
                break;
            }
        }
        let outstanding = self.reads.addressed(&command.customer_id).await?;
        Ok(Erased { cleared, outstanding })
    }

    async fn clear(
        &self,
        command: &Arc<Command>,
        after: Option<Uuid>,
        now: OffsetDateTime,
    ) -> Result<Batch, store::Error> {
        let command = Arc::clone(command);
        let unit = self.store.run(move |tx| {
            let command = Arc::clone(&command);
            Box::pin(async move { clear(tx, &command, after, now).await })
        });
        unit.await
    }
}

/// Marks, and records that where it is the first time or something is held that the mark is about.
async fn mark(tx: &mut dyn Tx, command: &Command, held: bool, now: OffsetDateTime) -> Result<(), store::Error> {
    let before = tx.erased(&command.customer_id).await?;
    // A clock that was set back takes nothing from an earlier mark.
    let marked = before.map_or(now, |before| before.max(now));
    tx.mark_erased(&command.customer_id, marked).await?;
    if before.is_some() && !held {
        return Ok(());
    }
    tx.audit(&audit::of_erasure(&command.operator, &command.customer_id, before, marked)).await
}

struct Batch {
    seen: u32,
    cleared: u32,
    last: Option<Uuid>,
}

async fn clear(
    tx: &mut dyn Tx,
    command: &Command,
    after: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<Batch, store::Error> {
    let mut batch = Batch { seen: 0, cleared: 0, last: after };
    for Addressed { delivery, recipient } in tx.of_customer(&command.customer_id, after, BATCH).await? {
        let fields = audit::fields(&delivery, recipient.as_ref());
        batch.seen += 1;
        batch.last = Some(delivery.id);
        let Some(change) = delivery.erase(command.operator.clone(), now) else { continue };
        tx.readdress(&change, None).await?;
        let (id, changes) = (change.delivery.id, fields.changes(&audit::fields(&change.delivery, None)));
        tx.audit(&audit::of_delivery("EraseCustomer", &command.operator, id, changes, now)).await?;
        batch.cleared += 1;
    }
    Ok(batch)
}
