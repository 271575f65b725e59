//! A message as one of this service's own events told of it: how a database that was restored to an older point has it again.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, ChannelName, Language, Message, Recipient, Template, message::State};

/// A message at one of its outcomes: all but its contact and what its text is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// As [`Message::id`].
    pub id: Uuid,
    /// The order it tells of.
    pub order_id: Uuid,
    /// Whom it is for.
    pub recipient: Recipient,
    /// The change that it tells of.
    pub template: Template,
    /// The way that it went.
    pub channel: ChannelName,
    /// The language of its text.
    pub language: Language,
    /// What became of it.
    pub outcome: Outcome,
    /// How often sending was tried.
    pub attempts: u32,
    /// Its version after that, from 1.
    pub version: i64,
    /// When the change was heard of.
    pub create_time: OffsetDateTime,
    /// The trace that the change belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was handed to its channel.
    Sent {
        /// When.
        time: OffsetDateTime,
    },
    /// It was given up, or its text was erased: its event does not tell which.
    Failed,
}

impl Told {
    /// The message as it was then. What was not told is taken from `here`, which is kept under its id; a message that was
    /// given up and of whose text nothing is here can be sent by nobody.
    pub fn taken_back(self, here: Option<Message>) -> Message {
        let (contact_id, earlier_attempts, change) = match here {
            Some(here) => (here.contact_id, here.earlier_attempts, kept(here.state)),
            None => (None, 0, None),
        };
        let change = change.filter(|change| change.template() == self.template);
        let state = match (self.outcome, change) {
            (Outcome::Sent { time }, _) => State::Sent { sent_time: time },
            (Outcome::Failed, Some(change)) => State::Failed { change },
            (Outcome::Failed, None) => State::Erased,
        };
        Message {
            id: self.id,
            order_id: self.order_id,
            recipient: self.recipient,
            contact_id,
            template: self.template,
            channel: self.channel,
            language: self.language,
            state,
            attempts: self.attempts,
            earlier_attempts: earlier_attempts.min(self.attempts),
            version: self.version,
            create_time: self.create_time,
            traceparent: self.traceparent,
        }
    }
}

fn kept(state: State) -> Option<Change> {
    match state {
        State::Pending { change, .. } | State::Failed { change } => Some(change),
        State::Sent { .. } | State::Erased => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Contact;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn told(outcome: Outcome, template: Template) -> Told {
        Told {
            id: Uuid::from_u128(1),
            order_id: Uuid::from_u128(2),
            recipient: Recipient::Customer("mina".to_owned()),
            template,
            channel: ChannelName::Log,
            language: Language::English,
            outcome,
            attempts: 2,
            version: 1,
            create_time: NOW,
            traceparent: None,
        }
    }

    fn here(change: Change) -> Message {
        let recipient = Recipient::Customer("mina".to_owned());
        let contact = Contact::unset(Language::Korean);
        Message::new(Uuid::from_u128(1), Uuid::from_u128(2), recipient, &contact, change, NOW)
    }

    #[test]
    fn what_was_sent_keeps_nothing_of_its_text() {
        let state = State::Sent { sent_time: NOW };
        for here in [None, Some(here(Change::Delivered))] {
            let message = told(Outcome::Sent { time: NOW }, Template::Delivered).taken_back(here);
            assert_eq!((message.state, message.attempts, message.version), (state.clone(), 2, 1));
        }
    }

    #[test]
    fn what_was_given_up_keeps_the_text_that_is_here_and_no_other() {
        let failed = || told(Outcome::Failed, Template::Delivered);
        assert_eq!(failed().taken_back(None).state, State::Erased);
        let change = Change::Delivered;
        assert_eq!(failed().taken_back(Some(here(change.clone()))).state, State::Failed { change });
        assert_eq!(failed().taken_back(Some(here(Change::Placed))).state, State::Erased);
        let (sent, _event) = here(Change::Delivered).sent(NOW).expect("sent");
        assert_eq!(failed().taken_back(Some(sent)).state, State::Erased);
    }

    #[test]
    fn attempts_before_the_last_redriving_are_no_more_than_all() {
        let here = Message { earlier_attempts: 8, attempts: 9, ..here(Change::Delivered) };
        assert_eq!(told(Outcome::Failed, Template::Delivered).taken_back(Some(here)).earlier_attempts, 2);
    }
}
