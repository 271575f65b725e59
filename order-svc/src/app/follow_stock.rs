//! Reserve: the order follows what shop-svc decided about its stock.

use chassis::consumer::Failure;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{follow_delivery::failure, ports::Tx};
use crate::domain::{
    Actor,
    saga::{self, OnStock, Stock},
};

/// Confirms or rejects the order. Where its booking is outstanding, the reservation is kept until that is made.
///
/// # Errors
/// The order is not there yet, something else is held than was ordered, or the database failed.
pub async fn follow(
    tx: &mut dyn Tx,
    order_id: Uuid,
    decided: &Stock,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let order = tx.order(order_id).await?;
    match saga::on_stock(order.as_ref(), decided, actor, now).map_err(|unable| failure(order_id, unable))? {
        OnStock::Save(changes) => Ok(tx.save(&changes).await?),
        OnStock::Hold(reservation) => Ok(tx.hold(order_id, reservation).await?),
    }
}
