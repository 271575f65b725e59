//! A shop's staff see its orders: of each order the highest version that was heard of is kept.

use chassis::store;

use super::Tx;
use crate::domain::Order;

/// Keeps what an order's event told, unless something later was heard before.
///
/// # Errors
/// The store failed.
pub async fn run(tx: &mut dyn Tx, order: &Order) -> Result<(), store::Error> {
    match tx.heard_version(order.id).await? {
        None => tx.keep_order(order).await,
        Some(heard) if heard < order.version => tx.advance_order(order).await,
        Some(_) => Ok(()),
    }
}
