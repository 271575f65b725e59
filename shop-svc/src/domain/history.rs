//! What happens to units, one entry of a unit's history each.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Actor, unit::State};

/// One change of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Happening {
    /// It was registered.
    Registered,
    /// It was reserved for this order.
    Reserved(Uuid),
    /// This order ended before it was shipped.
    Released(Uuid),
    /// It was shipped for this order.
    Sold(Uuid),
    /// It was taken out of sale.
    Withdrawn,
}

impl Happening {
    /// Where it leaves the unit.
    pub fn leaves(self) -> State {
        match self {
            Self::Registered | Self::Released(_) => State::Available,
            Self::Reserved(order_id) => State::Reserved(order_id),
            Self::Sold(order_id) => State::Sold(order_id),
            Self::Withdrawn => State::Withdrawn,
        }
    }

    /// The order that it happened for, if any.
    pub fn order_id(self) -> Option<Uuid> {
        match self {
            Self::Reserved(order_id) | Self::Released(order_id) | Self::Sold(order_id) => Some(order_id),
            Self::Registered | Self::Withdrawn => None,
        }
    }
}

/// An entry of a unit's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// From 1, one more with each entry of the unit.
    pub number: i64,
    /// What happened.
    pub what: Happening,
    /// Who did it; unknown where it happened before histories were kept.
    pub actor: Option<Actor>,
    /// When it happened.
    pub time: OffsetDateTime,
}
