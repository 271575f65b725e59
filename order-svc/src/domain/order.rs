//! The order: its states and the transitions between them.

mod line;
mod status;
mod waiting;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Actor, Money, NewOrder, booking};

pub use line::{Line, Reservation, ReservedLine};
pub use status::{Decider, RejectReason, Shipment, Status};
pub use waiting::{Settled, WaitsFor};

/// Characters a cancel reason has at most.
pub const MAX_REASON: usize = 200;

/// A customer's wish to buy units of phones of one shop.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// The customer's opaque subject.
    pub customer_id: String,
    /// The shop.
    pub shop_id: Uuid,
    /// What was ordered.
    pub lines: Vec<Line>,
    /// Where it stands.
    pub status: Status,
    /// When its delivery was booked.
    pub booking: booking::State,
    /// The sum of all lines, from CONFIRMED on.
    pub total: Option<Money>,
    /// Stock must be reserved by then.
    pub reserve_by: OffsetDateTime,
    /// Grows by 1 with each change.
    pub version: i64,
    /// When it was placed.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}

/// One change: the order after it, and who caused it. Each is one event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change {
    /// The order after the change.
    pub order: Order,
    /// Who caused it.
    pub actor: Actor,
}

/// Why a transition cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is on its way or delivered.
    #[error("the order was shipped")]
    AlreadyShipped,
    /// It was rejected.
    #[error("the order was rejected")]
    AlreadyRejected,
    /// It was cancelled, yet is reported shipped.
    #[error("the order was cancelled")]
    AlreadyCancelled,
    /// Its stock is reserved before its delivery is booked: it waits.
    #[error("the order's delivery is not booked yet")]
    NotBooked,
    /// It is reported shipped before its stock is known to be reserved.
    #[error("the order is not confirmed yet")]
    NotConfirmed,
    /// What is held is not what was ordered.
    #[error("the reservation holds something else than was ordered")]
    ReservationMismatch,
}

impl Order {
    /// A placed order, whose delivery is booked.
    pub fn place(
        id: Uuid,
        customer_id: String,
        command: &NewOrder,
        now: OffsetDateTime,
        reserve_by: OffsetDateTime,
    ) -> Self {
        let lines = command.lines.iter().map(|line| Line {
            phone_id: line.phone_id,
            quantity: line.quantity,
            expected_unit_price: line.expected_unit_price.clone(),
            requested_serials: line.serials.clone(),
            reserved: None,
        });
        Self {
            id,
            customer_id,
            shop_id: command.shop_id,
            lines: lines.collect(),
            status: Status::Placed,
            booking: booking::State::AtOnce,
            total: None,
            reserve_by,
            version: 1,
            create_time: now,
            update_time: now,
        }
    }

    /// The order with its booking outstanding.
    #[must_use]
    pub fn unbooked(self) -> Self {
        Self { booking: booking::State::Outstanding, ..self }
    }

    /// The order as it was placed: what a repeated `PlaceOrder` is answered.
    #[must_use]
    pub fn as_placed(self) -> Self {
        let lines = self.lines.into_iter().map(|line| Line { reserved: None, ..line }).collect();
        let booking = self.booking.as_placed();
        Self { lines, status: Status::Placed, booking, total: None, version: 1, update_time: self.create_time, ..self }
    }

    /// Stock is reserved. Nothing changes where that is known or the order is final: shop-svc frees the units on the
    /// order's own final event.
    ///
    /// # Errors
    /// Something else is held than was ordered, or the delivery is not booked: then the reservation is to be kept beside
    /// the order until it is.
    pub fn confirm(
        &self,
        reservation: &Reservation,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Vec<Change>, Refused> {
        match self.status {
            Status::Placed => {
                let lines = self.reserved_lines(reservation)?;
                if self.booking_outstanding() {
                    return Err(Refused::NotBooked);
                }
                let confirmed = Self { lines, total: Some(reservation.total.clone()), ..self.clone() };
                Ok(vec![confirmed.next(Status::Confirmed, actor, now)])
            }
            Status::Confirmed
            | Status::Rejected(_)
            | Status::Cancelled { .. }
            | Status::Shipped(_)
            | Status::Delivered(_) => Ok(Vec::new()),
        }
    }

    /// Stock cannot be reserved, or was not in time. Nothing changes where the order has left PLACED.
    pub fn reject(&self, reason: RejectReason, actor: Actor, now: OffsetDateTime) -> Vec<Change> {
        match self.status {
            Status::Placed => vec![self.next(Status::Rejected(reason), actor, now)],
            Status::Confirmed
            | Status::Rejected(_)
            | Status::Cancelled { .. }
            | Status::Shipped(_)
            | Status::Delivered(_) => Vec::new(),
        }
    }

    /// The order is cancelled. A CONFIRMED one only once its delivery is. Nothing changes where it is cancelled already.
    ///
    /// # Errors
    /// It was shipped or rejected.
    pub fn cancel(&self, by: Actor, reason: String, now: OffsetDateTime) -> Result<Vec<Change>, Refused> {
        match self.status {
            Status::Placed | Status::Confirmed => {
                Ok(vec![self.next(Status::Cancelled { by: by.clone(), reason }, by, now)])
            }
            Status::Cancelled { .. } => Ok(Vec::new()),
            Status::Rejected(_) => Err(Refused::AlreadyRejected),
            Status::Shipped(_) | Status::Delivered(_) => Err(Refused::AlreadyShipped),
        }
    }

    /// Its delivery was shipped. Nothing changes where that is known.
    ///
    /// # Errors
    /// The order is not confirmed yet, or final without shipment.
    pub fn ship(&self, shipment: Shipment, actor: Actor, now: OffsetDateTime) -> Result<Vec<Change>, Refused> {
        match self.status {
            Status::Confirmed => Ok(vec![self.next(Status::Shipped(shipment), actor, now)]),
            Status::Shipped(_) | Status::Delivered(_) => Ok(Vec::new()),
            Status::Placed => Err(Refused::NotConfirmed),
            Status::Rejected(_) => Err(Refused::AlreadyRejected),
            Status::Cancelled { .. } => Err(Refused::AlreadyCancelled),
        }
    }

    /// Its delivery reached the recipient; passes through SHIPPED where that was not heard of.
    ///
    /// # Errors
    /// The order is not confirmed yet, or final without shipment.
    pub fn deliver(&self, shipment: Shipment, actor: Actor, now: OffsetDateTime) -> Result<Vec<Change>, Refused> {
        match &self.status {
            Status::Confirmed => {
                let shipped = self.next(Status::Shipped(shipment.clone()), actor.clone(), now);
                let delivered = shipped.order.next(Status::Delivered(shipment), actor, now);
                Ok(vec![shipped, delivered])
            }
            // It keeps what was told at the shipment; a correction since then stands on the delivery.
            Status::Shipped(told) => Ok(vec![self.next(Status::Delivered(told.clone()), actor, now)]),
            Status::Delivered(_) => Ok(Vec::new()),
            Status::Placed => Err(Refused::NotConfirmed),
            Status::Rejected(_) => Err(Refused::AlreadyRejected),
            Status::Cancelled { .. } => Err(Refused::AlreadyCancelled),
        }
    }

    fn next(&self, status: Status, actor: Actor, now: OffsetDateTime) -> Change {
        let order = Self { status, version: self.version + 1, update_time: now.max(self.update_time), ..self.clone() };
        Change { order, actor }
    }
}

#[cfg(test)]
mod tests;
