//! Clears a customer's personal data.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{Error, Store},
};
use time::OffsetDateTime;

use super::{Actor, audit, ports::Tx};
use crate::domain::Recipient;

/// Texts that one transaction clears; there are as many transactions as it takes.
const BATCH: u32 = 200;

/// Erases customers for operators.
#[derive(Clone)]
pub struct EraseCustomer {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl EraseCustomer {
    /// Erases in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Clears the contact and the texts that were not sent; answers how many contacts and messages that were. The messages
    /// stay, FAILED for ever where they were not sent.
    ///
    /// # Errors
    /// The database failed; what is cleared by then stays so, and another call goes on.
    pub async fn run(&self, customer_id: &str, actor: Actor) -> Result<usize, Error> {
        let (customer, actor) = (Arc::new(Recipient::Customer(customer_id.to_owned())), Arc::new(actor));
        let mut cleared = 0;
        loop {
            let (customer, actor, now) = (Arc::clone(&customer), Arc::clone(&actor), self.clock.now());
            let batch = self.store.run(move |tx| {
                let (customer, actor) = (Arc::clone(&customer), Arc::clone(&actor));
                Box::pin(async move { erase_some(tx, &customer, &actor, now).await })
            });
            match batch.await? {
                0 => return Ok(cleared),
                some => cleared += some,
            }
        }
    }
}

async fn erase_some(
    tx: &mut (dyn Tx + 'static),
    customer: &Recipient,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<usize, Error> {
    let contact = tx.contact_to_change(customer).await?;
    if contact.is_some() && !tx.forget_contact(customer).await? {
        return Err(Error::inconsistent("a contact that was read is gone"));
    }
    let unsent = tx.unsent(customer, BATCH).await?;
    for before in &unsent {
        let Some((after, event)) = before.clone().erased(now) else {
            return Err(Error::inconsistent("an unsent message has nothing to erase"));
        };
        tx.update(before, &after, event).await?;
    }
    let cleared = unsent.len() + usize::from(contact.is_some());
    if cleared > 0 {
        tx.audit(&audit::erased(actor, customer, contact.as_ref(), unsent.len(), now)).await?;
    }
    Ok(cleared)
}
