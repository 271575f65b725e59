//! Dead letters as operators meet them: to be listed, handled once more, or given up.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{inbox::DeadLetter, store::Error};

/// Where a dead letter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for an operator.
    Waiting,
    /// An operator gave it up.
    Dropped,
}

/// That a dead letter was given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// Why, 1 to 500 characters.
    pub reason: String,
    /// The operator's opaque subject.
    pub by: String,
    /// When.
    pub time: OffsetDateTime,
}

/// A dead letter as it is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The event with its last cause.
    pub letter: DeadLetter,
    /// That it was given up; none while it waits.
    pub dropped: Option<Dropped>,
}

impl Kept {
    /// Where it stands.
    pub fn standing(&self) -> Standing {
        if self.dropped.is_some() { Standing::Dropped } else { Standing::Waiting }
    }
}

/// Which dead letters are asked for: the oldest first, by the time they were put aside and then by event id.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Only those of this producer.
    pub producer: Option<String>,
    /// Only those that stand here.
    pub standing: Option<Standing>,
    /// Only those after this one.
    pub after: Option<(OffsetDateTime, Uuid)>,
    /// At most so many.
    pub rows: i64,
}

/// The transaction's part that mends dead letters.
#[async_trait::async_trait]
pub trait Mend: Send {
    /// Takes a letter that waits out, for its event to have its effect in this transaction; none where none waits. Nobody
    /// else can take it before this transaction has ended. Its event's id stays in the inbox.
    ///
    /// # Errors
    /// The database failed.
    async fn take_letter(&mut self, event_id: Uuid) -> Result<Option<DeadLetter>, Error>;

    /// Notes that a letter that waits failed once more, and why; answers how often it was tried, none where none waits.
    ///
    /// # Errors
    /// The database failed.
    async fn fail_letter(&mut self, event_id: Uuid, cause: &str) -> Result<Option<i64>, Error>;

    /// Gives a letter that waits up; false where none waits.
    ///
    /// # Errors
    /// The database failed.
    async fn drop_letter(&mut self, event_id: Uuid, dropped: &Dropped) -> Result<bool, Error>;
}

/// Dead letters, outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// The letters that are asked for, each without the body of its event.
    ///
    /// # Errors
    /// The database failed.
    async fn letters(&self, query: &Query) -> Result<Vec<Kept>, Error>;

    /// One letter with the body of its event.
    ///
    /// # Errors
    /// The database failed.
    async fn letter(&self, event_id: Uuid) -> Result<Option<Kept>, Error>;

    /// How many wait.
    ///
    /// # Errors
    /// The database failed.
    async fn waiting(&self) -> Result<i64, Error>;
}
