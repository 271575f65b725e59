//! What an order waits for.

use time::OffsetDateTime;

use super::{Change, Order, Refused, Reservation, Status};
use crate::domain::{Actor, booking};

/// What has to happen next for an order to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// delivery-svc to book its delivery.
    Booking,
    /// shop-svc to decide about its stock.
    Stock,
    /// The shop's staff to ship it.
    Shipment,
}

/// An order whose outstanding booking was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The order as far as that alone brings it: no change of it.
    pub booked: Order,
    /// The changes that follow.
    pub changes: Vec<Change>,
}

impl Order {
    /// Whether its delivery still has to be booked: only what was PLACED while delivery-svc was away, until it is
    /// booked or final.
    pub fn booking_outstanding(&self) -> bool {
        self.status == Status::Placed && self.booking == booking::State::Outstanding
    }

    /// The order once its outstanding booking was made; none where none is outstanding.
    pub fn booked(&self) -> Option<Self> {
        self.booking_outstanding().then(|| Self { booking: booking::State::Later, ..self.clone() })
    }

    /// Its outstanding booking was made: it is confirmed where its stock is `held`. None where none is outstanding.
    ///
    /// # Errors
    /// What is held does not fit it.
    pub fn settled(
        &self,
        held: Option<&Reservation>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Option<Settled>, Refused> {
        let Some(booked) = self.booked() else { return Ok(None) };
        let changes = held.map(|reservation| booked.confirm(reservation, actor, now));
        Ok(Some(Settled { changes: changes.transpose()?.unwrap_or_default(), booked }))
    }

    /// What it waits for first; none where it is on its way or final.
    pub fn waits_for(&self) -> Option<WaitsFor> {
        match self.status {
            Status::Placed if self.booking_outstanding() => Some(WaitsFor::Booking),
            Status::Placed => Some(WaitsFor::Stock),
            Status::Confirmed => Some(WaitsFor::Shipment),
            Status::Rejected(_) | Status::Cancelled { .. } | Status::Shipped(_) | Status::Delivered(_) => None,
        }
    }

    /// Since when it waits for that: what a PLACED order waits for was asked for when it was placed, and a CONFIRMED
    /// one changed last when it was confirmed.
    pub fn waits_since(&self) -> OffsetDateTime {
        match self.status {
            Status::Placed => self.create_time,
            Status::Confirmed
            | Status::Rejected(_)
            | Status::Cancelled { .. }
            | Status::Shipped(_)
            | Status::Delivered(_) => self.update_time,
        }
    }
}
