//! Recovery: how a service finds out that its database was restored to an older point, and how it takes itself back.
//!
//! The others went on meanwhile, and hold what this service told them from the later state that was lost. So it does not
//! serve from the older one. `recover` reads its own later events out of the broker's stream (each carries a whole state),
//! takes them back under their old epoch and numbers, begins a new epoch, catches up with the others, and only then is the
//! database live again.

mod check;
mod line;
mod run;

use std::fmt;

use futures::future::BoxFuture;
use uuid::Uuid;

use crate::{consumer::Failure, inbox::Event, store::Error};

pub(crate) use check::{Halt, past_head, published, published_later};
pub use run::Error as RecoverError;
pub(crate) use run::{Outcome, Recover};

/// How a database stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may serve.
    Live,
    /// It was restored to an older point, or is a copy made to be restored: `recover` has to run.
    Restored,
    /// `recover` has taken back what it could and begun a new epoch; it has not caught up with the others yet.
    CatchingUp,
}

impl Standing {
    /// As it is stored.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::Restored => "RESTORED",
            Self::CatchingUp => "CATCHING_UP",
        }
    }

    /// From how it is stored.
    ///
    /// # Errors
    /// No code of this version writes that.
    pub(crate) fn parse(name: &str) -> Result<Self, Error> {
        let all = [Self::Live, Self::Restored, Self::CatchingUp];
        let found = all.into_iter().find(|standing| standing.name() == name);
        found.ok_or_else(|| Error::inconsistent(format!("a database stands as {name}")))
    }
}

/// Whether an event that is to be taken back is here already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It is, under its number or, until now, without one.
    Yes,
    /// It is not.
    No,
}

/// The transaction's part that takes a database back.
#[async_trait::async_trait]
pub trait Recovery: Send {
    /// Whether the event is in the outbox; one that had no number gets its own back, and counts as published.
    ///
    /// # Errors
    /// The database failed.
    async fn recognise(&mut self, event: &Event) -> Result<Known, Error>;

    /// Writes an event into the outbox as it was, under its number in the current epoch; the next number lies behind it.
    /// What was written here for this or a later version of the aggregate, and has no number, gives way: answers how many
    /// events that were.
    ///
    /// # Errors
    /// The database failed, or another event has this number.
    async fn put_back(&mut self, event: &Event, version: i64) -> Result<u64, Error>;

    /// Ends the current epoch where it stands and begins `epoch`.
    ///
    /// # Errors
    /// The database failed.
    async fn begin_epoch(&mut self, epoch: Uuid) -> Result<(), Error>;

    /// Keeps a loss, to be listed; once, however often it is found.
    ///
    /// # Errors
    /// The database failed.
    async fn keep_loss(&mut self, loss: &Loss) -> Result<(), Error>;

    /// Says how the database stands from now on.
    ///
    /// # Errors
    /// The database failed.
    async fn stand(&mut self, standing: Standing) -> Result<(), Error>;
}

/// What recovery reads outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// How the database stands.
    ///
    /// # Errors
    /// The database failed.
    async fn standing(&self) -> Result<Standing, Error>;

    /// At most `rows` of the losses kept so far behind `after`, by subject.
    ///
    /// # Errors
    /// The database failed.
    async fn losses(&self, after: Option<&Loss>, rows: i64) -> Result<Vec<Loss>, Error>;
}

/// Something that could not be mended, for the operator to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// What it concerns, such as `delivery 0192…`.
    pub subject: String,
    /// What is lost, and what to do about it, in a sentence.
    pub what: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.what)
    }
}

/// An event that was taken back.
#[derive(Clone, Debug, Default)]
pub struct TakenBack {
    /// The aggregate's version after the change that it tells of.
    pub version: i64,
    /// What the event does not tell and the change had written all the same.
    pub losses: Vec<Loss>,
}

/// Writes a service's state as its own events tell it.
pub trait TakeBack<T: ?Sized>: Send + Sync + 'static {
    /// Makes the aggregate what the event says it was, with its history and whatever else followed from the change, but
    /// without an event. Events come in the order of their numbers, each once; the aggregate may be at this version
    /// already, or at any later one that was written here since the restore.
    ///
    /// # Errors
    /// See [`Failure`]; then `recover` stops at this event.
    fn take_back<'a>(&'a self, tx: &'a mut T, event: &'a Event) -> BoxFuture<'a, Result<TakenBack, Failure>>;

    /// Does what else has to be done once, in the transaction that begins the new epoch; answers what else is lost.
    ///
    /// # Errors
    /// See [`Failure`].
    fn finish<'a>(&'a self, tx: &'a mut T) -> BoxFuture<'a, Result<Vec<Loss>, Failure>>;
}
