//! One message, from being heard of to being sent or given up.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, ChannelName, Contact, Language, Recipient, Retry, Template};

/// One notification to one recipient about one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Follows from the event, the recipient and the channel.
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
    /// 0 until its first outcome; grows by 1 with each.
    pub version: i64,
    /// When the change was heard of.
    pub create_time: OffsetDateTime,
    /// The trace that the change belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
}

/// Where a message stands, with what is kept there.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

/// Where a message stands, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// It was sent already.
    #[error("the message was sent already")]
    Sent,
    /// It was given up already.
    #[error("the message was given up already")]
    Failed,
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
            channel: contact.channel,
            language: contact.language,
            state: State::Pending { change, due_time: now },
            attempts: 0,
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
            State::Failed { .. } => Status::Failed,
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
        }
    }

    /// Its channel did not take it at `now`: it is tried again later, or given up after the last attempt. `roll` is a
    /// random number from 0 to 1.
    ///
    /// # Errors
    /// It has an outcome already.
    pub fn missed(self, now: OffsetDateTime, retry: &Retry, roll: f64) -> Result<(Self, Option<Event>), Error> {
        let attempts = self.attempts + 1;
        match self.state {
            State::Pending { change, .. } if attempts >= retry.max_attempts => {
                let (state, event) = (State::Failed { change }, Event::Failed { time: now });
                Ok((Self { state, attempts, version: self.version + 1, ..self }, Some(event)))
            }
            State::Pending { change, .. } => {
                let state = State::Pending { change, due_time: now + retry.delay(attempts, roll) };
                Ok((Self { state, attempts, ..self }, None))
            }
            State::Sent { .. } => Err(Error::Sent),
            State::Failed { .. } => Err(Error::Failed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
    const RETRY: Retry = Retry { max_attempts: 2, base: Duration::from_secs(4), cap: Duration::from_mins(1) };

    fn pending() -> Message {
        let contact = Contact::unset(Language::English);
        Message::new(Uuid::nil(), Uuid::max(), Recipient::Customer("mina".to_owned()), &contact, Change::Placed, NOW)
    }

    #[test]
    fn a_sent_message_forgets_what_its_text_was_made_of() {
        let (message, event) = pending().sent(NOW).expect("sent");
        assert_eq!(event, Event::Sent { time: NOW });
        assert_eq!(message.state, State::Sent { sent_time: NOW });
        assert_eq!((message.attempts, message.version), (1, 1));
    }

    #[test]
    fn a_missed_message_waits_and_the_last_attempt_gives_it_up() {
        let (message, event) = pending().missed(NOW, &RETRY, 1.0).expect("missed");
        assert_eq!(event, None);
        assert_eq!(message.state, State::Pending { change: Change::Placed, due_time: NOW + Duration::from_secs(4) });
        assert_eq!((message.attempts, message.version), (1, 0));

        let (message, event) = message.missed(NOW, &RETRY, 1.0).expect("missed");
        assert_eq!(event, Some(Event::Failed { time: NOW }));
        assert_eq!(message.state, State::Failed { change: Change::Placed });
        assert_eq!((message.attempts, message.version), (2, 1));
    }

    #[test]
    fn an_outcome_is_final() {
        let (sent, _) = pending().sent(NOW).expect("sent");
        let (failed, _) = pending().missed(NOW, &Retry { max_attempts: 1, ..RETRY }, 0.0).expect("missed");
        for (message, error) in [(sent, Error::Sent), (failed, Error::Failed)] {
            assert_eq!(message.clone().sent(NOW), Err(error));
            assert_eq!(message.missed(NOW, &RETRY, 0.0), Err(error));
        }
    }
}
