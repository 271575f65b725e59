//! Meeting a delivery that may not be known yet.

use chassis::store;

use super::Tx;
use crate::domain::delivery::{Delivery, Event};

/// The delivery that `tombstone` would stand for; none where it was unknown and the tombstone is written now.
///
/// # Errors
/// The database failed.
pub async fn found_or_buried(tx: &mut dyn Tx, tombstone: &Event) -> Result<Option<Delivery>, store::Error> {
    let id = tombstone.delivery.id;
    if let Some(delivery) = tx.delivery(id).await? {
        return Ok(Some(delivery));
    }
    if tx.insert(tombstone, None).await? {
        return Ok(None);
    }
    tx.delivery(id).await
}
