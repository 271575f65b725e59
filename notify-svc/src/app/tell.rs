//! Makes the messages that a change of an order calls for.

use std::sync::Arc;

use chassis::{clock::Clock, store::Error};

use super::{bell, ports::Tx};
use crate::domain::{Contact, Heard, Language};

/// Makes one message for everyone who hears of a change.
#[derive(Clone)]
pub struct Tell {
    clock: Arc<dyn Clock>,
    default_language: Language,
}

impl Tell {
    /// `default_language` is for those who have set none.
    pub fn new(clock: Arc<dyn Clock>, default_language: Language) -> Self {
        Self { clock, default_language }
    }

    /// Keeps the messages as PENDING in the transaction that also remembers the event. What was told before stays as it
    /// is, through whichever channel that was: where the inbox has forgotten the event, the contact may be another one too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run<T: Tx + ?Sized>(&self, tx: &mut T, heard: &Heard) -> Result<(), Error> {
        let now = self.clock.now();
        for recipient in heard.recipients() {
            if tx.knows_any(&heard.message_ids(&recipient)).await? {
                continue;
            }
            let contact = tx.contact(&recipient).await?.unwrap_or(Contact::unset(self.default_language));
            let message = heard.message(recipient, &contact, now);
            if tx.insert(&message).await? {
                bell::ring_after(tx);
            }
        }
        Ok(())
    }
}
