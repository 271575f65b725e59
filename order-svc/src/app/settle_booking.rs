//! Booked: an outstanding booking was made, and its order goes on.

use chassis::store;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{audit, ports::Tx};
use crate::domain::{Actor, Order, order::Settled};

/// Notes that the delivery of an order is booked, forgets its recipient, and confirms the order where its stock is
/// reserved. Answers the order as it is then; none where no booking of it was outstanding.
///
/// # Errors
/// The database failed, or what is held for the order does not fit it.
pub async fn settle(
    tx: &mut dyn Tx,
    order_id: Uuid,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<Option<Order>, store::Error> {
    let Some(before) = tx.order(order_id).await?.filter(Order::booking_outstanding) else { return Ok(None) };
    let held = tx.held(order_id).await?;
    let settled = before.settled(held.as_ref(), actor.clone(), now).map_err(store::Error::inconsistent)?;
    let Some(Settled { booked, changes }) = settled else { return Ok(None) };
    tx.booked(order_id).await?;
    tx.save(&changes).await?;
    let after = changes.into_iter().next_back().map_or(booked, |change| change.order);
    audit::changed(tx, actor, "ResumeOrder", (&before, &after), now).await?;
    Ok(Some(after))
}
