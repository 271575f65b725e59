//! Records that a shipped delivery reached its recipient.

use std::sync::Arc;

use chassis::{clock::Clock, idempotency::Keyed, store::Store};
use uuid::Uuid;

use super::{
    Tx,
    change::{Call, Caller, Changed, Decision, Error, change},
    viewer::Staff,
};
use crate::domain::{delivery::Delivery, recipient::Recipient};

/// Records for the shop's staff that a delivery arrived.
#[derive(Clone)]
pub struct CompleteDelivery {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

/// What to complete.
#[derive(Clone, Debug)]
pub struct Command {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Who asks.
    pub staff: Staff,
}

impl CompleteDelivery {
    /// Completes in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The completed delivery.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Delivery>) -> Result<Changed, Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        self.store
            .run(move |tx| {
                let (command, keyed) = (Arc::clone(&command), keyed.clone());
                Box::pin(async move {
                    let Command { delivery_id, staff } = &*command;
                    let decide = |delivery: Delivery, _: Option<&Recipient>| {
                        delivery.complete(staff.actor.clone(), now).map(Decision::Change)
                    };
                    let (caller, action) = (Caller::Staff(staff), "CompleteDelivery");
                    let call = Call { delivery_id: *delivery_id, caller, action, now };
                    change(tx, &call, &keyed, decide).await
                })
            })
            .await
    }
}
