//! How long nothing is sent where what was sent could not be recorded.

use std::{ops::Range, time::Duration};

use time::OffsetDateTime;

use crate::domain::Retry;

/// The waits between failures to record in a row. Sending is never given up.
pub const PAUSES: Retry = Retry { max_attempts: u32::MAX, base: Duration::from_secs(1), cap: Duration::from_secs(30) };

/// A pause of sending, and how many failures to record led to it.
#[derive(Default)]
pub(super) struct Pause {
    failures: u32,
    /// It has a begin too, so that a clock that is set back ends it.
    span: Option<Range<OffsetDateTime>>,
}

impl Pause {
    /// Whether nothing may be sent now.
    pub(super) fn holds(&self, now: OffsetDateTime) -> bool {
        self.span.as_ref().is_some_and(|span| span.contains(&now))
    }

    /// Begins a pause, longer than the last one. What was under way when one began and fails in it makes it no longer.
    pub(super) fn failed(&mut self, now: OffsetDateTime, roll: f64) {
        if !self.holds(now) {
            self.failures = self.failures.saturating_add(1);
            self.span = Some(now..now + PAUSES.delay(self.failures, roll));
        }
    }

    /// The next pause is a short one again.
    pub(super) fn recorded(&mut self) {
        self.failures = 0;
    }
}
