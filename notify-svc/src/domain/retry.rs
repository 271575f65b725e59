//! How often sending is tried, and how long is waited between.

use std::time::Duration;

/// When a message that could not be sent is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after which it is given up, at least 1.
    pub max_attempts: u32,
    /// The wait after the first attempt; it doubles with each further one.
    pub base: Duration,
    /// The longest wait.
    pub cap: Duration,
}

impl Retry {
    /// The wait after `attempts` failed ones (from 1): between half and the whole of the doubled base. `roll` is a random
    /// number from 0 to 1, so that those who failed together do not come back together.
    pub fn delay(&self, attempts: u32, roll: f64) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let whole = self.base.saturating_mul(1 << doublings).min(self.cap);
        whole / 2 + (whole / 2).mul_f64(roll.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry { max_attempts: 8, base: Duration::from_secs(2), cap: Duration::from_mins(1) };

    #[test]
    fn waits_double_up_to_the_cap() {
        let waits: Vec<u64> = (1..=7).map(|attempts| RETRY.delay(attempts, 1.0).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(RETRY.delay(u32::MAX, 1.0), RETRY.cap);
    }

    #[test]
    fn waits_are_spread_over_their_second_half() {
        assert_eq!(RETRY.delay(1, 0.0), Duration::from_secs(1));
        assert_eq!(RETRY.delay(1, 0.5), Duration::from_millis(1_500));
        assert_eq!(RETRY.delay(1, 7.0), Duration::from_secs(2));
    }
}
