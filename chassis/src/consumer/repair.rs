//! Repair: a sweep pulls from the producer what the broker did not bring.

use std::{collections::HashMap, sync::Arc, time::Duration};

use futures::future::join_all;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Consumer,
    handling::{self, Arrival},
    lanes::lanes,
    take_in::{Taken, take_in},
};
use crate::{
    broker::Error,
    inbox::{Event, Gap, Progress},
    operations::gauges,
    refusal::chain,
    store::Tx,
};

/// Gaps looked at in one sweep at most.
const GAPS: u32 = 64;
const BATCH: u32 = 500;
/// How long the broker may take to tell of the consumer.
const LOOK_DEADLINE: Duration = Duration::from_secs(5);

/// What was missing at the last sweep, by epoch: only what is missing twice is fetched, the rest is on its way.
type Missing = HashMap<Uuid, Vec<Gap>>;

/// Sweeps until `drain` is cancelled.
pub async fn run<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, drain: &CancellationToken) {
    let mut missing = Missing::new();
    let mut failing = false;
    while tokio::time::timeout(consumer.repair_interval, drain.cancelled()).await.is_err() {
        let swept = tokio::select! {
            () = drain.cancelled() => return,
            swept = sweep(consumer, &mut missing) => swept,
        };
        match swept {
            Ok(()) => failing = false,
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(
                    durable = consumer.durable,
                    cause = chain(error.as_ref()),
                    "producer could not be asked for gaps"
                );
            }
            Err(_still_failing) => {}
        }
    }
}

async fn sweep<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, missing: &mut Missing) -> Result<(), Error> {
    let begun = consumer.clock.now();
    let quiet = quiet(consumer).await;
    let producer = consumer.events.heads().await?;
    let (mut complete, mut lag) = (producer.all_numbered, 0);
    let current = producer.heads.last().map(|head| head.epoch);
    for head in producer.heads {
        let progress = progress(consumer, head.epoch).await?;
        if progress.highest > head.sequence {
            // Either it numbered more meanwhile, or it was restored to an older point: asked, it finds out.
            let _told = consumer.events.read(head.epoch, progress.highest, 1).await?;
        }
        let now_missing = absent(&progress, head.sequence);
        complete &= now_missing.is_empty();
        lag += (head.sequence - progress.seen).max(0);
        let before = missing.insert(head.epoch, now_missing.clone()).unwrap_or_default();
        for gap in overlap(&before, &now_missing) {
            // What lies above the highest number seen may still be pending in the broker.
            if gap.first <= progress.highest || quiet {
                fetch(consumer, head.epoch, gap, current != Some(head.epoch)).await?;
            }
        }
    }
    gauges::set_lag(consumer.producer, lag);
    if complete {
        consumer.caught_up.send_replace(Some(begun));
    }
    Ok(())
}

/// Everything that was not seen up to the producer's head, in order.
fn absent(progress: &Progress, head: i64) -> Vec<Gap> {
    // What lies above the head was numbered by a later state that the producer lost: it will never come.
    let below = |gap: &Gap| (gap.first <= head).then(|| Gap { first: gap.first, last: gap.last.min(head) });
    let mut gaps: Vec<Gap> = progress.gaps.iter().filter_map(below).collect();
    if progress.highest < head {
        gaps.push(Gap { first: progress.highest + 1, last: head });
    }
    gaps
}

/// What is in both lists of gaps; both are in order.
fn overlap(before: &[Gap], now: &[Gap]) -> Vec<Gap> {
    let both = now
        .iter()
        .flat_map(|gap| before.iter().map(|old| Gap { first: gap.first.max(old.first), last: gap.last.min(old.last) }));
    both.filter(|gap| gap.first <= gap.last).collect()
}

/// Whether the broker has nothing more for this consumer: then what lies above the highest number seen is not on its way
/// either. A durable that was made anew has nothing either, once it has brought what its stream still holds.
async fn quiet<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>) -> bool {
    // Where it is missing, the pull makes it anew when it can.
    let durable = consumer.broker.consumer(&consumer.durable, LOOK_DEADLINE).await;
    durable.is_some_and(|durable| durable.num_pending == 0)
}

async fn progress<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, epoch: Uuid) -> Result<Progress, Error> {
    let producer = consumer.producer;
    let unit = consumer.store.run(move |tx| Box::pin(async move { tx.progress(producer, epoch, GAPS).await }));
    unit.await.map_err(|error: crate::store::Error| error.into())
}

