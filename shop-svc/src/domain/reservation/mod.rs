//! Reservations: the units held for one order. A reservation's id is its order's.
//!
//! ```text
//! (none) ──▶ RESERVED ──▶ RELEASED      order cancelled or rejected
//!    │           └──────▶ SOLD          order shipped
//!    ├─────▶ REJECTED                   stock could not be held
//!    └─────▶ RELEASED                   tombstone: the order ended before it was heard of
//! ```

mod decision;

pub use decision::{Decision, Offer, Pick, RejectReason, Take, decide};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Actor, Currency, Order, Price, Serial};

/// The units held for an order, line by line in the order of phone ids.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// What the prices count in.
    pub currency: Currency,
    /// What is held.
    pub lines: Vec<HeldLine>,
}

/// The units held for one line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeldLine {
    /// The phone.
    pub phone_id: Uuid,
    /// Price of one unit at the time of reservation.
    pub unit_price: Price,
    /// The units, oldest first.
    pub serials: Vec<Serial>,
}

impl Held {
    /// How many units are held.
    pub fn units(&self) -> usize {
        self.lines.iter().map(|line| line.serials.len()).sum()
    }

    /// The sum of all lines in minor units. With 2,000 units at the highest price it is far below what `i64` holds.
    pub fn total(&self) -> i64 {
        self.lines
            .iter()
            .map(|line| line.unit_price.minor_units() * i64::try_from(line.serials.len()).unwrap_or(i64::MAX))
            .sum()
    }
}

/// Where a reservation stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Units are held.
    Reserved(Held),
    /// Nothing could be held; final.
    Rejected(RejectReason),
    /// Nothing is held any more or ever was; final.
    Released,
    /// The units were shipped; final.
    Sold(Held),
}

impl State {
    /// The state's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Reserved(_) => "RESERVED",
            Self::Rejected(_) => "REJECTED",
            Self::Released => "RELEASED",
            Self::Sold(_) => "SOLD",
        }
    }
}

/// What a shop decided about one order's stock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reservation {
    /// The order.
    pub order_id: Uuid,
    /// The shop that the order was placed at; of a rejected one it need not exist.
    pub shop_id: Uuid,
    /// Where it stands.
    pub state: State,
    /// From 1, one more with each change.
    pub version: i64,
    /// When it was decided.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}

/// What happened to a reservation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// All lines were reserved.
    Reserved,
    /// Nothing was reserved.
    Rejected,
    /// The order ended: these units are available again; none where nothing had been held.
    Released(Option<Held>),
    /// The units were shipped.
    Sold,
}

/// A reservation's new version with its event.
pub type Change = super::Change<Reservation, Event>;

/// Why a reservation could not follow its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An order ended whose units were shipped.
    #[error("the units of an order that was cancelled or rejected are sold")]
    Sold,
    /// An order was shipped that has no units.
    #[error("an order was shipped whose reservation is {0}")]
    NothingHeld(&'static str),
}

impl Reservation {
    /// Whether an order's stock is still to be decided, where this was `found` of it: whatever was decided, be it by a
    /// tombstone, is so for ever.
    pub fn is_due(found: Option<&Self>) -> bool {
        match found.map(|reservation| &reservation.state) {
            None => true,
            Some(State::Reserved(_) | State::Rejected(_) | State::Released | State::Sold(_)) => false,
        }
    }

    /// The order ended: what is held for it is freed. Where nothing was `found`, a tombstone keeps a late `OrderPlaced` from
    /// reserving. None where there is nothing to do.
    ///
    /// # Errors
    /// The units are sold.
    pub fn end(found: Option<Self>, order: &Order, now: OffsetDateTime) -> Result<Option<Change>, Error> {
        match found {
            Some(reservation) => reservation.release(now),
            None => Ok(Some(Self::tombstone(order, now))),
        }
    }

    /// Holds units for an order.
    pub fn reserve(order: &Order, held: Held, now: OffsetDateTime) -> Change {
        Self::begin(order, State::Reserved(held), Event::Reserved, now)
    }

    /// Refuses an order's stock for ever.
    pub fn reject(order: &Order, reason: RejectReason, now: OffsetDateTime) -> Change {
        Self::begin(order, State::Rejected(reason), Event::Rejected, now)
    }

    /// Remembers that an order ended before it was heard of: should `OrderPlaced` come late, it finds this and does nothing.
    pub fn tombstone(order: &Order, now: OffsetDateTime) -> Change {
        Self::begin(order, State::Released, Event::Released(None), now)
    }

    /// Frees the units of an order that was cancelled or rejected; none where there is nothing to free.
    ///
    /// # Errors
    /// The units are sold.
    pub fn release(self, now: OffsetDateTime) -> Result<Option<Change>, Error> {
        match &self.state {
            State::Reserved(held) => {
                let event = Event::Released(Some(held.clone()));
                Ok(Some(self.follow(State::Released, event, now)))
            }
            State::Rejected(_) | State::Released => Ok(None),
            State::Sold(_) => Err(Error::Sold),
        }
    }

    /// Marks the units of an order as shipped; none where they are so already.
    ///
    /// # Errors
    /// No units are held.
    pub fn sell(self, now: OffsetDateTime) -> Result<Option<Change>, Error> {
        match &self.state {
            State::Reserved(held) => {
                let sold = State::Sold(held.clone());
                Ok(Some(self.follow(sold, Event::Sold, now)))
            }
            State::Sold(_) => Ok(None),
            State::Rejected(_) | State::Released => Err(Error::NothingHeld(self.state.name())),
        }
    }

    fn begin(order: &Order, state: State, event: Event, now: OffsetDateTime) -> Change {
        let reservation =
            Self { order_id: order.id, shop_id: order.shop_id, state, version: 1, create_time: now, update_time: now };
        Change { state: reservation, event, actor: Actor::shop_svc() }
    }

    fn follow(self, state: State, event: Event, now: OffsetDateTime) -> Change {
        let reservation = Self { state, version: self.version + 1, update_time: now, ..self };
        Change { state: reservation, event, actor: Actor::shop_svc() }
    }
}

#[cfg(test)]
mod tests;
