//! What is measured of a database: the units that wait, commits, conflicts, connections.

use std::time::Duration;

use metrics::Unit;

use super::failure::Conflict;
use crate::telemetry::number;

const QUEUE: &str = "tword_store_queue";
const QUEUE_LIMIT: &str = "tword_store_queue_limit";
const GROUP: &str = "tword_store_group_size";
const COMMIT: &str = "tword_store_commit_seconds";
const READERS: &str = "tword_store_readers";
const WRITERS: &str = "tword_store_writers";
const RERUNS: &str = "tword_store_reruns_total";

/// How many units of work wait, and how many may.
pub(super) fn queue(waiting: usize, limit: usize) {
    metrics::gauge!(QUEUE).set(number(waiting));
    metrics::gauge!(QUEUE_LIMIT).set(number(limit));
}

/// What the connections do that read.
pub(super) fn readers(open: u32, idle: usize) {
    connections(READERS, open, idle);
}

/// What the connections do that write.
pub(super) fn writers(open: u32, idle: usize) {
    connections(WRITERS, open, idle);
}

fn connections(name: &'static str, open: u32, idle: usize) {
    metrics::gauge!(name, "state" => "idle").set(number(idle));
    metrics::gauge!(name, "state" => "in_use").set(f64::from(open) - number(idle).min(f64::from(open)));
}

/// So many units of work are about to share a commit.
pub(super) fn group(size: usize) {
    metrics::histogram!(GROUP).record(number(size));
}

/// A commit took so long.
pub(super) fn committed(elapsed: Duration) {
    metrics::histogram!(COMMIT).record(elapsed);
}

/// A unit of work is run again.
pub(super) fn rerun(conflict: Conflict) {
    metrics::counter!(RERUNS, "reason" => conflict.name()).increment(1);
}

/// Describes what is measured here.
pub(super) fn describe() {
    metrics::describe_gauge!(QUEUE, "Units of work that wait for the writer, or for a connection.");
    metrics::describe_gauge!(QUEUE_LIMIT, "Units of work that may wait; later callers wait to be let in.");
    metrics::describe_histogram!(GROUP, "Units of work that shared one commit; SQLite only.");
    metrics::describe_histogram!(COMMIT, Unit::Seconds, "Time that a commit took, syncing to the disk included.");
    metrics::describe_gauge!(READERS, "Read connections to the database, by state: idle, in_use.");
    metrics::describe_gauge!(WRITERS, "Write connections to PostgreSQL, by state: idle, in_use.");
    metrics::describe_counter!(
        RERUNS,
        "Units of work that were run again since another was in the way, by how: deadlock, serialization, unique."
    );
    let _shown_from_the_start = (metrics::histogram!(GROUP), metrics::histogram!(COMMIT));
    queue(0, 0);
    readers(0, 0);
    writers(0, 0);
    for conflict in Conflict::ALL {
        metrics::counter!(RERUNS, "reason" => conflict.name()).increment(0);
    }
}
