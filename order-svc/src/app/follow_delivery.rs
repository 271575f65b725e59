//! Ship: the order follows its delivery.

use chassis::consumer::Failure;
use time::OffsetDateTime;
use uuid::Uuid;

use super::ports::{Claim, Tx};
use crate::domain::{
    Actor,
    order::{Refused, Shipment},
};

/// What became of a delivery.
#[derive(Clone, Debug)]
pub enum Progress {
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
        Progress::Started(shipment) => order.ship(shipment, actor, now),
        Progress::Completed(shipment) => order.deliver(shipment, actor, now),
        // A rejected order's delivery is cancelled because of it.
        Progress::Cancelled { by, reason } => match order.cancel(by, reason, now) {
            Err(Refused::AlreadyRejected) => Ok(Vec::new()),
            other => other,
        },
    };
    let changes = changes.map_err(|refused| match refused {
        Refused::NotConfirmed => Failure::Early(refused.to_string()),
        Refused::AlreadyShipped
        | Refused::AlreadyRejected
        | Refused::AlreadyCancelled
        | Refused::ReservationMismatch => Failure::Fault(refused.to_string()),
    })?;
    Ok(tx.save(&changes).await?)
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
        Progress::Started(_) | Progress::Completed(_) => Err(Failure::Early(format!("order {order_id} is not known"))),
    }
}
