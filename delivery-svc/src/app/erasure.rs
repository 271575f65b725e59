//! Personal data of erased customers goes as soon as a delivery needs it no more.

use chassis::store;
use time::OffsetDateTime;

use super::Tx;
use crate::domain::{
    actor::Actor,
    delivery::{Delivery, Event},
};

/// Saves a change, and what follows from it where it is the last but its customer was erased. The delivery as it is then.
///
/// # Errors
/// The database failed.
pub async fn save(tx: &mut dyn Tx, change: Event, now: OffsetDateTime) -> Result<Delivery, store::Error> {
    tx.save(std::slice::from_ref(&change)).await?;
    let ordered = change.delivery.create_time;
    clear_where_due(tx, change.delivery, ordered, now).await
}

/// Clears a final delivery of an order that was placed at `ordered`, where its customer was erased since then. What the
/// customer orders afterwards is no part of that. The delivery as it is then.
///
/// # Errors
/// The database failed.
pub async fn clear_where_due(
    tx: &mut dyn Tx,
    delivery: Delivery,
    ordered: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Delivery, store::Error> {
    let Some(cleared) = delivery.clone().erase(Actor::service(crate::NAME), now) else { return Ok(delivery) };
    let due = tx.erased(&delivery.customer_id).await?.is_some_and(|erased| ordered <= erased);
    if !due || tx.recipient(delivery.id).await?.is_none() {
        return Ok(delivery);
    }
    tx.readdress(&cleared, None).await?;
    Ok(cleared.delivery)
}
