//! Reserve: the order follows what shop-svc decided about its stock.

use chassis::consumer::Failure;
use time::OffsetDateTime;
use uuid::Uuid;

use super::ports::Tx;
use crate::domain::{
    Actor, RejectReason,
    order::{Refused, Reservation},
};

/// What shop-svc decided.
#[derive(Clone, Debug)]
pub enum Decision {
    /// All lines are held.
    Reserved(Reservation),
    /// Nothing is held.
    Rejected(RejectReason),
}

/// Confirms or rejects the order. Where its booking is outstanding, the reservation is kept until that is made.
///
/// # Errors
/// The order is not there yet, something else is held than was ordered, or the database failed.
pub async fn follow(
    tx: &mut dyn Tx,
    order_id: Uuid,
    decision: &Decision,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let Some(order) = tx.order(order_id).await? else {
        return Err(Failure::Early(format!("order {order_id} is not known")));
    };
    let changes = match decision {
        Decision::Reserved(reservation) => match order.confirm(reservation, actor, now) {
            Err(Refused::NotBooked) => return Ok(tx.hold(order_id, reservation).await?),
            other => other.map_err(|refused| Failure::Fault(refused.to_string()))?,
        },
        Decision::Rejected(reason) => order.reject(*reason, actor, now),
    };
    Ok(tx.save(&changes).await?)
}
