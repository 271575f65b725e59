//! What can happen to a delivery.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Booking, Cancel, Cancellation, Contradiction, Delivery, Error, Event, Kind, State};
use crate::domain::{
    actor::Actor,
    tracking::{Number, Tracking},
};

impl Delivery {
    /// Books a delivery.
    pub fn book(booking: Booking, now: OffsetDateTime) -> Event {
        let actor = Actor::customer(booking.customer_id.clone());
        let delivery = Self {
            id: booking.id,
            shop_id: booking.shop_id,
            customer_id: booking.customer_id,
            request_hash: Some(booking.request_hash),
            state: State::Booked { claimed: false },
            version: 1,
            create_time: now,
            update_time: now,
        };
        Event { kind: Kind::Booked, delivery, actor }
    }

    /// A delivery cancelled before it was ever booked: a booking that comes late finds it.
    pub fn tombstone(
        id: Uuid,
        shop_id: Uuid,
        customer_id: String,
        cancellation: Cancellation,
        now: OffsetDateTime,
    ) -> Event {
        let actor = cancellation.by.clone();
        let state = State::Cancelled(cancellation);
        let (create_time, update_time) = (now, now);
        let delivery =
            Self { id, shop_id, customer_id, request_hash: None, state, version: 1, create_time, update_time };
        Event { kind: Kind::Cancelled, delivery, actor }
    }

    /// Meets another booking of the same id: the same request finds its booking, and a cancelled one binds no request
    /// any more. A booking whose request was lost takes this one for it.
    ///
    /// # Errors
    /// [`Error::Mismatch`].
    pub fn rebook(self, booking: &Booking) -> Result<Self, Error> {
        let same = self.request_hash.is_none_or(|hash| hash == booking.request_hash)
            && self.shop_id == booking.shop_id
            && self.customer_id == booking.customer_id;
        match self.state {
            State::Cancelled(_) => Ok(self),
            State::Booked { .. } | State::Ready | State::Shipped(_) | State::Delivered(_) if same => {
                Ok(Self { request_hash: Some(booking.request_hash), ..self })
            }
            State::Booked { .. } | State::Ready | State::Shipped(_) | State::Delivered(_) => Err(Error::Mismatch),
        }
    }

    /// Cancels unless it was shipped.
    ///
    /// # Errors
    /// [`Error::AlreadyShipped`].
    pub fn cancel(self, cancellation: Cancellation, now: OffsetDateTime) -> Result<Cancel, Error> {
        match self.state {
            State::Booked { .. } | State::Ready => {
                let actor = cancellation.by.clone();
                Ok(Cancel::Now(self.into_next(State::Cancelled(cancellation), Kind::Cancelled, actor, now)))
            }
            State::Cancelled(before) => Ok(Cancel::Before(before)),
            State::Shipped(_) | State::Delivered(_) => Err(Error::AlreadyShipped),
        }
    }

    /// Cancels a booking that no order stands behind; nothing where it is cancelled already.
    ///
    /// # Errors
    /// An order stands behind it.
    pub fn void(self, cancellation: Cancellation, now: OffsetDateTime) -> Result<Option<Event>, Contradiction> {
        match self.state {
            State::Booked { claimed: false } => {
                let actor = cancellation.by.clone();
                Ok(Some(self.into_next(State::Cancelled(cancellation), Kind::Cancelled, actor, now)))
            }
            State::Cancelled(_) => Ok(None),
            State::Booked { claimed: true } | State::Ready | State::Shipped(_) | State::Delivered(_) => {
                Err(Contradiction)
            }
        }
    }

    /// Ships. Only what is READY ships.
    ///
    /// # Errors
    /// [`Error::NotConfirmed`], [`Error::AlreadyShipped`] or [`Error::Cancelled`].
    pub fn ship(self, tracking: Tracking, actor: Actor, now: OffsetDateTime) -> Result<Event, Error> {
        match self.state {
            State::Ready => Ok(self.into_next(State::Shipped(tracking), Kind::Started, actor, now)),
            State::Booked { .. } => Err(Error::NotConfirmed),
            State::Shipped(_) | State::Delivered(_) => Err(Error::AlreadyShipped),
            State::Cancelled(_) => Err(Error::Cancelled),
        }
    }

    /// Records the arrival.
    ///
    /// # Errors
    /// [`Error::NotShipped`], [`Error::AlreadyDelivered`] or [`Error::Cancelled`].
    pub fn complete(self, actor: Actor, now: OffsetDateTime) -> Result<Event, Error> {
        match &self.state {
            State::Shipped(tracking) => {
                let state = State::Delivered(tracking.clone());
                Ok(self.into_next(state, Kind::Completed, actor, now))
            }
            State::Booked { .. } | State::Ready => Err(Error::NotShipped),
            State::Delivered(_) => Err(Error::AlreadyDelivered),
            State::Cancelled(_) => Err(Error::Cancelled),
        }
    }

    /// Goes to another recipient than before, who is kept beside it. Only what is not shipped can.
    ///
    /// # Errors
    /// [`Error::AlreadyShipped`] or [`Error::Cancelled`].
    pub fn correct_recipient(self, actor: Actor, now: OffsetDateTime) -> Result<Event, Error> {
        match self.state {
            State::Booked { .. } | State::Ready => Ok(self.into_updated(actor, now)),
            State::Shipped(_) | State::Delivered(_) => Err(Error::AlreadyShipped),
            State::Cancelled(_) => Err(Error::Cancelled),
        }
    }

    /// Is found under another number of the same carrier; nothing where it is that number already.
    ///
    /// # Errors
    /// [`Error::NotShipped`] or [`Error::Cancelled`].
    pub fn correct_number(self, number: &Number, actor: Actor, now: OffsetDateTime) -> Result<Option<Event>, Error> {
        let corrected = |tracking: &Tracking| Tracking { carrier: tracking.carrier.clone(), number: number.clone() };
        let state = match &self.state {
            State::Shipped(tracking) | State::Delivered(tracking) if tracking.number == *number => return Ok(None),
            State::Shipped(tracking) => State::Shipped(corrected(tracking)),
            State::Delivered(tracking) => State::Delivered(corrected(tracking)),
            State::Booked { .. } | State::Ready => return Err(Error::NotShipped),
            State::Cancelled(_) => return Err(Error::Cancelled),
        };
        Ok(Some(self.into_next(state, Kind::Updated, actor, now)))
    }

    /// Loses its recipient; nothing where somebody still needs to know whom it goes to.
    pub fn erase(self, actor: Actor, now: OffsetDateTime) -> Option<Event> {
        if self.state.needs_recipient() { None } else { Some(self.into_updated(actor, now)) }
    }

    /// The next version, where it stands.
    fn into_updated(self, actor: Actor, now: OffsetDateTime) -> Event {
        let state = self.state.clone();
        self.into_next(state, Kind::Updated, actor, now)
    }

    /// The next version.
    pub(in crate::domain) fn into_next(self, state: State, kind: Kind, actor: Actor, now: OffsetDateTime) -> Event {
        let delivery = Self { state, version: self.version + 1, update_time: now.max(self.update_time), ..self };
        Event { kind, delivery, actor }
    }
}
