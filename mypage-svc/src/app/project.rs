//! Keeps what was heard, at its highest version.

use chassis::{inbox::Event, store::Error};

use super::{
    announced::Announced,
    ports::{Keep, Kept, Seen, Tx},
};
use crate::domain::{CopyId, Heard};

/// Keeps copies of orders, deliveries and messages, whatever the order in which they come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Project;

impl Project {
    /// Keeps what `event` carries in the copy that is served, in the transaction that also remembers the event. What is older
    /// than what is kept does nothing. A copy that is being built and is past the event does not read it again, and may have
    /// passed it over: it is kept there too.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run<T: Tx + ?Sized>(&self, tx: &mut T, event: &Event, heard: &Heard) -> Result<(), Error> {
        let copy = tx.served(heard.order_id()).await?;
        if let Kept::Seen(Seen { customer_id, change }) = keep(tx, copy, heard).await? {
            Announced::Changed { copy: copy.number, counter: change, customer_id }.say_after(tx);
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
