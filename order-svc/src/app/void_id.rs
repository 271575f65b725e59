//! Void: the id of a cancelled booking is nobody's, or the order's that has it.

use chassis::idempotency::{Request, Reused};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    place_order::Error,
    ports::{Claim, Tx},
};
use crate::domain::Order;

/// What the id of a cancelled booking stands for.
pub enum Stands {
    /// Nobody.
    Void,
    /// An order that has its key.
    Key,
    /// An order that was taken back without its key, and has it now.
    Order(Box<Order>),
}

/// Voids the id of a cancelled booking, unless an order has it that has `wanted`'s lines. One that was taken back without its
/// key gets that of `request`.
///
/// # Errors
/// The order is of another request, or the database failed.
pub async fn void(
    tx: &mut dyn Tx,
    id: Uuid,
    request: Option<&Request>,
    wanted: &Order,
    now: OffsetDateTime,
) -> Result<Stands, Error> {
    if tx.claim(id, Claim::Void, now).await? == Claim::Void {
        return Ok(Stands::Void);
    }
    // A cancelled booking does not say for which request it was made: what the order itself tells has to do.
    let order = tx.order(id).await?.map(Order::as_placed);
    if order.is_some_and(|order| (order.shop_id, &order.lines) != (wanted.shop_id, &wanted.lines)) {
        return Err(Reused.into());
    }
    let Some(request) = request else { return Ok(Stands::Key) };
    let adopted = tx.adopt(id, request).await?;
    Ok(adopted.map_or(Stands::Key, |order| Stands::Order(Box::new(order.as_placed()))))
}
