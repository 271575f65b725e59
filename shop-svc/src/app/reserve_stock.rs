//! An order was placed: its stock is reserved, all lines or nothing, or rejected for ever.

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
    if tx.reservation(order.id).await?.is_some() {
        return Ok(());
    }
    let offers = tx.offers(order.shop_id, order.lines.as_slice()).await?;
    // After the offers: with their phones in hand, the shop cannot close before this is committed.
    let shop = tx.shop(order.shop_id).await?;
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
    let mut units = tx.take_units(order.id, takes).await?;
    let line = |take: &Take| HeldLine {
        phone_id: take.phone_id,
        unit_price: take.unit_price,
        serials: units.remove(&take.phone_id).unwrap_or_default(),
    };
    Ok(takes.iter().map(line).collect())
}
