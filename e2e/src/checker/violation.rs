//! What does not hold, and of which promise.

use std::fmt;

use tonic::{Code, Status};

/// What every run is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// An acknowledged order exists for ever, with its history.
    I1,
    /// Units add up, and each belongs to at most one live order.
    I2,
    /// Nothing is shipped without its confirmed order.
    I3,
    /// A cancelled or rejected order's units become available again, once.
    I4,
    /// Each change yields one message per recipient and channel.
    I5,
    /// My page equals what order and delivery hold, and never goes backward.
    I6,
    /// One idempotency key is one answer.
    I7,
    /// Orders are taken while shop, notify, my page and the broker are away, and all of it converges afterwards.
    I8,
    /// Each change has one event, each event one number, and each consumer has seen each of them.
    Events,
    /// No event was put aside that nobody expected there.
    DeadLetters,
    /// The checker was not answered, so it cannot tell.
    Unanswered,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The promise that is broken.
    pub invariant: Invariant,
    /// What was seen instead; it names what it is about by its id.
    pub what: String,
}

impl Invariant {
    /// Makes a violation of this promise out of what was seen.
    pub fn broken(self) -> impl Fn(String) -> Violation {
        move |what| Violation { invariant: self, what }
    }

    /// Makes of a refused look a violation of this promise, where what was looked for is not there.
    pub(crate) fn missing(self, id: &str) -> impl Fn(Status) -> Violation + use<> {
        let id = id.to_owned();
        move |status| {
            let invariant = if status.code() == Code::NotFound { self } else { Invariant::Unanswered };
            Violation { invariant, what: format!("{id}: {:?}: {}", status.code(), status.message()) }
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::I1 => "I1",
            Self::I2 => "I2",
            Self::I3 => "I3",
            Self::I4 => "I4",
            Self::I5 => "I5",
            Self::I6 => "I6",
            Self::I7 => "I7",
            Self::I8 => "I8",
            Self::Events => "events",
            Self::DeadLetters => "dead letters",
            Self::Unanswered => "unanswered",
        };
        formatter.pad(name)
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.invariant, self.what)
    }
}

impl From<Violation> for String {
    fn from(violation: Violation) -> Self {
        violation.to_string()
    }
}
