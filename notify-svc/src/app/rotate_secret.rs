//! Makes a new secret for a contact's webhook.

use std::{sync::Arc, time::Duration};

use chassis::{clock::Clock, idempotency::Keyed, store::Store};

use super::{
    Actor, audit,
    change_contact::{Changed, Error, Outcome, change},
    ports::Tx,
};
use crate::domain::{Contact, Recipient, Secret, contact::NoWebhook};

/// Rotates the secrets of webhooks.
#[derive(Clone)]
pub struct RotateSecret {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
    overlap: Duration,
}

/// What to rotate.
#[derive(Clone, Debug)]
pub struct Command {
    /// Whose contact.
    pub owner: Recipient,
    /// The new secret.
    pub secret: Secret,
    /// Who asks.
    pub actor: Actor,
}

impl RotateSecret {
    /// Rotates in `store`; the secret before the new one signs too for `overlap`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>, overlap: Duration) -> Self {
        Self { store, clock, overlap }
    }

    /// The contact with its new secret.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Outcome>) -> Result<Changed, Error> {
        let (command, now, overlap) = (Arc::new(command), self.clock.now(), self.overlap);
        self.store
            .run(move |tx| {
                let (command, keyed) = (Arc::clone(&command), keyed.clone());
                Box::pin(async move {
                    let Command { owner, secret, actor } = &*command;
                    let decide = |before: Option<&Contact>| {
                        Ok(before.ok_or(NoWebhook)?.rotated(secret.clone(), overlap, now)?)
                    };
                    let audit = |before: Option<&Contact>, after: &Contact| {
                        audit::contact("RotateWebhookSecret", actor, owner, before, after, now)
                    };
                    change(tx, owner, &keyed, decide, audit).await
                })
            })
            .await
    }
}
