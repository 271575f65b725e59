//! What this service tells of itself.

use std::sync::Arc;

use chassis::{clock::Clock, refusal::Refusal, store::Error};
use metrics::{Unit, describe_counter, describe_gauge};

use super::refusals::reason;
use crate::app::{Read, Watches, watch_my_orders::Ended, watches::Cut};

const WATCHES: &str = "tword_watches";
const WATCHES_ENDED: &str = "tword_watches_ended_total";
const AS_OF_AGE: &str = "tword_mypage_as_of_age_seconds";
const REBUILD_HANDLED: &str = "tword_mypage_rebuild_handled_events";
const REBUILD_TOTAL: &str = "tword_mypage_rebuild_total_events";

/// Describes every one of them.
pub fn describe() {
    describe_gauge!(WATCHES, Unit::Count, "Watches of customers' orders that this process serves.");
    describe_counter!(WATCHES_ENDED, Unit::Count, "Watches that this process ended, by reason.");
    describe_gauge!(AS_OF_AGE, Unit::Seconds, "Age of the time by which everything that had happened is on my page.");
    describe_gauge!(REBUILD_HANDLED, Unit::Count, "Events that the last rebuild has taken in, by producer.");
    describe_gauge!(REBUILD_TOTAL, Unit::Count, "Events that there are for the last rebuild to take in, by producer.");
    for reason in [&reason::WATCH_TOO_SLOW, &reason::WATCH_MOVED, &chassis::refusal::reason::UNAUTHENTICATED] {
        metrics::counter!(WATCHES_ENDED, "reason" => reason.name).increment(0);
    }
    for producer in ["order", "delivery", "notify"] {
        metrics::gauge!(REBUILD_HANDLED, "producer" => producer).set(0.0);
        metrics::gauge!(REBUILD_TOTAL, "producer" => producer).set(0.0);
    }
}

/// A watch was ended, for a reason as clients are told it.
pub fn watch_ended(reason: &'static str) {
    metrics::counter!(WATCHES_ENDED, "reason" => reason).increment(1);
}

/// Watches were cut off.
pub fn watches_cut_off(watches: &Watches, cut: Vec<Cut>) {
    if cut.is_empty() {
        return;
    }
    for cut in cut {
        watch_ended(Refusal::from(Ended::from(cut)).reason().name);
    }
    set_watches(watches);
}

fn set_watches(watches: &Watches) {
    metrics::gauge!(WATCHES).set(u32::try_from(watches.count()).unwrap_or(u32::MAX));
}

/// Sets the gauges.
///
/// # Errors
/// The database failed.
pub async fn set(reads: Arc<dyn Read>, watches: Watches, clock: Arc<dyn Clock>) -> Result<(), Error> {
    set_watches(&watches);
    if let Some(as_of) = reads.as_of().await? {
        metrics::gauge!(AS_OF_AGE).set((clock.now() - as_of).as_seconds_f64().max(0.0));
    }
    for (producer, handled, total) in reads.rebuild().await?.iter().flat_map(super::convert::by_producer) {
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        let (handled, total) = (handled as f64, total as f64);
        metrics::gauge!(REBUILD_HANDLED, "producer" => producer.clone()).set(handled);
        metrics::gauge!(REBUILD_TOTAL, "producer" => producer).set(total);
    }
    Ok(())
}
