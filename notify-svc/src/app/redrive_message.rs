//! Sends a message again that was given up.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{self, Store},
};
use uuid::Uuid;

use super::{Actor, audit, bell, ports::Tx};
use crate::domain::{Message, message};

/// Why a message was not redriven.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("the message was not found")]
    NotFound,
    /// It was not given up, or there is nothing left of it to send.
    #[error(transparent)]
    Refused(#[from] message::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Redrives messages for operators.
#[derive(Clone)]
pub struct RedriveMessage {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl RedriveMessage {
    /// Redrives in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The message, PENDING again, on the channel that its recipient's contact points to now.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, id: Uuid, actor: Actor) -> Result<Message, Error> {
        let (actor, now) = (Arc::new(actor), self.clock.now());
        self.store
            .run(move |tx| {
                let actor = Arc::clone(&actor);
                Box::pin(async move {
                    let before = tx.message(id).await?.ok_or(Error::NotFound)?;
                    let contact = tx.contact(&before.recipient).await?;
                    let after = before.clone().redriven(now)?.redirected(contact.as_ref())?;
                    tx.update(&before, &after, None).await?;
                    bell::ring_after(tx);
                    tx.audit(&audit::redriven(&actor, &before, &after, now)).await?;
                    Ok(after)
                })
            })
            .await
    }
}
