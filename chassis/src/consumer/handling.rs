//! What is seen of an event's handling from outside: its span, its metrics.

use std::time::Instant;

use metrics::Unit;
use tracing::Instrument;

use crate::{
    inbox::Event,
    operations::gauges,
    trace::{Context, Kind, Span, Traced, log_span},
};

const EVENTS: &str = "tword_consumer_events_total";
const REDELIVERED: &str = "tword_consumer_redelivered_total";
const REPAIRED: &str = "tword_consumer_repaired_total";
const FOREIGN: &str = "tword_consumer_foreign_messages_total";
const DEAD_LETTERS: &str = "tword_consumer_dead_letters_total";
const SECONDS: &str = "tword_consumer_handling_seconds";

/// How an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival<'a> {
    /// Who handles it: the durable consumer's name.
    pub consumer: &'a str,
    /// Who produced it.
    pub producer: &'static str,
    /// Which attempt of the broker it is, from 1; none where it was read from its producer or handled anew.
    pub attempt: Option<i64>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It had its effect.
    Handled,
    /// It had its effect before.
    Duplicate,
    /// What it builds on is not there yet.
    Early,
    /// It failed by its own fault, and is tried again.
    Failed,
    /// It failed by its own fault too often, and was put aside.
    DeadLetter,
    /// The database was away.
    NotStored,
}

impl Outcome {
    const ALL: [Self; 6] =
        [Self::Handled, Self::Duplicate, Self::Early, Self::Failed, Self::DeadLetter, Self::NotStored];

    const fn name(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Duplicate => "duplicate",
            Self::Early => "early",
            Self::Failed => "failed",
            Self::DeadLetter => "dead_letter",
            Self::NotStored => "not_stored",
        }
    }
}

/// One handling of an event, which is a span of the event's trace below the one that published it.
pub(super) struct Handling {
    span: Span,
    lines: tracing::Span,
    producer: &'static str,
    began: Instant,
}

impl Handling {
    /// Begins to handle `event`.
    pub(super) fn begin(arrival: Arrival<'_>, event: &Event) -> Self {
        let published = event.traceparent.as_deref().and_then(Context::parse);
        let mut span = Span::begin(Kind::Consumer, published, format_args!("process {}", event.kind));
        span.tell(|parts| {
            parts.set("messaging.system", "nats").set("messaging.operation.type", "process");
            parts.set("messaging.operation.name", "process");
            parts.set("messaging.destination.name", event.kind.clone());
            parts.set("messaging.message.id", event.id.to_string());
            parts.set("messaging.consumer.group.name", arrival.consumer.to_owned());
            parts.set("tword.aggregate_id", event.aggregate_id.to_string());
            match arrival.attempt {
                Some(attempt) => {
                    parts.set("tword.attempt", attempt).set("tword.redelivered", attempt > 1);
                }
                None => {
                    parts.set("tword.repaired", true);
                }
            }
            if let Some(published) = published {
                parts.link(published);
            }
        });
        if arrival.attempt.is_some_and(|attempt| attempt > 1) {
            metrics::counter!(REDELIVERED, "producer" => arrival.producer).increment(1);
        }
        let lines = log_span(span.context());
        Self { span, lines, producer: arrival.producer, began: Instant::now() }
    }

    /// Handles it here.
    pub(super) fn run<F: Future>(&self, work: F) -> Traced<F> {
        self.span.run(work).instrument(self.lines.clone())
    }

    /// It was handled.
    pub(super) fn end(&mut self, outcome: Outcome) {
        self.span.tell(|parts| {
            parts.set("tword.outcome", outcome.name());
            match outcome {
                Outcome::Failed | Outcome::DeadLetter => {
                    parts.fail("the event failed by its own fault");
                }
                Outcome::NotStored => {
                    parts.fail("the database failed");
                }
                Outcome::Handled | Outcome::Duplicate | Outcome::Early => {}
            }
        });
        metrics::counter!(EVENTS, "producer" => self.producer, "outcome" => outcome.name()).increment(1);
        metrics::histogram!(SECONDS, "producer" => self.producer).record(self.began.elapsed());
        if outcome == Outcome::DeadLetter {
            metrics::counter!(DEAD_LETTERS, "producer" => self.producer).increment(1);
        }
    }
}

/// Counts events that the producer was asked for.
pub(super) fn repaired(producer: &'static str, count: usize) {
    metrics::counter!(REPAIRED, "producer" => producer).increment(count as u64);
}

/// Counts a message that no producer of this product wrote.
pub(super) fn foreign(producer: &'static str) {
    metrics::counter!(FOREIGN, "producer" => producer).increment(1);
}

/// Describes what is counted here.
pub fn describe() {
    metrics::describe_counter!(
        EVENTS,
        "Events that were handled, by outcome: handled, duplicate, early, failed, dead_letter, not_stored."
    );
    metrics::describe_counter!(REDELIVERED, "Deliveries of events that the broker had delivered before.");
    metrics::describe_counter!(
        REPAIRED,
        "Events that were read from their producer, since the broker did not bring them."
    );
    metrics::describe_counter!(FOREIGN, "Messages without an event's headers, which were dropped.");
    metrics::describe_counter!(
        DEAD_LETTERS,
        "Events that were put aside, since handling them failed by their own fault."
    );
    metrics::describe_histogram!(SECONDS, Unit::Seconds, "Time to handle an event, waiting for the commit included.");
}

/// Shows the metrics of a producer's events before the first one: a rate needs a beginning.
pub(super) fn serve_from_the_start(producer: &'static str) {
    for outcome in Outcome::ALL {
        metrics::counter!(EVENTS, "producer" => producer, "outcome" => outcome.name()).increment(0);
    }
    for name in [REDELIVERED, REPAIRED, FOREIGN, DEAD_LETTERS] {
        metrics::counter!(name, "producer" => producer).increment(0);
    }
    let _shown = metrics::histogram!(SECONDS, "producer" => producer);
    gauges::set_lag(producer, 0);
}
