//! The saga: what an order does about what its peers tell. Decisions alone; use cases carry them out.

use time::OffsetDateTime;

use super::{
    Actor, Change, Order, RejectReason,
    order::{Refused, Reservation, Shipment},
};

/// What shop-svc decided about an order's stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stock {
    /// All lines are held.
    Reserved(Reservation),
    /// Nothing is held.
    Rejected(RejectReason),
}

/// What becomes of an order whose stock was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnStock<'t> {
    /// It changes so, or not at all.
    Save(Vec<Change>),
    /// Its booking is outstanding: the reservation is kept beside it until that is made.
    Hold(&'t Reservation),
}

/// What became of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// What becomes of an order, or of an id that is none, whose delivery went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnDelivery {
    /// It changes so, or not at all.
    Save(Vec<Change>),
    /// Its outstanding booking, if there is one, was made.
    Settle,
    /// Most orders are booked before they are taken.
    Nothing,
    /// A cancelled booking can never be an order's: the id is void.
    Void,
}

/// Why an order cannot follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unable {
    /// It is not there yet.
    #[error("the order is not known")]
    Unknown,
    /// Something else has to be heard before.
    #[error(transparent)]
    Early(Refused),
    /// What is told cannot be.
    #[error(transparent)]
    Fault(Refused),
}

/// Confirms or rejects the order.
///
/// # Errors
/// See [`Unable`].
pub fn on_stock<'t>(
    order: Option<&Order>,
    told: &'t Stock,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<OnStock<'t>, Unable> {
    let order = order.ok_or(Unable::Unknown)?;
    match told {
        Stock::Reserved(reservation) => match order.confirm(reservation, actor, now) {
            Err(Refused::NotBooked) => Ok(OnStock::Hold(reservation)),
            other => other.map(OnStock::Save).map_err(Unable::Fault),
        },
        Stock::Rejected(reason) => Ok(OnStock::Save(order.reject(*reason, actor, now))),
    }
}

/// Brings the order to where its delivery is.
///
/// # Errors
/// See [`Unable`].
pub fn on_delivery(
    order: Option<&Order>,
    told: &Progress,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<OnDelivery, Unable> {
    let Some(order) = order else { return without_order(told) };
    let changes = match told {
        // The answer of the call that booked it may be lost, or come later.
        Progress::Booked => return Ok(OnDelivery::Settle),
        Progress::Started(shipment) => order.ship(shipment.clone(), actor, now),
        Progress::Completed(shipment) => order.deliver(shipment.clone(), actor, now),
        // Cancelled by this order's own cancellation or before it; a rejected order's because of that.
        Progress::Cancelled { by, reason } => match order.cancel(by.clone(), reason.clone(), now) {
            Err(Refused::AlreadyRejected) => Ok(Vec::new()),
            other => other,
        },
    };
    changes.map(OnDelivery::Save).map_err(unable)
}

fn without_order(told: &Progress) -> Result<OnDelivery, Unable> {
    match told {
        Progress::Cancelled { .. } => Ok(OnDelivery::Void),
        Progress::Booked => Ok(OnDelivery::Nothing),
        Progress::Started(_) | Progress::Completed(_) => Err(Unable::Unknown),
    }
}

fn unable(refused: Refused) -> Unable {
    match refused {
        Refused::NotConfirmed => Unable::Early(refused),
        Refused::AlreadyShipped
        | Refused::AlreadyRejected
        | Refused::AlreadyCancelled
        | Refused::NotBooked
        | Refused::ReservationMismatch => Unable::Fault(refused),
    }
}
