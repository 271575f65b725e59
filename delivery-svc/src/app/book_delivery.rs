//! Books the delivery of one order.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    store::{self, Store},
};
use time::OffsetDateTime;

use super::Tx;
use crate::domain::{
    delivery::{self, Booking, Delivery},
    recipient::Recipient,
};

/// Books a delivery: the same id with the same request is one booking, a cancelled one is answered as it is.
#[derive(Clone)]
pub struct BookDelivery {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

/// What to book.
#[derive(Clone, Debug)]
pub struct Command {
    /// What it is booked for.
    pub booking: Booking,
    /// Whom it goes to.
    pub recipient: Recipient,
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The id is booked for another request.
    #[error(transparent)]
    Refused(#[from] delivery::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl BookDelivery {
    /// Books in `store`.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The booking: new, met again, or cancelled before it came.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command) -> Result<Delivery, Error> {
        let (command, now) = (Arc::new(command), self.clock.now());
        self.store
            .run(move |tx| {
                let command = Arc::clone(&command);
                Box::pin(async move { book(tx, &command, now).await })
            })
            .await
    }
}

async fn book(tx: &mut dyn Tx, command: &Command, now: OffsetDateTime) -> Result<Delivery, Error> {
    let booked = Delivery::book(command.booking.clone(), now);
    if tx.insert(&booked, Some(&command.recipient)).await? {
        return Ok(booked.delivery);
    }
    let met = tx.delivery(command.booking.id).await?;
    let met = met.ok_or_else(|| store::Error::inconsistent("a delivery's id is taken by no row"))?;
    let bound = met.request_hash.is_some();
    let met = met.rebook(&command.booking)?;
    if !bound && met.request_hash.is_some() {
        // It was lost with a restore: whoever books it again brings both.
        let recipient = met.state.needs_recipient().then_some(&command.recipient);
        tx.rebook(&met, recipient).await?;
    }
    Ok(met)
}
