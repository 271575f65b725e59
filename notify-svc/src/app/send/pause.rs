//! How long something is left alone that failed several times in a row.

use std::{ops::Range, time::Duration};

use time::OffsetDateTime;

use crate::domain::Retry;

/// The waits after failures in a row. What is left alone is never given up.
pub const PAUSES: Retry = Retry { max_attempts: u32::MAX, base: Duration::from_secs(1), cap: Duration::from_secs(30) };

/// A pause, and how many failures in a row led to it.
#[derive(Default)]
pub(super) struct Pause {
    failures: u32,
    /// It has a begin too, so that a clock that is set back ends it.
    span: Option<Range<OffsetDateTime>>,
}

impl Pause {
    /// Whether it goes on now.
    pub(super) fn holds(&self, now: OffsetDateTime) -> bool {
        self.span.as_ref().is_some_and(|span| span.contains(&now))
    }

    /// Begins a pause, longer than the last one. `roll` is a random number from 0 to 1.
    pub(super) fn failed(&mut self, now: OffsetDateTime, roll: f64) {
        self.failures = self.failures.saturating_add(1);
        self.span = Some(now..now + PAUSES.delay(self.failures, roll));
    }

    /// The next pause is a short one again.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }

    /// Whether the last thing that is known is a failure.
    pub(super) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// When the last pause ends, if there was one.
    pub(super) fn end(&self) -> Option<OffsetDateTime> {
        self.span.as_ref().map(|span| span.end)
    }
}
