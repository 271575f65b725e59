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
    Actor, Change, Order, Status,
    saga::{self, OnDelivery, Progress, Unable},
};

/// Brings the order to where its delivery is.
///
/// # Errors
/// The order is not there or not confirmed yet, is final otherwise, or the database failed.
pub async fn follow(
    tx: &mut dyn Tx,
    order_id: Uuid,
    progress: &Progress,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<(), Failure> {
    let order = tx.order(order_id).await?;
    match saga::on_delivery(order.as_ref(), progress, actor, now).map_err(|unable| failure(order_id, unable))? {
        OnDelivery::Save(changes) => save(tx, order.as_ref(), &changes, now).await,
        OnDelivery::Settle => {
            settle(tx, order_id, &Actor::service(crate::NAME), now).await?;
            Ok(())
        }
        OnDelivery::Nothing => Ok(()),
        OnDelivery::Void => match tx.claim(order_id, Claim::Void, now).await? {
            Claim::Void => Ok(()),
            // It was placed since it was looked for, and follows when the event comes again.
            Claim::Order => Err(failure(order_id, Unable::Unknown)),
        },
    }
}

/// Saves the changes, with the audit of a cancellation, which a person may have asked delivery-svc for.
async fn save(tx: &mut dyn Tx, before: Option<&Order>, changes: &[Change], now: OffsetDateTime) -> Result<(), Failure> {
    tx.save(changes).await?;
    if let (Some(before), Some(change)) = (before, changes.last())
        && matches!(change.order.status, Status::Cancelled { .. })
    {
        audit::changed(tx, &change.actor, "CancelOrder", (before, &change.order), now).await?;
    }
    Ok(())
}

/// What it means for an event that the order cannot follow it.
pub(super) fn failure(order_id: Uuid, unable: Unable) -> Failure {
    match unable {
        Unable::Unknown => Failure::Early(format!("order {order_id} is not known")),
        Unable::Early(refused) => Failure::Early(refused.to_string()),
        Unable::Fault(refused) => Failure::Fault(refused.to_string()),
    }
}
