//! Keeps what was heard, at its highest version.

use chassis::store::Error;

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

    /// Keeps it in the copy that is served, in the transaction that also remembers the event. What is older than what is
    /// kept does nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run<T: Tx + ?Sized>(&self, tx: &mut T, heard: &Heard) -> Result<(), Error> {
        let copy = tx.served().await?;
        if let Kept::Seen(seen) = keep(tx, copy, heard).await? {
            let watches = self.watches.clone();
            tx.after_commit(Box::new(move || watches.changed(&seen.customer_id, copy, seen.change)));
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
