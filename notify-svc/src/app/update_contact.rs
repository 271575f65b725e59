//! Sets a contact.

use std::sync::Arc;

use chassis::{clock::Clock, idempotency::Keyed, store::Store};

use super::{
    Actor, audit,
    change_contact::{Changed, Error, Outcome, change},
    ports::Tx,
};
use crate::domain::{Contact, Fresh, Language, Recipient, Wish};

/// Sets the contacts of customers and shops.
#[derive(Clone)]
pub struct UpdateContact {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
    default_language: Language,
}

/// What to set.
#[derive(Clone, Debug)]
pub struct Command {
    /// Whose contact.
    pub owner: Recipient,
    /// What is wanted of it.
    pub wish: Wish,
    /// What new things are made of.
    pub fresh: Fresh,
    /// Who asks.
    pub actor: Actor,
}

impl UpdateContact {
    /// Sets in `store`; `default_language` is for those who name none.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>, default_language: Language) -> Self {
        Self { store, clock, default_language }
    }

    /// The contact as it is set now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Outcome>) -> Result<Changed, Error> {
        let (command, now, language) = (Arc::new(command), self.clock.now(), self.default_language);
        self.store
            .run(move |tx| {
                let (command, keyed) = (Arc::clone(&command), keyed.clone());
                Box::pin(async move {
                    let Command { owner, wish, fresh, actor } = &*command;
                    let decide = |before: Option<&Contact>| {
                        let unset = Contact::unset(language);
                        Ok(before.unwrap_or(&unset).updated(wish.clone(), fresh.clone(), now))
                    };
                    let audit = |before: Option<&Contact>, after: &Contact| {
                        audit::contact("UpdateContact", actor, owner, before, after, now)
                    };
                    change(tx, owner, &keyed, decide, audit).await
                })
            })
            .await
    }
}
