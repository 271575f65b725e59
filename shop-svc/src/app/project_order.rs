//! A shop's staff see its orders: of each order the highest version that was heard of is kept.
//!
//! This comes before anything else that an order's event does: events of one order are handled one after another from here
//! on, whichever replica took them.

use chassis::store;

use super::Tx;
use crate::domain::Order;

/// Keeps what an order's event told, unless something later was heard before.
///
/// # Errors
/// The store failed.
pub async fn run(tx: &mut dyn Tx, order: &Order) -> Result<(), store::Error> {
    tx.keep_order(order).await
}
