//! How often and how soon a process that died is started again.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Deaths are counted over this time.
const WINDOW: Duration = Duration::from_mins(1);
/// This many deaths within it are started again.
const MOST: usize = 6;
/// The first wait; each further death within the window doubles it.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The recent deaths of one process.
#[derive(Default)]
pub(super) struct Restarts {
    recent: VecDeque<Instant>,
}

impl Restarts {
    /// Counts a death and answers how long to wait before the next start; none where it dies too often.
    pub(super) fn after_death(&mut self, now: Instant) -> Option<Duration> {
        while self.recent.front().is_some_and(|death| now.duration_since(*death) >= WINDOW) {
            self.recent.pop_front();
        }
        let before = self.recent.len();
        if before >= MOST {
            return None;
        }
        self.recent.push_back(now);
        Some(FIRST_WAIT * 2_u32.pow(u32::try_from(before).unwrap_or(u32::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{MOST, Restarts};

    #[test]
    fn waits_longer_each_time_then_gives_up_until_a_minute_has_passed() {
        let (mut restarts, now) = (Restarts::default(), Instant::now());
        let waits: Vec<_> = (0..MOST).filter_map(|_| restarts.after_death(now)).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [200, 400, 800, 1600, 3200, 6400]);
        assert_eq!(restarts.after_death(now), None);
        assert_eq!(restarts.after_death(now + Duration::from_mins(1)), Some(Duration::from_millis(200)));
    }
}
