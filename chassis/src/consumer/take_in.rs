//! Taking an event in: its effect, its inbox rows and its own events are one transaction; poison is put aside.

use std::{sync::Arc, time::Duration};

use super::handling::{Arrival, Handling, Outcome};
use crate::{
    clock::Clock,
    consumer::{Failure, Handler},
    inbox::{DeadLetter, Event},
    refusal::chain,
    store::{self, Store, Tx},
};

/// The failure by an event's own fault that makes it a dead letter.
pub const MAX_FAULTS: i64 = 5;
const EARLY_DELAY: Duration = Duration::from_secs(1);
const FAULT_DELAY: Duration = Duration::from_secs(2);
const STORE_DELAY: Duration = Duration::from_secs(5);

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It had its effect, now or before, or is a dead letter: it need not come again.
    Done,
    /// It is to come again, after a while.
    Later(Duration),
    /// The database is away: nothing is to come before it is back.
    StoreAway(Duration),
}

/// Handles `event` once, however often it comes, in the trace that it belongs to.
pub async fn take_in<T: Tx + ?Sized + 'static>(
    store: &Store<T>,
    handler: &Arc<dyn Handler<T>>,
    clock: &dyn Clock,
    arrival: Arrival<'_>,
    event: Arc<Event>,
) -> Taken {
    let mut handling = Handling::begin(arrival, &event);
    let (taken, outcome) = handling.run(take_in_here(store, handler, clock, &event)).await;
    handling.end(outcome);
    taken
}

async fn take_in_here<T: Tx + ?Sized + 'static>(
    store: &Store<T>,
    handler: &Arc<dyn Handler<T>>,
    clock: &dyn Clock,
    event: &Arc<Event>,
) -> (Taken, Outcome) {
    let failure = match effect(store, handler, Arc::clone(event)).await {
        Ok(Effect::Known) => return (Taken::Done, Outcome::Duplicate),
        Ok(Effect::New) => {
            tracing::info!(event_id = %event.id, kind = event.kind, aggregate_id = %event.aggregate_id, "event handled");
            return (Taken::Done, Outcome::Handled);
        }
        Err(failure) => failure,
    };
    let cause = chain(&failure);
    let (limit, delay) = match failure {
        Failure::Early(_) => {
            tracing::info!(event_id = %event.id, kind = event.kind, aggregate_id = %event.aggregate_id, cause, "event is early");
            return (Taken::Later(EARLY_DELAY), Outcome::Early);
        }
        Failure::Undecodable(_) => (1, Duration::ZERO),
        Failure::Fault(_) | Failure::Store(store::Error::Panicked | store::Error::Inconsistent(_)) => {
            (MAX_FAULTS, FAULT_DELAY)
        }
        Failure::Store(store::Error::Unavailable(_) | store::Error::Unknown) => {
            tracing::warn!(event_id = %event.id, cause, "event could not be stored");
            return (Taken::StoreAway(STORE_DELAY), Outcome::NotStored);
        }
    };
    tracing::error!(event_id = %event.id, kind = event.kind, aggregate_id = %event.aggregate_id, cause, "event failed");
    match count(store, clock, Arc::clone(event), cause, limit).await {
        Ok(true) => (Taken::Done, Outcome::DeadLetter),
        Ok(false) => (Taken::Later(delay), Outcome::Failed),
        Err(error) => {
            tracing::warn!(cause = chain(&error), "failure could not be counted");
            (Taken::StoreAway(STORE_DELAY), Outcome::NotStored)
        }
    }
}

/// Whether an event had its effect now or before.
enum Effect {
    New,
    Known,
}

async fn effect<T: Tx + ?Sized + 'static>(
    store: &Store<T>,
    handler: &Arc<dyn Handler<T>>,
    event: Arc<Event>,
) -> Result<Effect, Failure> {
    let handler = Arc::clone(handler);
    let unit = store.run(move |tx| {
        let (handler, event) = (Arc::clone(&handler), Arc::clone(&event));
        Box::pin(async move {
            if !tx.admit(&event).await? {
                return Ok(Effect::Known);
            }
            handler.handle(tx, &event).await?;
            Ok(Effect::New)
        })
    });
    unit.await
}

/// Counts a failure by the event's own fault; true where that made it a dead letter.
async fn count<T: Tx + ?Sized + 'static>(
    store: &Store<T>,
    clock: &dyn Clock,
    event: Arc<Event>,
    cause: String,
    limit: i64,
) -> Result<bool, store::Error> {
    let time = clock.now();
    store
        .run(move |tx| {
            let (event, cause) = (Arc::clone(&event), cause.clone());
            Box::pin(async move {
                let attempts = tx.count_failure(event.id).await?;
                if attempts < limit {
                    return Ok::<_, store::Error>(false);
                }
                if tx.admit(&event).await? {
                    tx.put_aside(&DeadLetter { event: Event::clone(&event), cause, attempts, time }).await?;
                }
                Ok(true)
            })
        })
        .await
}
