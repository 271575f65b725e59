//! Ship: the order follows its delivery.

use chassis::consumer::Failure;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    audit,
    ports::{Claim, Tx},
    settle_booking::settle,
};
use crate::domain::{
    Actor, Order,
    order::{Refused, Shipment},
};

/// What became of a delivery.
#[derive(Clone, Debug)]
pub enum Progress {
    /// It is booked.
    Booked,
    /// It was shipped.
    Started(Shipment),
    /// It reached its recipient.
    Completed(Shipment),
    /// It will not happen.
    Cancelled {
        /// Who cancelled it, as delivery-svc was told.
        by: Actor,
        /// Why, as delivery-svc was told.
        reason: String,
    },
}

/// Brings the order to where its delivery is.
///
/// # Errors
/// The order is not there or not confirmed yet, is final otherwise, or the database failed.
pub async fn follow(
    tx: &mut dyn Tx,
    order_id: Uuid,
    progress: Progress,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let Some(order) = tx.order(order_id).await? else {
        return without_order(tx, order_id, &progress, now).await;
    };
    let changes = match progress {
        // The answer of the call that booked it may be lost, or come later.
        Progress::Booked => {
            settle(tx, order_id, &Actor::service(crate::NAME), now).await?;
            return Ok(());
        }
        Progress::Started(shipment) => order.ship(shipment, actor, now),
        Progress::Completed(shipment) => order.deliver(shipment, actor, now),
        // A rejected order's delivery is cancelled because of it.
        Progress::Cancelled { by, reason } => return cancel(tx, &order, by, reason, now).await,
    };
    Ok(tx.save(&changes.map_err(failure)?).await?)
}

/// Its delivery was cancelled, by this order's own cancellation or before it; a rejected order's because of that.
async fn cancel(tx: &mut dyn Tx, order: &Order, by: Actor, reason: String, now: OffsetDateTime) -> Result<(), Failure> {
    let changes = match order.cancel(by.clone(), reason, now) {
        Err(Refused::AlreadyRejected) => return Ok(()),
        other => other.map_err(failure)?,
    };
    tx.save(&changes).await?;
    if let Some(change) = changes.last() {
        audit::changed(tx, &by, "CancelOrder", (order, &change.order), now).await?;
    }
    Ok(())
}

fn failure(refused: Refused) -> Failure {
    match refused {
        Refused::NotConfirmed => Failure::Early(refused.to_string()),
        Refused::AlreadyShipped
        | Refused::AlreadyRejected
        | Refused::AlreadyCancelled
        | Refused::NotBooked
        | Refused::ReservationMismatch => Failure::Fault(refused.to_string()),
    }
}

/// A cancelled booking can never be an order's: its id is void.
async fn without_order(
    tx: &mut dyn Tx,
    order_id: Uuid,
    progress: &Progress,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    match progress {
        Progress::Cancelled { .. } => {
            tx.claim(order_id, Claim::Void, now).await?;
            Ok(())
        }
        // Most orders are booked before they are taken.
        Progress::Booked => Ok(()),
        Progress::Started(_) | Progress::Completed(_) => Err(Failure::Early(format!("order {order_id} is not known"))),
    }
}
