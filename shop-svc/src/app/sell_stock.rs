//! An order was shipped: its units are sold. An order that is heard to be delivered was shipped before.

use chassis::store;
use time::OffsetDateTime;

use super::Tx;
use crate::domain::{Order, reservation};

/// Why stock could not be sold.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing was reserved yet: the order's placement has not been heard of.
    #[error("nothing is reserved for the order yet")]
    NotReserved,
    /// The units were freed or never held.
    #[error(transparent)]
    Refused(#[from] reservation::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Marks what is held for an order as sold; nothing where it is so already.
///
/// # Errors
/// See [`Error`].
pub async fn run(tx: &mut dyn Tx, order: &Order, now: OffsetDateTime) -> Result<(), Error> {
    let reservation = tx.reservation(order.id).await?.ok_or(Error::NotReserved)?;
    if let Some(change) = reservation.sell(now)? {
        tx.save_reservation(&change).await?;
    }
    Ok(())
}
