//! Corrects whom a delivery goes to.

use std::sync::Arc;

use chassis::{clock::Clock, idempotency::Keyed, store::Store};
use uuid::Uuid;

use super::{
    Tx,
    change::{Call, Caller, Changed, Decision, Error, change},
};
use crate::domain::{
    actor::Actor,
    delivery::{self, Delivery},
    recipient::Recipient,
};

/// Corrects the recipient for the customer, as long as nothing was shipped.
#[derive(Clone)]
pub struct CorrectRecipient {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

/// What to correct.
#[derive(Clone, Debug)]
pub struct Command {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Whom it goes to instead.
    pub recipient: Recipient,
    /// The customer's opaque subject.
    pub customer_id: String,
}

impl CorrectRecipient {
    /// Corrects in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The corrected delivery. One that goes to this recipient already does not change.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Delivery>) -> Result<Changed, Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        self.store
            .run(move |tx| {
                let (command, keyed) = (Arc::clone(&command), keyed.clone());
                Box::pin(async move {
                    let actor = Actor::customer(command.customer_id.clone());
                    let (delivery_id, caller) = (command.delivery_id, Caller::Customer(&actor));
                    let call = Call { delivery_id, caller, action: "CorrectRecipient", now };
                    let decide = |delivery: Delivery, recipient: Option<&Recipient>| {
                        let event = delivery.correct_recipient(actor.clone(), now)?;
                        Ok::<_, delivery::Error>(match recipient {
                            Some(same) if *same == command.recipient => Decision::Nothing,
                            Some(_) | None => Decision::Readdress(event, command.recipient.clone()),
                        })
                    };
                    change(tx, &call, &keyed, decide).await
                })
            })
            .await
    }
}
