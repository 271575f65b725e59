//! Ships a delivery.

use std::sync::Arc;

use chassis::{clock::Clock, idempotency::Keyed, store::Store};
use uuid::Uuid;

use super::{
    Tx,
    change::{Call, Caller, Changed, Decision, Error, change},
    viewer::Staff,
};
use crate::domain::{
    delivery::{self, Delivery},
    recipient::Recipient,
    tracking::Tracking,
};

/// Ships a delivery for its shop's staff.
#[derive(Clone)]
pub struct ShipDelivery {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

/// What to ship.
#[derive(Clone, Debug)]
pub struct Command {
    /// The delivery.
    pub delivery_id: Uuid,
    /// Who carries it, under which number.
    pub tracking: Tracking,
    /// Who asks.
    pub staff: Staff,
}

impl ShipDelivery {
    /// Ships in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The shipped delivery.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Delivery>) -> Result<Changed, Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        self.store
            .run(move |tx| {
                let (command, keyed) = (Arc::clone(&command), keyed.clone());
                Box::pin(async move {
                    let Command { delivery_id, tracking, staff } = &*command;
                    let decide = |delivery: Delivery, recipient: Option<&Recipient>| {
                        let shipped = delivery.ship(tracking.clone(), staff.actor.clone(), now)?;
                        recipient.map(|_known| Decision::Change(shipped)).ok_or(delivery::Error::NoRecipient)
                    };
                    let (caller, action) = (Caller::Staff(staff), "ShipDelivery");
                    let call = Call { delivery_id: *delivery_id, caller, action, now };
                    change(tx, &call, &keyed, decide).await
                })
            })
            .await
    }
}
