//! A run of one producer's events, taken in whole.

use chassis::{relay::Head, store};
use uuid::Uuid;

use super::super::{
    ports::{Step, Told, Tx},
    project::keep,
};
use crate::domain::CopyId;

/// Events of one epoch without a gap, and where they lead to. What makes no sense is passed over.
#[derive(Clone)]
pub(super) struct Batch {
    copy: CopyId,
    producer: &'static str,
    head: Head,
    /// Every event up to this number was taken in before.
    from: i64,
    told: Vec<Told>,
}

impl Batch {
    /// No events: notes that the epoch is known.
    pub(super) fn empty(copy: CopyId, producer: &'static str, head: Head) -> Self {
        Self { copy, producer, head, from: 0, told: Vec::new() }
    }

    /// What a producer told after `from`; none where that was nothing. What is passed over is logged.
    pub(super) fn new(copy: CopyId, producer: &'static str, head: Head, from: i64, told: Vec<Told>) -> Option<Self> {
        let sequence = head.sequence.max(told.last()?.sequence);
        for one in &told {
            if let Err(cause) = &one.heard {
                passed_over(one.event_id, cause);
            }
        }
        Some(Self { copy, producer, head: Head { sequence, ..head }, from, told })
    }

    /// The number of the last event.
    pub(super) fn through(&self) -> i64 {
        self.told.last().map_or(self.from, |last| last.sequence)
    }

    /// Each event by itself; none where there are none.
    pub(super) fn split(self) -> Option<impl Iterator<Item = Self>> {
        let Self { copy, producer, head, mut from, told } = self;
        let single = move |one: Told| {
            let from = std::mem::replace(&mut from, one.sequence);
            Self { copy, producer, head, from, told: vec![one] }
        };
        (!told.is_empty()).then(|| told.into_iter().map(single))
    }

    /// The same, passed over.
    pub(super) fn skipped(mut self, cause: &store::Error) -> Self {
        let cause = cause.to_string();
        for one in &mut self.told {
            passed_over(one.event_id, &cause);
            one.heard = Err(cause.clone());
        }
        self
    }

    /// Keeps all of it in the copy, and how far that has come.
    pub(super) async fn keep<T: Tx + ?Sized>(&self, tx: &mut T) -> Result<(), store::Error> {
        for heard in self.told.iter().filter_map(|one| one.heard.as_ref().ok()?.as_ref()) {
            keep(tx, self.copy, heard).await?;
        }
        tx.note_step(self.copy, &self.step()).await
    }

    fn step(&self) -> Step {
        let passed_over = self.told.iter().filter(|one| one.heard.is_err());
        Step {
            producer: self.producer,
            epoch: self.head.epoch,
            from: self.from,
            through: self.through(),
            head: self.head.sequence,
            passed_over: passed_over.map(|one| (one.sequence, one.event_id)).collect(),
        }
    }
}

fn passed_over(event_id: Uuid, cause: &str) {
    tracing::error!(%event_id, cause, "event passed over by the rebuild");
}
