//! Corrects the tracking number of what was shipped.

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
    tracking::Number,
};

/// Corrects the tracking number for the shop's staff, once it was shipped. The order keeps what it was told then.
#[derive(Clone)]
pub struct CorrectTrackingNumber {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

/// What to correct.
#[derive(Clone, Debug)]
pub struct Command {
    /// The delivery.
    pub delivery_id: Uuid,
    /// The carrier's number as it should be.
    pub number: Number,
    /// Who asks.
    pub staff: Staff,
}

impl CorrectTrackingNumber {
    /// Corrects in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The corrected delivery. One that has this number already does not change.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, keyed: Keyed<Delivery>) -> Result<Changed, Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        self.store
            .run(move |tx| {
                let (command, keyed) = (Arc::clone(&command), keyed.clone());
                Box::pin(async move {
                    let Command { delivery_id, number, staff } = &*command;
                    let decide = |delivery: Delivery, _: Option<&Recipient>| {
                        let event = delivery.correct_number(number, staff.actor.clone(), now)?;
                        Ok::<_, delivery::Error>(event.map_or(Decision::Nothing, Decision::Change))
                    };
                    let (caller, action) = (Caller::Staff(staff), "CorrectTrackingNumber");
                    let call = Call { delivery_id: *delivery_id, caller, action, now };
                    change(tx, &call, &keyed, decide).await
                })
            })
            .await
    }
}