/// Reads a gap from the producer and takes it in. What an epoch that has ended does not hold, nobody has any more: it is
/// passed over.
async fn fetch<T: Tx + ?Sized + 'static>(
    consumer: &Consumer<T>,
    epoch: Uuid,
    gap: Gap,
    ended: bool,
) -> Result<(), Error> {
    let mut after = gap.first - 1;
    while after < gap.last {
        let limit = BATCH.min(u32::try_from(gap.last - after).unwrap_or(BATCH));
        let events = consumer.events.read(epoch, after, limit).await?;
        let through = events.last().map_or(gap.last, |last| last.sequence);
        if ended {
            pass_over(consumer, epoch, &holes(after, through, &events)).await?;
        }
        if events.is_empty() {
            return Ok(());
        }
        after = through;
        tracing::info!(
            durable = consumer.durable,
            count = events.len(),
            through = after,
            "gap pulled from the producer"
        );
        handling::repaired(consumer.producer, events.len());
        let arrival = Arrival { consumer: &consumer.durable, producer: consumer.producer, attempt: None };
        // Side by side, so that they share commits.
        let lanes = lanes(events, |event| event.aggregate_id).into_iter();
        let lanes = lanes.map(|lane| take_all_in(consumer, arrival, lane));
        if join_all(lanes).await.contains(&true) {
            return Err("the database is away".into());
        }
    }
    Ok(())
}

/// Takes events in, one after another; whether the database was away.
async fn take_all_in<T: Tx + ?Sized + 'static>(
    consumer: &Consumer<T>,
    arrival: Arrival<'_>,
    events: Vec<Event>,
) -> bool {
    let mut away = false;
    for event in events {
        let taken =
            take_in(&consumer.store, &consumer.handler, consumer.clock.as_ref(), arrival, Arc::new(event)).await;
        away |= matches!(taken, Taken::StoreAway(_));
    }
    away
}

/// The numbers behind `after` and up to `through` that none of the events has.
fn holes(after: i64, through: i64, events: &[Event]) -> Vec<Gap> {
    let (mut holes, mut next) = (Vec::new(), after + 1);
    for sequence in events.iter().map(|event| event.sequence).chain([through + 1]) {
        if sequence > next {
            holes.push(Gap { first: next, last: sequence - 1 });
        }
        next = sequence + 1;
    }
    holes
}

async fn pass_over<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, epoch: Uuid, holes: &[Gap]) -> Result<(), Error> {
    let producer = consumer.producer;
    for hole in holes.iter().copied() {
        tracing::error!(producer, %epoch, first = hole.first, last = hole.last, "events that the producer lost are passed over");
        let unit = consumer.store.run(move |tx| Box::pin(async move { tx.pass_over(producer, epoch, hole).await }));
        let passed: Result<(), crate::store::Error> = unit.await;
        passed?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_twice_is_fetched() {
        let before = [Gap { first: 2, last: 5 }, Gap { first: 9, last: 12 }];
        let now = [Gap { first: 4, last: 4 }, Gap { first: 10, last: 20 }];
        assert_eq!(overlap(&before, &now), [Gap { first: 4, last: 4 }, Gap { first: 10, last: 12 }]);
        assert_eq!(overlap(&[], &now), []);
        assert_eq!(overlap(&before, &[]), []);
    }

    #[test]
    fn what_lies_above_the_highest_number_is_missing_too() {
        let progress = Progress { highest: 7, gaps: vec![Gap { first: 3, last: 4 }], seen: 5 };
        assert_eq!(absent(&progress, 9), [Gap { first: 3, last: 4 }, Gap { first: 8, last: 9 }]);
        assert_eq!(absent(&progress, 7), [Gap { first: 3, last: 4 }]);
    }

    #[test]
    fn what_lies_above_the_head_is_not_missing() {
        let progress =
            Progress { highest: 20, gaps: vec![Gap { first: 3, last: 12 }, Gap { first: 15, last: 15 }], seen: 9 };
        assert_eq!(absent(&progress, 10), [Gap { first: 3, last: 10 }]);
    }

    #[test]
    fn holes_are_what_no_event_fills() {
        assert_eq!(holes(2, 5, &[]), [Gap { first: 3, last: 5 }]);
        assert_eq!(holes(5, 5, &[]), []);
    }
}
