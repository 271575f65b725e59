//! The recipients that are being sent to now, a task each.

use std::{collections::HashMap, time::Duration};

use chassis::store;
use tokio::task::{Id, JoinError, JoinSet};

use crate::domain::Recipient;

type Ended = Result<(Id, Result<(), store::Error>), JoinError>;

/// Running lanes. Dropping them ends their tasks.
#[derive(Default)]
pub(super) struct Lanes {
    tasks: JoinSet<Result<(), store::Error>>,
    recipients: HashMap<Id, Recipient>,
}

impl Lanes {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.recipients.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.recipients.is_empty()
    }

    /// Who is being sent to.
    pub(super) fn busy(&self) -> Vec<Recipient> {
        self.recipients.values().cloned().collect()
    }

    /// Starts a lane.
    pub(super) fn open(
        &mut self,
        recipient: Recipient,
        lane: impl Future<Output = Result<(), store::Error>> + Send + 'static,
    ) {
        let task = self.tasks.spawn(lane);
        self.recipients.insert(task.id(), recipient);
    }

    /// What became of a lane that has ended, if there is one.
    pub(super) fn ended(&mut self) -> Option<Result<(), store::Error>> {
        self.tasks.try_join_next_with_id().map(|ended| self.forget(ended))
    }

    /// Waits for a lane to end and answers what became of it. None where none did within `patience`.
    pub(super) async fn one_ends_within(&mut self, patience: Duration) -> Option<Result<(), store::Error>> {
        let ended = tokio::time::timeout(patience, self.tasks.join_next_with_id()).await.ok().flatten();
        ended.map(|ended| self.forget(ended))
    }

    fn forget(&mut self, ended: Ended) -> Result<(), store::Error> {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(error) => (error.id(), Err(store::Error::Panicked)),
        };
        self.recipients.remove(&id);
        outcome
    }
}
