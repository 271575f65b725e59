//! The recipients that are being sent to now, a task each.

use std::{collections::HashMap, time::Duration};

use chassis::store;
use tokio::task::{Id, JoinError, JoinSet};

use super::{receivers::Pace, record::Left};
use crate::{app::ports::Skip, domain::Recipient};

type Ended = Result<(Id, Outcome), JoinError>;
/// What became of a lane's work; an error where the database failed before anything was sent.
pub(super) type Outcome = Result<Delivered, store::Error>;

/// What a lane brought.
#[derive(Debug)]
pub(super) struct Delivered {
    /// How the receiver took it.
    pub(super) pace: Pace,
    /// What could not be recorded of it.
    pub(super) left: Left,
}

/// Whom a lane leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) recipient: Recipient,
    pub(super) receiver: Option<String>,
}

/// Running lanes. Dropping them ends their tasks.
#[derive(Default)]
pub(super) struct Lanes {
    tasks: JoinSet<Outcome>,
    open: HashMap<Id, Lane>,
}

impl Lanes {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whom they lead to, for nobody to be sent to by two.
    pub(super) fn busy(&self) -> Skip {
        let recipients = self.open.values().map(|lane| lane.recipient.clone()).collect();
        Skip { recipients, ..Skip::default() }
    }

    /// The receivers that lanes lead to, one for each lane.
    pub(super) fn receivers(&self) -> Vec<String> {
        self.open.values().filter_map(|lane| lane.receiver.clone()).collect()
    }

    /// Starts a lane.
    pub(super) fn open(&mut self, lane: Lane, work: impl Future<Output = Outcome> + Send + 'static) {
        let task = self.tasks.spawn(work);
        self.open.insert(task.id(), lane);
    }

    /// What became of a lane that has ended, if there is one.
    pub(super) fn ended(&mut self) -> Option<(Option<Lane>, Outcome)> {
        self.tasks.try_join_next_with_id().map(|ended| self.forget(ended))
    }

    /// Waits for a lane to end and answers what became of it. None where none did within `patience`.
    pub(super) async fn one_ends_within(&mut self, patience: Duration) -> Option<(Option<Lane>, Outcome)> {
        let ended = tokio::time::timeout(patience, self.tasks.join_next_with_id()).await.ok().flatten();
        ended.map(|ended| self.forget(ended))
    }

    fn forget(&mut self, ended: Ended) -> (Option<Lane>, Outcome) {
        let (id, outcome) = match ended {
            Ok((id, outcome)) => (id, outcome),
            Err(error) => (error.id(), Err(store::Error::Panicked)),
        };
        (self.open.remove(&id), outcome)
    }
}
