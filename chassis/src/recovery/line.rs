//! Events of one epoch, brought into the order of their numbers.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::Loss;
use crate::{inbox::Event, relay::Head};

/// Events that may wait for an earlier one; a relay that tries again brings them no further out of order.
const MAX_HELD: usize = 10_000;

/// Events of one epoch as they are brought into their order.
pub(super) struct Line {
    epoch: Uuid,
    next: i64,
    held: BTreeMap<i64, Event>,
}

impl Line {
    /// What comes behind what is known.
    pub(super) fn behind(head: Head) -> Self {
        Self { epoch: head.epoch, next: head.sequence + 1, held: BTreeMap::new() }
    }

    /// Takes an event in, unless it is known. Where too many wait for one that does not come, it is given up: answers what
    /// is missing then.
    pub(super) fn hold(&mut self, event: Event) -> Option<Loss> {
        if event.sequence >= self.next {
            self.held.insert(event.sequence, event);
        }
        let first = *self.held.first_key_value()?.0;
        if self.held.len() <= MAX_HELD || first == self.next {
            return None;
        }
        let gap = missing(self.epoch, self.next, first - 1);
        self.next = first;
        Some(gap)
    }

    /// Those that follow each other without a gap.
    pub(super) fn ready(&mut self) -> Vec<Event> {
        let mut ready = Vec::new();
        while let Some(event) = self.held.remove(&self.next) {
            self.next += 1;
            ready.push(event);
        }
        ready
    }

    /// Those that are left, in their order, and what is missing between them.
    pub(super) fn rest(mut self) -> (Vec<Event>, Vec<Loss>) {
        let mut gaps = Vec::new();
        for sequence in self.held.keys() {
            if *sequence > self.next {
                gaps.push(missing(self.epoch, self.next, sequence - 1));
            }
            self.next = sequence + 1;
        }
        (self.held.into_values().collect(), gaps)
    }
}

fn missing(epoch: Uuid, first: i64, last: i64) -> Loss {
    Loss {
        subject: format!("events {first} to {last} of epoch {epoch}"),
        what: "the stream does not hold them any more; what they told is not taken back".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    fn event(sequence: i64) -> Event {
        Event {
            id: Uuid::from_u128(sequence.unsigned_abs().into()),
            producer: "test".to_owned(),
            epoch: Uuid::nil(),
            sequence,
            kind: String::new(),
            aggregate_id: Uuid::nil(),
            time: OffsetDateTime::UNIX_EPOCH,
            traceparent: None,
            body: Vec::new().into(),
        }
    }

    fn numbers(events: &[Event]) -> Vec<i64> {
        events.iter().map(|event| event.sequence).collect()
    }

    #[test]
    fn events_are_taken_in_their_order_and_gaps_are_told() {
        let mut line = Line::behind(Head { epoch: Uuid::nil(), sequence: 3 });
        for sequence in [2, 3, 5, 4, 4, 7, 6, 9, 12] {
            assert_eq!(line.hold(event(sequence)), None);
        }
        assert_eq!(numbers(&line.ready()), [4, 5, 6, 7]);
        assert_eq!(line.hold(event(5)), None, "it is known");
        assert_eq!(numbers(&line.ready()), Vec::<i64>::new());
        let (rest, gaps) = line.rest();
        assert_eq!(numbers(&rest), [9, 12]);
        assert_eq!(gaps, [missing(Uuid::nil(), 8, 8), missing(Uuid::nil(), 10, 11)]);
    }

    #[test]
    fn what_never_comes_is_given_up_and_told() {
        let mut line = Line::behind(Head { epoch: Uuid::nil(), sequence: 0 });
        let held = i64::try_from(MAX_HELD).expect("in range");
        for sequence in 8..8 + held {
            assert_eq!(line.hold(event(sequence)), None);
        }
        assert_eq!(line.hold(event(8 + held)), Some(missing(Uuid::nil(), 1, 7)));
        assert_eq!(line.ready().len(), MAX_HELD + 1);
    }
}
