//! What is counted of the relay.

use std::time::Duration;

use metrics::Unit;

const PUBLISHED: &str = "tword_relay_published_total";
const FAILURES: &str = "tword_relay_failures_total";
const SECONDS: &str = "tword_relay_publish_seconds";
const LEADING: &str = "tword_relay_leading";

/// So many events were stored by the broker together.
pub(super) fn published(count: usize, elapsed: Duration) {
    metrics::counter!(PUBLISHED).increment(count as u64);
    metrics::histogram!(SECONDS).record(elapsed);
}

/// Events could not be numbered or published.
pub(super) fn failed() {
    metrics::counter!(FAILURES).increment(1);
}

/// Whether this process holds the lease.
pub(super) fn leading(leads: bool) {
    metrics::gauge!(LEADING).set(if leads { 1.0 } else { 0.0 });
}

/// Describes what is counted here.
pub fn describe() {
    metrics::describe_counter!(
        PUBLISHED,
        "Events that the broker has stored; one that is published again counts again."
    );
    metrics::describe_counter!(FAILURES, "Times that events could not be numbered or published, and were tried again.");
    metrics::describe_histogram!(SECONDS, Unit::Seconds, "Time until the broker had stored a batch of events.");
    metrics::describe_gauge!(LEADING, "Whether this process publishes the events of its database, 1 or 0.");
    metrics::counter!(PUBLISHED).increment(0);
    metrics::counter!(FAILURES).increment(0);
    metrics::gauge!(LEADING).set(0.0);
    let _shown_from_the_start = metrics::histogram!(SECONDS);
}
