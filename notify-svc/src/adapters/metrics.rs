//! What this service tells of itself besides what every service does.

use std::sync::Arc;

use chassis::store::Error;
use metrics::Unit;

use crate::{app::Read, domain::ChannelName};

/// Says what the metrics mean.
pub fn describe() {
    metrics::describe_gauge!(
        "tword_messages",
        Unit::Count,
        "Messages that are not sent, by status; without what was erased."
    );
    metrics::describe_counter!(
        "tword_message_attempts_total",
        Unit::Count,
        "Attempts to send a message, by channel and outcome: sent, missed, or moved where its contact points to another channel now."
    );
    metrics::describe_histogram!(
        "tword_message_attempt_seconds",
        Unit::Seconds,
        "Time that a channel took for one attempt."
    );
    for channel in ChannelName::ALL.map(ChannelName::name) {
        for outcome in ["sent", "missed", "moved"] {
            let labels = [("channel", channel), ("outcome", outcome)];
            metrics::counter!("tword_message_attempts_total", &labels).increment(0);
        }
        let _shown_from_the_start = metrics::histogram!("tword_message_attempt_seconds", "channel" => channel);
    }
}

/// Counts the messages that are not sent.
///
/// # Errors
/// The database failed.
pub async fn sweep(reads: Arc<dyn Read>) -> Result<(), Error> {
    let standing = reads.standing().await?;
    metrics::gauge!("tword_messages", "status" => "PENDING").set(f64::from(standing.pending));
    metrics::gauge!("tword_messages", "status" => "FAILED").set(f64::from(standing.failed));
    Ok(())
}
