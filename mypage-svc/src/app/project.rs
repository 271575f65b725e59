//! Keeps what was heard, at its highest version.

use chassis::store::Error;

use super::ports::Tx;
use crate::domain::Heard;

/// Keeps copies of orders, deliveries and messages, whatever the order in which they come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Project;

impl Project {
    /// Keeps it in the transaction that also remembers the event. What is older than what is kept does nothing.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run<T: Tx + ?Sized>(self, tx: &mut T, heard: &Heard) -> Result<(), Error> {
        let _is_newest = match heard {
            Heard::Order(order) => tx.keep_order(order).await?,
            Heard::Delivery(delivery) => tx.keep_delivery(delivery).await?,
            Heard::Message(message) => tx.keep_message(message).await?,
        };
        Ok(())
    }
}
