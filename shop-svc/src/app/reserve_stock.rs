//! An order was placed: its stock is reserved, all lines or nothing, or rejected for ever.

use std::collections::BTreeMap;

use chassis::store;
use time::OffsetDateTime;

use super::Tx;
use crate::domain::{
    Order, Reservation,
    reservation::{Decision, Held, HeldLine, Take, decide},
};

/// Reserves or rejects an order's stock; nothing where that was decided before, or the order has ended since.
///
/// # Errors
/// The store failed.
pub async fn run(tx: &mut dyn Tx, order: &Order, now: OffsetDateTime) -> Result<(), store::Error> {
    let shop = tx.shop(order.shop_id).await?;
    if tx.reservation(order.id).await?.is_some() {
        return Ok(());
    }
    let mut offers = BTreeMap::new();
    for line in order.lines.as_slice() {
        if let Some(offer) = tx.offer(order.shop_id, line).await? {
            offers.insert(line.phone_id, offer);
        }
    }
    let change = match decide(order, shop.as_ref(), &offers, now) {
        Decision::Reserve { currency, takes } => {
            let lines = take(tx, order, &takes).await?;
            Reservation::reserve(order, Held { currency, lines }, now)
        }
        Decision::Reject(reason) => Reservation::reject(order, reason, now),
    };
    tx.save_reservation(&change).await
}

async fn take(tx: &mut dyn Tx, order: &Order, takes: &[Take]) -> Result<Vec<HeldLine>, store::Error> {
    let mut lines = Vec::with_capacity(takes.len());
    for take in takes {
        let serials = tx.take_units(order.id, take.phone_id, &take.pick).await?;
        lines.push(HeldLine { phone_id: take.phone_id, unit_price: take.unit_price, serials });
    }
    Ok(lines)
}
