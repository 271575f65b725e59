//! Erases a customer: recipients that order-svc keeps and needs no more.
//!
//! A recipient is forgotten by the change that books or ends its order, so there is nothing left to clear but what a
//! defect left. What is outstanding is needed until then, and is forgotten then without being asked again.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{self, Store},
};

use super::{
    audit,
    ports::{Erased, Tx},
};
use crate::domain::Actor;

/// Erases customers.
pub struct EraseCustomer {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl EraseCustomer {
    /// Erases customers in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Clears what can be cleared of one customer, for an operator.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, operator: Actor, customer_id: String) -> Result<Erased, store::Error> {
        let now = self.clock.now();
        self.store
            .run(move |tx| {
                let (operator, customer_id) = (operator.clone(), customer_id.clone());
                Box::pin(async move {
                    let erased = tx.erase(&customer_id).await?;
                    audit::erased(tx, &operator, &customer_id, erased, now).await?;
                    Ok(erased)
                })
            })
            .await
    }
}
