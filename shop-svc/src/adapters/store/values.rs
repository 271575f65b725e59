//! What stored values mean, whatever database they come from.

use std::collections::BTreeMap;

use chassis::store::Error;
use uuid::Uuid;

use super::labels::Label;
use crate::domain::{
    Actor, Price, Serial, Stock,
    actor::Kind,
    history::Happening,
    reservation::{HeldLine, Pick, RejectReason, State as Reserved, Take},
    unit::State,
};

/// A stored serial.
pub fn serial(text: &str) -> Result<Serial, Error> {
    Serial::parse(text).map_err(Error::inconsistent)
}

/// Where a unit stands.
pub fn standing(status: &str, order_id: Option<Uuid>) -> Result<State, Error> {
    match (status, order_id) {
        ("AVAILABLE", None) => Ok(State::Available),
        ("RESERVED", Some(order_id)) => Ok(State::Reserved(order_id)),
        ("SOLD", Some(order_id)) => Ok(State::Sold(order_id)),
        ("WITHDRAWN", None) => Ok(State::Withdrawn),
        (status, order_id) => Err(Error::inconsistent(format!("unit is {status} for order {order_id:?}"))),
    }
}

/// Where a unit stands, as it is stored.
pub fn stored(state: State) -> (&'static str, Option<Uuid>) {
    match state {
        State::Available => ("AVAILABLE", None),
        State::Reserved(order_id) => ("RESERVED", Some(order_id)),
        State::Sold(order_id) => ("SOLD", Some(order_id)),
        State::Withdrawn => ("WITHDRAWN", None),
    }
}

/// What happened to a unit, as it is stored beside its order.
pub fn kind(what: Happening) -> &'static str {
    match what {
        Happening::Registered => "REGISTERED",
        Happening::Reserved(_) => "RESERVED",
        Happening::Released(_) => "RELEASED",
        Happening::Sold(_) => "SOLD",
        Happening::Withdrawn => "WITHDRAWN",
    }
}

/// What happened to a unit.
pub fn happening(kind: &str, order_id: Option<Uuid>) -> Result<Happening, Error> {
    match (kind, order_id) {
        ("REGISTERED", None) => Ok(Happening::Registered),
        ("RESERVED", Some(order_id)) => Ok(Happening::Reserved(order_id)),
        ("RELEASED", Some(order_id)) => Ok(Happening::Released(order_id)),
        ("SOLD", Some(order_id)) => Ok(Happening::Sold(order_id)),
        ("WITHDRAWN", None) => Ok(Happening::Withdrawn),
        (kind, order_id) => Err(Error::inconsistent(format!("unit was {kind} for order {order_id:?}"))),
    }
}

/// Who did it.
pub fn actor(kind: &str, id: String) -> Result<Actor, Error> {
    Ok(Actor { kind: Kind::parse(kind)?, id })
}

/// A phone's counts as they are stored.
#[derive(sqlx::FromRow)]
pub struct Counts {
    available: i64,
    reserved: i64,
    sold: i64,
    withdrawn: i64,
}

impl TryFrom<Counts> for Stock {
    type Error = Error;

    fn try_from(counts: Counts) -> Result<Self, Error> {
        let count = |count: i64| u32::try_from(count).map_err(Error::inconsistent);
        Ok(Self {
            available: count(counts.available)?,
            reserved: count(counts.reserved)?,
            sold: count(counts.sold)?,
            withdrawn: count(counts.withdrawn)?,
        })
    }
}

/// The reason that is stored with a reservation's state.
pub fn reason(state: &Reserved) -> Option<&'static str> {
    match state {
        Reserved::Rejected(reason) => Some(RejectReason::label(*reason)),
        Reserved::Reserved(_) | Reserved::Released | Reserved::Sold(_) => None,
    }
}

/// The units of a phone that a reservation holds: `serials` are all of its units, oldest first, each with its phone.
pub fn held_line(phone_id: Uuid, price: i64, quantity: i64, serials: &[(Uuid, String)]) -> Result<HeldLine, Error> {
    let own = serials.iter().filter(|(phone, _)| *phone == phone_id);
    let serials: Vec<_> = own.map(|(_, text)| serial(text)).collect::<Result<_, _>>()?;
    if i64::try_from(serials.len()) != Ok(quantity) {
        return Err(Error::inconsistent(format!("{} units are held where {quantity} were reserved", serials.len())));
    }
    Ok(HeldLine { phone_id, unit_price: Price::new(price).map_err(Error::inconsistent)?, serials })
}

/// A unit that was taken: its place in the order of age, its phone, its serial.
pub type TakenRow = (i64, Uuid, String);

/// What was taken of each phone, oldest first, which must be all that was meant.
pub fn taken(mut rows: Vec<TakenRow>, meant: &[Take]) -> Result<BTreeMap<Uuid, Vec<Serial>>, Error> {
    rows.sort_unstable_by_key(|(unit_id, _, _)| *unit_id);
    let mut taken: BTreeMap<Uuid, Vec<Serial>> = BTreeMap::new();
    for (_, phone_id, text) in rows {
        taken.entry(phone_id).or_default().push(serial(&text)?);
    }
    for take in meant {
        let wanted = match &take.pick {
            Pick::Oldest(quantity) => *quantity as usize,
            Pick::Given(serials) => serials.len(),
        };
        self::rows(taken.get(&take.phone_id).map_or(0, Vec::len) as u64, wanted)?;
    }
    Ok(taken)
}

/// Checks that a write touched as many units as it was meant for.
pub fn rows(written: u64, meant: usize) -> Result<(), Error> {
    if written == meant as u64 {
        Ok(())
    } else {
        Err(Error::inconsistent(format!("{written} units written where {meant} were meant")))
    }
}
