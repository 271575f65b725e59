//! The machines that webhooks are on. One that is slow or away has few lanes, however many recipients are on it, and all
//! such have no more than half of the lanes together, so that the others' messages do not wait for them.

use std::collections::{BTreeSet, HashMap};

use time::OffsetDateTime;

use super::pause::Pause;

/// Receivers in trouble that are remembered at most; of more, those that are left alone for the shortest are forgotten.
const REMEMBERED: usize = 1_000;

/// How a receiver took what a lane brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// It answered soon, whatever it answered.
    Quick,
    /// It answered late.
    Slow,
    /// It did not answer.
    Away,
}

/// The receivers in trouble, and how long those are left alone that were away.
#[derive(Default)]
pub(super) struct Receivers {
    troubled: HashMap<String, Pause>,
}

impl Receivers {
    /// Learns how a receiver took what a lane brought. `roll` is a random number from 0 to 1.
    pub(super) fn learn(&mut self, receiver: &str, pace: Pace, now: OffsetDateTime, roll: f64) {
        match pace {
            Pace::Quick => {
                self.troubled.remove(receiver);
            }
            Pace::Slow => {
                self.troubled.insert(receiver.to_owned(), Pause::default());
            }
            Pace::Away => self.troubled.entry(receiver.to_owned()).or_default().failed(now, roll),
        }
        if self.troubled.len() > REMEMBERED {
            let soonest = self.troubled.iter().min_by_key(|(_, pause)| pause.end()).map(|(name, _)| name.clone());
            soonest.and_then(|name| self.troubled.remove(&name));
        }
    }

    /// The receivers that no further lane may lead to, of `most` lanes in all; `open` are those that the open ones lead to.
    pub(super) fn closed(&self, open: &[String], most: usize, now: OffsetDateTime) -> Vec<String> {
        let known: BTreeSet<&String> = open.iter().chain(self.troubled.keys()).collect();
        known.into_iter().filter(|receiver| self.is_closed(receiver, open, most, now)).cloned().collect()
    }

    /// Whether no further lane may lead to a receiver.
    pub(super) fn is_closed(&self, receiver: &str, open: &[String], most: usize, now: OffsetDateTime) -> bool {
        let here = open.iter().filter(|other| *other == receiver).count();
        let Some(pause) = self.troubled.get(receiver) else { return here >= (most / 4).max(1) };
        let troubled = open.iter().filter(|other| self.troubled.contains_key(*other)).count();
        let own = if pause.has_failed() { 1 } else { (most / 8).max(1) };
        pause.holds(now) || here >= own || troubled >= (most / 2).max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);

    fn lanes(receivers: &[&str]) -> Vec<String> {
        receivers.iter().map(|receiver| (*receiver).to_owned()).collect()
    }

    #[test]
    fn one_receiver_has_a_share_of_the_lanes() {
        let receivers = Receivers::default();
        assert_eq!(receivers.closed(&lanes(&["a", "a", "b"]), 12, NOW), Vec::<String>::new());
        assert_eq!(receivers.closed(&lanes(&["a", "a", "a", "b"]), 12, NOW), ["a"]);
        assert!(!receivers.is_closed("c", &lanes(&["a", "a", "a"]), 12, NOW));
        assert!(!receivers.is_closed("a", &lanes(&[]), 1, NOW), "one lane is for everybody");
    }

    #[test]
    fn a_receiver_that_is_away_is_left_alone_and_then_tried_by_one_lane() {
        let mut receivers = Receivers::default();
        receivers.learn("a", Pace::Away, NOW, 1.0);
        receivers.learn("a", Pace::Away, NOW, 1.0);
        assert!(receivers.is_closed("a", &lanes(&[]), 12, NOW + Duration::from_millis(1_999)));
        assert!(!receivers.is_closed("a", &lanes(&[]), 12, NOW + Duration::from_secs(2)));
        assert!(receivers.is_closed("a", &lanes(&["a"]), 12, NOW + Duration::from_secs(2)));
        receivers.learn("a", Pace::Quick, NOW, 1.0);
        assert!(!receivers.is_closed("a", &lanes(&["a"]), 12, NOW));
    }

    #[test]
    fn receivers_in_trouble_leave_half_of_the_lanes_to_others() {
        let mut receivers = Receivers::default();
        for name in ["a", "b", "c"] {
            receivers.learn(name, Pace::Slow, NOW, 1.0);
        }
        let open = lanes(&["a", "b"]);
        assert!(receivers.is_closed("c", &open, 4, NOW) && !receivers.is_closed("d", &open, 4, NOW));
    }

    #[test]
    fn a_bounded_number_is_remembered() {
        let mut receivers = Receivers::default();
        for number in 0..=REMEMBERED {
            receivers.learn(&number.to_string(), Pace::Away, NOW + Duration::from_secs(number as u64), 1.0);
        }
        assert_eq!((receivers.troubled.len(), receivers.troubled.contains_key("0")), (REMEMBERED, false));
    }
}
