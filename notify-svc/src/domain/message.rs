//! One message, from being heard of to being sent or given up.

use std::time::Duration;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, ChannelName, Contact, Language, Recipient, Retry, Template};

/// One notification to one recipient about one change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Follows from the event, the recipient and the channel that it first had.
    pub id: Uuid,
    /// The order it tells of.
    pub order_id: Uuid,
    /// Whom it is for.
    pub recipient: Recipient,
    /// The contact that it goes to; absent where the recipient has set none.
    pub contact_id: Option<Uuid>,
    /// The change that it tells of.
    pub template: Template,
    /// The way that it goes.
    pub channel: ChannelName,
    /// The language of its text.
    pub language: Language,
    /// Where it stands.
    pub state: State,
    /// How often sending was tried.
    pub attempts: u32,
    /// Those of the attempts that were made before it was last redriven or went to another channel.
    pub earlier_attempts: u32,
    /// 0 until its first outcome; grows by 1 with each.
    pub version: i64,
    /// When the change was heard of.
    pub create_time: OffsetDateTime,
    /// The trace that the change belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
}

/// Where a message stands, with what is kept there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Waits to be sent.
    Pending {
        /// What its text is made of.
        change: Change,
        /// When it is tried next.
        due_time: OffsetDateTime,
    },
    /// Handed to its channel; what its text was made of is forgotten.
    Sent {
        /// When.
        sent_time: OffsetDateTime,
    },
    /// Given up after the last attempt. It can be redriven, so that what its text is made of is kept.
    Failed {
        /// What its text is made of.
        change: Change,
    },
    /// Given up for ever: what its text was made of was erased with its customer's data.
    Erased,
}

/// Where a message stands, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Waits to be sent.
    Pending,
    /// Handed to its channel.
    Sent,
    /// Given up.
    Failed,
}

impl Status {
    /// Its name, such as `PENDING`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
        }
    }
}

/// What happened to a message, for others to hear of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was handed to its channel.
    Sent {
        /// When.
        time: OffsetDateTime,
    },
    /// It was given up.
    Failed {
        /// When.
        time: OffsetDateTime,
    },
}

/// Why a message cannot change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It still waits to be sent.
    #[error("the message waits to be sent")]
    Pending,
    /// It was sent already.
    #[error("the message was sent already")]
    Sent,
    /// It was given up already.
    #[error("the message was given up already")]
    Failed,
    /// Its text is gone.
    #[error("the message's text was erased")]
    Erased,
}

impl Message {
    /// A message that is due at once, in no trace.
    pub fn new(
        id: Uuid,
        order_id: Uuid,
        recipient: Recipient,
        contact: &Contact,
        change: Change,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            id,
            order_id,
            recipient,
            contact_id: contact.id,
            template: change.template(),
            channel: contact.channel(),
            language: contact.language,
            state: State::Pending { change, due_time: now },
            attempts: 0,
            earlier_attempts: 0,
            version: 0,
            create_time: now,
            traceparent: None,
        }
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        match self.state {
            State::Pending { .. } => Status::Pending,
            State::Sent { .. } => Status::Sent,
            State::Failed { .. } | State::Erased => Status::Failed,
        }
    }

    /// Its channel took it at `now`: what its text was made of is forgotten.
    ///
    /// # Errors
    /// It has an outcome already.
    pub fn sent(self, now: OffsetDateTime) -> Result<(Self, Event), Error> {
        match self.state {
            State::Pending { .. } => {
                let (state, event) = (State::Sent { sent_time: now }, Event::Sent { time: now });
                Ok((Self { state, attempts: self.attempts + 1, version: self.version + 1, ..self }, event))
            }
            State::Sent { .. } => Err(Error::Sent),
            State::Failed { .. } => Err(Error::Failed),
            State::Erased => Err(Error::Erased),
        }
    }

    /// Its channel did not take it at `now`: it is tried again later, or given up after the last attempt.
    ///
    /// # Errors
    /// It has an outcome already.
    pub fn missed(self, now: OffsetDateTime, retry: &Retry, advice: Advice) -> Result<(Self, Option<Event>), Error> {
        let attempts = self.attempts + 1;
        let tries = attempts.saturating_sub(self.earlier_attempts);
        match self.state {
            State::Pending { change, .. } if tries >= retry.max_attempts => {
                let (state, event) = (State::Failed { change }, Event::Failed { time: now });
                Ok((Self { state, attempts, version: self.version + 1, ..self }, Some(event)))
            }
            State::Pending { change, .. } => {
                let wait = retry.delay(tries, advice.roll).max(advice.wait.min(retry.cap));
                let state = State::Pending { change, due_time: now + wait };
                Ok((Self { state, attempts, ..self }, None))
            }
            State::Sent { .. } => Err(Error::Sent),
            State::Failed { .. } => Err(Error::Failed),
            State::Erased => Err(Error::Erased),
        }
    }

    /// It goes to where its recipient's contact points now, to the log without one. Through another channel it has all its
    /// attempts before it.
    ///
    /// # Errors
    /// It has an outcome already.
    pub fn redirected(self, contact: Option<&Contact>) -> Result<Self, Error> {
        let channel = contact.map_or(ChannelName::Log, Contact::channel);
        match self.state {
            State::Pending { .. } if channel == self.channel => Ok(self),
            State::Pending { .. } => {
                let contact_id = contact.and_then(|contact| contact.id);
                Ok(Self { channel, contact_id, earlier_attempts: self.attempts, ..self })
            }
            State::Sent { .. } => Err(Error::Sent),
            State::Failed { .. } => Err(Error::Failed),
            State::Erased => Err(Error::Erased),
        }
    }

    /// It was given up and is due again at `now`, with all its attempts before it. Its next outcome raises its version.
    ///
    /// # Errors
    /// It was not given up, or there is nothing left of its text.
    pub fn redriven(self, now: OffsetDateTime) -> Result<Self, Error> {
        match self.state {
            State::Failed { change } => {
                let state = State::Pending { change, due_time: now };
                Ok(Self { state, earlier_attempts: self.attempts, ..self })
            }
            State::Pending { .. } => Err(Error::Pending),
            State::Sent { .. } => Err(Error::Sent),
            State::Erased => Err(Error::Erased),
        }
    }

    /// What its text is made of is erased at `now`: where it was still to be sent, it is given up. None where there is
    /// nothing to erase.
    pub fn erased(self, now: OffsetDateTime) -> Option<(Self, Option<Event>)> {
        match self.state {
            State::Pending { .. } => {
                let erased = Self { state: State::Erased, version: self.version + 1, ..self };
                Some((erased, Some(Event::Failed { time: now })))
            }
            State::Failed { .. } => Some((Self { state: State::Erased, ..self }, None)),
            State::Sent { .. } | State::Erased => None,
        }
    }
}

/// When a message that was missed is best tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Advice {
    /// A random number from 0 to 1 that spreads the wait.
    pub roll: f64,
    /// What the receiver asked to be left alone for; it counts up to the longest wait.
    pub wait: Duration,
}

#[cfg(test)]
mod tests;
