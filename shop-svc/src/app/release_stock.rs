//! An order was cancelled or rejected: its units are available again, once.

use chassis::store;
use time::OffsetDateTime;

use super::Tx;
use crate::domain::{Order, Reservation, reservation};

/// Why stock could not be released.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The units are sold.
    #[error(transparent)]
    Refused(#[from] reservation::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Frees what is held for an order. Where nothing was decided yet, a tombstone keeps a late `OrderPlaced` from reserving.
///
/// # Errors
/// See [`Error`].
pub async fn run(tx: &mut dyn Tx, order: &Order, now: OffsetDateTime) -> Result<(), Error> {
    let found = tx.reservation(order.id).await?;
    if let Some(change) = Reservation::end(found, order, now)? {
        tx.save_reservation(&change).await?;
    }
    Ok(())
}
