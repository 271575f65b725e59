//! The lines of an order, and what is held for them.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Order, Refused};
use crate::domain::Money;

/// One phone of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Line {
    /// The phone.
    pub phone_id: Uuid,
    /// How many units.
    pub quantity: u32,
    /// The price that the customer expects; any where absent.
    pub expected_unit_price: Option<Money>,
    /// Serials of the very units that the customer asked for; empty where any will do.
    pub requested_serials: Vec<String>,
    /// What shop-svc holds for it, from CONFIRMED on.
    pub reserved: Option<ReservedLine>,
}

/// The units held for one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReservedLine {
    /// Price of one unit at the time of reservation.
    pub unit_price: Money,
    /// Serials of the units.
    pub serials: Vec<String>,
}

/// What shop-svc holds for an order, by phone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reservation {
    /// What is held, in any order.
    pub lines: Vec<(Uuid, ReservedLine)>,
    /// The sum of all lines.
    pub total: Money,
}

impl Order {
    /// Its lines with what is held for them.
    pub(super) fn reserved_lines(&self, reservation: &Reservation) -> Result<Vec<Line>, Refused> {
        if reservation.lines.len() != self.lines.len() {
            return Err(Refused::ReservationMismatch);
        }
        let line_of = |line: &Line| {
            let (_, held) = reservation.lines.iter().find(|(phone_id, _)| *phone_id == line.phone_id)?;
            line.is_met_by(held).then(|| Line { reserved: Some(held.clone()), ..line.clone() })
        };
        self.lines.iter().map(|line| line_of(line).ok_or(Refused::ReservationMismatch)).collect()
    }
}

impl Line {
    /// As many units as were ordered, and the very ones where some were asked for.
    fn is_met_by(&self, held: &ReservedLine) -> bool {
        let (held, asked): (BTreeSet<_>, BTreeSet<_>) =
            (held.serials.iter().collect(), self.requested_serials.iter().collect());
        held.len() == self.quantity as usize && (asked.is_empty() || asked == held)
    }
}
