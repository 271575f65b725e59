//! Makes the messages that a change of an order calls for.

use std::sync::Arc;

use chassis::{clock::Clock, store::Error};
use uuid::Uuid;

use super::{Bell, message_id::message_id, ports::Tx};
use crate::domain::{Change, Contact, Language, Message, Recipient};

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

/// Makes one message for everyone who hears of a change.
#[derive(Clone)]
pub struct Tell {
    clock: Arc<dyn Clock>,
    default_language: Language,
    bell: Bell,
}

impl Tell {
    /// `default_language` is for those who have set none; `bell` rings for new messages.
    pub fn new(clock: Arc<dyn Clock>, default_language: Language, bell: Bell) -> Self {
        Self { clock, default_language, bell }
    }

    /// Keeps the messages as PENDING in the transaction that also remembers the event. What was told before stays as it
    /// is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run<T: Tx + ?Sized>(&self, tx: &mut T, heard: &Heard) -> Result<(), Error> {
        let now = self.clock.now();
        for recipient in heard.change.template().recipients(&heard.customer_id, heard.shop_id) {
            let contact = tx.contact(&recipient).await?.unwrap_or(Contact::unset(self.default_language));
            let id = message_id(heard.event_id, &recipient, contact.channel());
            let change = told(heard, &recipient);
            let message = Message::new(id, heard.order_id, recipient, &contact, change, now);
            let message = Message { traceparent: heard.traceparent.clone(), ..message };
            if tx.insert(&message).await? {
                self.bell.ring_after(tx);
            }
        }
        Ok(())
    }
}

/// What a recipient is told of a change. A customer's own free text does not come back to it: anybody could have it sent to
/// a stranger's mailbox.
fn told(heard: &Heard, recipient: &Recipient) -> Change {
    match (&heard.change, recipient) {
        (Change::Cancelled { .. }, Recipient::Customer(_)) if heard.by_customer => {
            Change::Cancelled { reason: String::new() }
        }
        (change, Recipient::Customer(_) | Recipient::Shop(_)) => change.clone(),
    }
}
