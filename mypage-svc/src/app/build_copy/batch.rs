//! A run of one producer's events, taken in whole.

use chassis::{relay::Head, store};
use uuid::Uuid;

use super::super::{
    ports::{Step, Told, Tx},
    project::keep,
};
use crate::domain::{CopyId, Heard};

/// Events of one epoch without a gap, and where they lead to.
#[derive(Clone)]
pub(super) struct Batch {
    copy: CopyId,
    events: Vec<Event>,
    step: Step,
}

#[derive(Clone)]
struct Event {
    sequence: i64,
    id: Uuid,
    /// None where it is of no interest, or makes no sense.
    heard: Option<Heard>,
}

impl Batch {
    /// No events: notes that the epoch is known.
    pub(super) fn empty(copy: CopyId, producer: &'static str, head: Head) -> Self {
        let step =
            Step { producer, epoch: head.epoch, from: 0, through: 0, head: head.sequence, passed_over: Vec::new() };
        Self { copy, events: Vec::new(), step }
    }

    /// What a producer told after `from`; none where that was nothing. What makes no sense is logged and passed over.
    pub(super) fn new(copy: CopyId, producer: &'static str, head: Head, from: i64, told: Vec<Told>) -> Option<Self> {
        let through = told.last()?.sequence;
        let mut passed = Vec::new();
        let event = |told: Told| {
            let carried = told.heard.unwrap_or_else(|cause| {
                passed.push((told.sequence, told.event_id));
                passed_over(told.event_id, &cause);
                None
            });
            Event { sequence: told.sequence, id: told.event_id, heard: carried }
        };
        let events = told.into_iter().map(event).collect();
        let head_sequence = head.sequence.max(through);
        let step = Step { producer, epoch: head.epoch, from, through, head: head_sequence, passed_over: passed };
        Some(Self { copy, events, step })
    }

    /// The number of the last event.
    pub(super) fn through(&self) -> i64 {
        self.step.through
    }

    /// Each event by itself; none where there are none.
    pub(super) fn split(self) -> Option<impl Iterator<Item = Self>> {
        if self.events.is_empty() {
            return None;
        }
        let Self { copy, events, step } = self;
        let mut from = step.from;
        Some(events.into_iter().map(move |event| {
            let through = event.sequence;
            let passed_over = step.passed_over.iter().filter(|(sequence, _id)| *sequence == through).copied().collect();
            let step = Step { from, through, passed_over, ..step.clone() };
            from = through;
            Self { copy, events: vec![event], step }
        }))
    }

    /// The same, passed over.
    pub(super) fn skipped(self, cause: &store::Error) -> Self {
        for event in &self.events {
            passed_over(event.id, &cause.to_string());
        }
        let all = self.events.iter().map(|event| (event.sequence, event.id)).collect();
        let step = Step { passed_over: all, ..self.step };
        Self { events: Vec::new(), step, ..self }
    }

    /// Keeps all of it in the copy, and how far that has come.
    pub(super) async fn keep<T: Tx + ?Sized>(&self, tx: &mut T) -> Result<(), store::Error> {
        for heard in self.events.iter().filter_map(|event| event.heard.as_ref()) {
            keep(tx, self.copy, heard).await?;
        }
        tx.note_step(self.copy, &self.step).await
    }
}

fn passed_over(event_id: Uuid, cause: &str) {
    tracing::error!(%event_id, cause, "event passed over by the rebuild");
}
