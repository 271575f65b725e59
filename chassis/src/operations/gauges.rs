//! What waits, as gauges.

use std::{sync::Arc, time::Duration};

use metrics::Unit;

use crate::{clock::Clock, service::Cause, store::Reads};

/// How often the gauges are set.
pub const PERIOD: Duration = Duration::from_secs(5);
const LAG: &str = "tword_consumer_lag";
const LETTERS: &str = "tword_consumer_dead_letters_waiting";
const UNPUBLISHED: &str = "tword_outbox_unpublished";
const OLDEST: &str = "tword_outbox_oldest_unpublished_seconds";

/// Describes what is set here.
pub fn describe() {
    metrics::describe_gauge!(LETTERS, Unit::Count, "Dead letters that wait for an operator.");
    metrics::describe_gauge!(UNPUBLISHED, Unit::Count, "Own events that the broker is not known to have.");
    metrics::describe_gauge!(
        OLDEST,
        Unit::Seconds,
        "Age of the oldest own event that the broker is not known to have, 0 for none."
    );
    metrics::describe_gauge!(
        LAG,
        Unit::Count,
        "Events that a producer had numbered and this service had not seen when it last asked that producer."
    );
}

/// Sets the gauges of what waits in the database.
///
/// # Errors
/// The database failed.
pub async fn set(reads: Arc<dyn Reads>, clock: Arc<dyn Clock>) -> Result<(), Cause> {
    let (waiting, backlog) = (reads.waiting().await?, reads.backlog().await?);
    let age = backlog.oldest.map(|oldest| (clock.now() - oldest).as_seconds_f64().max(0.0));
    metrics::gauge!(LETTERS).set(count(waiting));
    metrics::gauge!(UNPUBLISHED).set(count(backlog.count));
    metrics::gauge!(OLDEST).set(age.unwrap_or(0.0));
    Ok(())
}

/// Says how far this service lags behind a producer.
pub fn set_lag(producer: &'static str, missing: i64) {
    metrics::gauge!(LAG, "producer" => producer).set(count(missing));
}

#[expect(clippy::cast_precision_loss, reason = "nobody tells 2^53 events from one more")]
fn count(count: i64) -> f64 {
    count as f64
}
