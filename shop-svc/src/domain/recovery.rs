//! Taking stock back as the shop's own events tell it, whatever was decided here since the restore.
//!
//! What others heard of counts; what was decided here and nobody heard of gives way, as far as units can still go the ways
//! that lead there.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    Actor, Reservation, Serial,
    history::Happening,
    reservation::{Change, Event, Held, HeldLine, RejectReason, State as Reserved},
    unit::State,
};

/// How units come to stand where an event tells that they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// What has to happen, one after the other, to which units; nothing to those that stand there.
    pub ways: BTreeMap<Vec<Happening>, Vec<Serial>>,
    /// Units that are not there, or that no way leads from where they stand.
    pub lost: Vec<Serial>,
}

/// The ways of `serials` that lead where `what` leaves units; `standing` says where those of them stand that there are.
pub fn ways(serials: &[Serial], standing: &BTreeMap<Serial, State>, what: Happening) -> Ways {
    let mut found = Ways::default();
    for serial in serials {
        match standing.get(serial).and_then(|from| way(*from, what)) {
            Some(way) => found.ways.entry(way).or_default().push(serial.clone()),
            None => found.lost.push(serial.clone()),
        }
    }
    found
}

/// What has to happen to a unit so that it stands where `what` leaves it; none where no way leads there.
fn way(from: State, what: Happening) -> Option<Vec<Happening>> {
    if from == what.leaves() {
        return Some(Vec::new());
    }
    match (from, what) {
        (State::Available, Happening::Reserved(_) | Happening::Withdrawn) => Some(vec![what]),
        // It was reserved first.
        (State::Available, Happening::Sold(order_id)) => Some(vec![Happening::Reserved(order_id), what]),
        (State::Reserved(holder), Happening::Released(order_id) | Happening::Sold(order_id)) if holder == order_id => {
            Some(vec![what])
        }
        (State::Available, Happening::Registered | Happening::Released(_))
        | (State::Reserved(_) | State::Sold(_) | State::Withdrawn, _) => None,
    }
}

/// The orders that have to give units up before `what` can happen to them.
pub fn holders(standing: &BTreeMap<Serial, State>, what: Happening) -> BTreeSet<Uuid> {
    let own = what.order_id();
    let holder = |state: &State| match state {
        State::Reserved(holder) => Some(*holder),
        State::Available | State::Sold(_) | State::Withdrawn => None,
    };
    standing.values().filter_map(holder).filter(|holder| Some(*holder) != own).collect()
}

/// Whether a reservation as it is `found` here stays, whatever an event tells of it: what was sold cannot be undone. One
/// that the event tells the same of does not stay, and is written as it was.
pub fn stays(found: &Reservation, told: &Reservation) -> bool {
    match (&found.state, &told.state) {
        (Reserved::Sold(here), Reserved::Sold(there)) => !same_units(here, there),
        (Reserved::Sold(_), Reserved::Reserved(_) | Reserved::Rejected(_) | Reserved::Released) => true,
        (Reserved::Reserved(_) | Reserved::Rejected(_) | Reserved::Released, _) => false,
    }
}

fn same_units(one: &Held, other: &Held) -> bool {
    let units = |held: &Held| -> BTreeSet<(Uuid, Serial)> {
        held.lines.iter().flat_map(|line| line.serials.iter().map(|serial| (line.phone_id, serial.clone()))).collect()
    };
    units(one) == units(other)
}

/// The units that are held here for an order and are not held any more after what is told, line by line.
pub fn freed(found: Option<&Reservation>, told: &Reservation) -> Vec<HeldLine> {
    let Some(Reservation { state: Reserved::Reserved(here), .. }) = found else { return Vec::new() };
    let kept = |phone_id: Uuid, serial: &Serial| match &told.state {
        Reserved::Reserved(held) | Reserved::Sold(held) => {
            held.lines.iter().any(|line| line.phone_id == phone_id && line.serials.contains(serial))
        }
        Reserved::Rejected(_) | Reserved::Released => false,
    };
    let line = |line: &HeldLine| {
        let serials = line.serials.iter().filter(|serial| !kept(line.phone_id, serial)).cloned().collect();
        HeldLine { serials, ..line.clone() }
    };
    here.lines.iter().map(line).filter(|line| !line.serials.is_empty()).collect()
}

/// What happened to the units of a reservation that an event tells to hold some.
pub fn holding(told: &Reservation) -> Option<(Happening, &Held)> {
    match &told.state {
        Reserved::Reserved(held) => Some((Happening::Reserved(told.order_id), held)),
        Reserved::Sold(held) => Some((Happening::Sold(told.order_id), held)),
        Reserved::Rejected(_) | Reserved::Released => None,
    }
}

impl Held {
    /// The same without units that are `lost`, and without lines that have none left; none where nothing is left.
    pub fn without(&self, lost: &BTreeMap<Uuid, Vec<Serial>>) -> Option<Self> {
        let gone = |phone_id: Uuid, serial: &Serial| lost.get(&phone_id).is_some_and(|lost| lost.contains(serial));
        let line = |line: &HeldLine| {
            let serials = line.serials.iter().filter(|serial| !gone(line.phone_id, serial)).cloned().collect();
            HeldLine { serials, ..line.clone() }
        };
        let lines: Vec<_> = self.lines.iter().map(line).filter(|line| !line.serials.is_empty()).collect();
        (!lines.is_empty()).then(|| Self { currency: self.currency.clone(), lines })
    }
}

impl Reservation {
    /// As it is told, but holding no more than could be `held` of it.
    #[must_use]
    pub fn holding_only(self, held: Option<Held>) -> Self {
        let state = match (self.state, held) {
            (Reserved::Reserved(_), Some(held)) => Reserved::Reserved(held),
            (Reserved::Sold(_), Some(held)) => Reserved::Sold(held),
            (Reserved::Reserved(_) | Reserved::Sold(_), None) => Reserved::Released,
            (state @ (Reserved::Rejected(_) | Reserved::Released), _) => state,
        };
        Self { state, ..self }
    }

    /// What becomes of one that nobody heard of, where its units turn out to be another order's: it is rejected instead.
    pub fn reject_instead(&self, now: OffsetDateTime) -> Change {
        let state = Reserved::Rejected(RejectReason::OutOfStock);
        let rejected = Self { state, version: 1, update_time: now.max(self.create_time), ..self.clone() };
        Change { state: rejected, event: Event::Rejected, actor: Actor::shop_svc() }
    }

    /// What must have become of one that others heard of, where they also heard that its units are another order's.
    #[must_use]
    pub fn released_meanwhile(&self, now: OffsetDateTime) -> Self {
        let update_time = now.max(self.update_time);
        Self { state: Reserved::Released, version: self.version + 1, update_time, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
