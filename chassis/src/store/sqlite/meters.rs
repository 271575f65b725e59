//! What is measured of one database file: its writer's queue and groups, its readers.

use std::time::Duration;

use metrics::Unit;
use sqlx::SqlitePool;

use crate::telemetry::number;

const QUEUE: &str = "tword_store_queue";
const QUEUE_LIMIT: &str = "tword_store_queue_limit";
const GROUP: &str = "tword_store_group_size";
const COMMIT: &str = "tword_store_commit_seconds";
const READERS: &str = "tword_store_readers";

/// How full the writer's queue is, and what the readers do.
pub(super) fn measure(waiting: usize, limit: usize, readers: &SqlitePool) {
    metrics::gauge!(QUEUE).set(number(waiting));
    metrics::gauge!(QUEUE_LIMIT).set(number(limit));
    let (open, idle) = (readers.size(), readers.num_idle());
    metrics::gauge!(READERS, "state" => "idle").set(number(idle));
    metrics::gauge!(READERS, "state" => "in_use").set(f64::from(open) - number(idle).min(f64::from(open)));
}

/// So many units of work are about to share a commit.
pub(super) fn group(size: usize) {
    metrics::histogram!(GROUP).record(number(size));
}

/// A commit took so long.
pub(super) fn committed(elapsed: Duration) {
    metrics::histogram!(COMMIT).record(elapsed);
}

/// Describes what is measured here.
pub fn describe() {
    metrics::describe_gauge!(QUEUE, "Units of work that wait for the writer.");
    metrics::describe_gauge!(
        QUEUE_LIMIT,
        "Units of work that may wait for the writer; later callers wait to be let in."
    );
    metrics::describe_histogram!(GROUP, "Units of work that shared one commit.");
    metrics::describe_histogram!(COMMIT, Unit::Seconds, "Time that a commit took, syncing to the disk included.");
    metrics::describe_gauge!(READERS, "Read connections to the database, by state: idle, in_use.");
    let _shown_from_the_start = (metrics::histogram!(GROUP), metrics::histogram!(COMMIT));
    for gauge in [metrics::gauge!(QUEUE), metrics::gauge!(QUEUE_LIMIT)] {
        gauge.set(0.0);
    }
    for state in ["idle", "in_use"] {
        metrics::gauge!(READERS, "state" => state).set(0.0);
    }
}
