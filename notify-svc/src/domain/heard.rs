//! A change of an order as notify-svc hears of it, and the messages that it calls for.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, ChannelName, Contact, Message, Recipient, message_id::message_id};

/// A change of an order, as its event told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The event.
    pub event_id: Uuid,
    /// The order that changed.
    pub order_id: Uuid,
    /// Its customer's subject.
    pub customer_id: String,
    /// Its shop.
    pub shop_id: Uuid,
    /// What happened.
    pub change: Change,
    /// Whether its customer did it, as far as is known.
    pub by_customer: bool,
    /// The trace that it belongs to, as W3C `traceparent`.
    pub traceparent: Option<String>,
}

impl Heard {
    /// Everyone who is told.
    pub fn recipients(&self) -> Vec<Recipient> {
        self.change.template().recipients(&self.customer_id, self.shop_id)
    }

    /// The message that tells `recipient`, by what it has set in `contact`. The same for the same, however often it is made.
    pub fn message(&self, recipient: Recipient, contact: &Contact, now: OffsetDateTime) -> Message {
        let id = message_id(self.event_id, &recipient, contact.channel());
        let change = self.told(&recipient);
        let message = Message::new(id, self.order_id, recipient, contact, change, now);
        Message { traceparent: self.traceparent.clone(), ..message }
    }

    /// Every id that the message to `recipient` can have: one for each channel that it may first have had.
    pub fn message_ids(&self, recipient: &Recipient) -> [Uuid; 3] {
        ChannelName::ALL.map(|channel| message_id(self.event_id, recipient, channel))
    }

    /// What a recipient is told. A customer's own free text does not come back to it: anybody could have it sent to a
    /// stranger's mailbox.
    fn told(&self, recipient: &Recipient) -> Change {
        match (&self.change, recipient) {
            (Change::Cancelled { .. }, Recipient::Customer(_)) if self.by_customer => {
                Change::Cancelled { reason: String::new() }
            }
            (change, Recipient::Customer(_) | Recipient::Shop(_)) => change.clone(),
        }
    }
}
