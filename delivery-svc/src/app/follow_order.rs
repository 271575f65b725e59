//! Lets a delivery follow its order.

use chassis::store;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, erasure::clear_where_due, tombstone::found_or_buried};
use crate::domain::{
    actor::Actor,
    delivery::{Contradiction, Delivery},
    follow::{Standing, Unmet},
};

/// What was learned of an order, by an event or by asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The order, and its delivery.
    pub order_id: Uuid,
    /// Its shop.
    pub shop_id: Uuid,
    /// Its customer.
    pub customer_id: String,
    /// When it was placed; none where that was not told.
    pub order_time: Option<OffsetDateTime>,
    /// Where it stands.
    pub standing: Standing,
    /// Who brought it there.
    pub actor: Actor,
}

/// Why a delivery did not follow.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The order is ahead of a booking that has not come yet.
    #[error("the delivery is not booked yet")]
    NotBooked,
    /// The order and its delivery cannot both be right.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Brings the delivery to where its order stands. An order that ended before its booking came leaves a tombstone. A
/// booking that comes after its order was placed asks for the order itself, once it is old enough.
///
/// # Errors
/// See [`Error`].
pub async fn follow_order(tx: &mut dyn Tx, report: &Report, now: OffsetDateTime) -> Result<(), Error> {
    let unmet = report.standing.unmet();
    let delivery = match unmet {
        Unmet::Bury(cancellation) => {
            let (shop_id, customer_id) = (report.shop_id, report.customer_id.clone());
            let tombstone = Delivery::tombstone(report.order_id, shop_id, customer_id, cancellation.clone(), now);
            found_or_buried(tx, &tombstone).await?
        }
        Unmet::Nothing | Unmet::Early => tx.delivery(report.order_id).await?,
    };
    let Some(delivery) = delivery else {
        return if unmet == Unmet::Early { Err(Error::NotBooked) } else { Ok(()) };
    };
    let followed = delivery.follow(&report.standing, &report.actor, now)?;
    match followed.events.as_slice() {
        [] if followed.claimed => tx.claim(followed.delivery.id, followed.delivery.version).await?,
        [] => {}
        events => tx.save(events).await?,
    }
    // An order that was booked long after it was placed is as old as it says.
    let ordered = report.order_time.unwrap_or(followed.delivery.create_time);
    clear_where_due(tx, followed.delivery, ordered, now).await?;
    Ok(())
}
