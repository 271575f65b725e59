//! What is seen of a unit of work from outside: its span, how long it took and how it ended.

use std::time::Instant;

use tracing::Instrument;

use crate::trace::{Span, Traced};

const UNITS: &str = "tword_store_units_total";
const SECONDS: &str = "tword_store_unit_seconds";

/// How a unit of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// What it wrote is kept.
    Committed,
    /// It refused, and wrote nothing.
    RolledBack,
    /// The database failed, or nobody knows.
    Failed,
}

impl Ended {
    const ALL: [Self; 3] = [Self::Committed, Self::RolledBack, Self::Failed];

    const fn name(self) -> &'static str {
        match self {
            Self::Committed => "committed",
            Self::RolledBack => "rolled_back",
            Self::Failed => "failed",
        }
    }
}

/// Where a unit of work belongs. It runs in another task than its caller; its logs and its events belong to the caller's
/// trace.
pub(super) struct Here {
    span: Span,
    lines: tracing::Span,
    began: Instant,
}

impl Here {
    /// Below the current place; a new trace where there is none.
    pub(super) fn begin() -> Self {
        Self { span: Span::begin_here("transaction"), lines: tracing::Span::current(), began: Instant::now() }
    }

    /// Goes on here.
    pub(super) fn run<F: Future>(&self, work: F) -> Traced<F> {
        self.span.run(work).instrument(self.lines.clone())
    }

    /// It has ended.
    pub(super) fn end(&mut self, ended: Ended) {
        self.span.tell(|parts| {
            parts.set("tword.transaction.outcome", ended.name());
            if ended == Ended::Failed {
                parts.fail("the database failed");
            }
        });
        metrics::counter!(UNITS, "outcome" => ended.name()).increment(1);
        metrics::histogram!(SECONDS).record(self.began.elapsed());
    }
}

/// Describes what is counted here.
pub fn describe() {
    metrics::describe_counter!(UNITS, "Units of work that ended, by how: committed, rolled_back, failed.");
    metrics::describe_histogram!(
        SECONDS,
        metrics::Unit::Seconds,
        "Time from asking for a unit of work to its outcome, waiting included."
    );
    for ended in Ended::ALL {
        metrics::counter!(UNITS, "outcome" => ended.name()).increment(0);
    }
    let _shown_from_the_start = metrics::histogram!(SECONDS);
}
