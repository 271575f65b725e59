//! Keeps what was heard, at its highest version.

use chassis::{inbox::Event, store::Error};

use super::{
    ports::{Keep, Kept, Tx},
    watches::Watches,
};
use crate::domain::{CopyId, Heard};

/// Keeps copies of orders, deliveries and messages, whatever the order in which they come.
#[derive(Clone)]
pub struct Project {
    watches: Watches,
}

impl Project {
    /// Tells `watches` of what customers can see.
    pub fn new(watches: Watches) -> Self {
        Self { watches }
    }

    /// Keeps what `event` carries in the copy that is served, in the transaction that also remembers the event. What is older
    /// than what is kept does nothing. A copy that is being built and is past the event does not read it again, and may have
    /// passed it over: it is kept there too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run<T: Tx + ?Sized>(&self, tx: &mut T, event: &Event, heard: &Heard) -> Result<(), Error> {
        let copy = tx.served().await?;
        if let Kept::Seen(seen) = keep(tx, copy, heard).await? {
            let watches = self.watches.clone();
            tx.after_commit(Box::new(move || watches.changed(&seen.customer_id, copy, seen.change)));
        }
        let (producer, epoch, sequence) = (event.producer.as_str(), event.epoch, event.sequence);
        if let Some(building) = tx.building_past(producer, epoch, sequence).await? {
            keep(tx, building, heard).await?;
            tx.note_taken_in(building, producer, epoch, sequence).await?;
        }
        Ok(())
    }
}

/// Keeps it in a copy.
///
/// # Errors
/// The database failed.
pub async fn keep<T: Keep + ?Sized>(tx: &mut T, copy: CopyId, heard: &Heard) -> Result<Kept, Error> {
    match heard {
        Heard::Order(order) => tx.keep_order(copy, order).await,
        Heard::Delivery(delivery) => tx.keep_delivery(copy, delivery).await,
        Heard::Message(message) => tx.keep_message(copy, message).await,
    }
}
