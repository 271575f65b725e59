//! notify-svc: messages, made of what was heard and sent.

use std::time::Duration;

use notify_svc::domain::{Contact, Language, Message, Retry, message::Advice, message::Event};
use order_svc::domain::Change;
use uuid::Uuid;

use super::Taken;
use crate::{AT, Saga, State, events::Told, shared::Shared, state::Broken, translate};

/// Messages are given up at the first failure, so that they can be tried again.
const ONCE: Retry = Retry { max_attempts: 1, base: Duration::ZERO, cap: Duration::ZERO };

impl Saga {
    /// Makes the messages that a change calls for. What was told before stays as it is.
    pub(super) fn tell(&self, state: &mut State, change: &Change) {
        let id = Told::Order(Shared::new(change.clone())).id();
        let Some(heard) = translate::heard(id, change) else {
            state.broken.insert(Broken::Contradiction);
            return;
        };
        for recipient in heard.recipients() {
            let contact = Contact::unset(Language::Korean);
            let message = (self.decisions.message)(&heard, recipient, &contact, AT);
            state.messages.entry(message.id).or_insert_with(|| Shared::new(message));
        }
    }

    /// A message is handed to its channel.
    pub(super) fn send(&self, state: &mut State, id: Uuid) -> Taken {
        let sent = of(state, id).and_then(|message| message.sent(AT).ok());
        self.outcome(state, sent.map(|(message, event)| (message, Some(event))))
    }

    /// A message is given up.
    pub(super) fn give_up(&self, state: &mut State, id: Uuid) -> Taken {
        let missed = of(state, id).and_then(|message| message.missed(AT, &ONCE, Advice::default()).ok());
        self.outcome(state, missed)
    }

    /// A message that was given up is due again.
    pub(super) fn redrive(state: &mut State, id: Uuid) -> Taken {
        let redriven = of(state, id).and_then(|message| message.redriven(AT).ok());
        redriven.is_some_and(|message| {
            state.messages.insert(id, Shared::new(message));
            true
        })
    }

    fn outcome(&self, state: &mut State, outcome: Option<(Message, Option<Event>)>) -> Taken {
        let Some((message, event)) = outcome else { return false };
        state.left.sends -= 1;
        let message = Shared::new(message);
        state.messages.insert(message.id, message.clone());
        if event.is_some() {
            self.publish(state, Told::Message(message));
        }
        true
    }
}

fn of(state: &State, id: Uuid) -> Option<Message> {
    state.messages.get(&id).map(|message| Message::clone(message))
}
