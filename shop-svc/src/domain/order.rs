//! Orders as a shop hears of them. They are order-svc's; a shop keeps the highest version that it heard.

use std::collections::BTreeSet;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Currency, Price, Serial};

/// Lines of an order at most.
pub const MAX_LINES: usize = 20;
/// Units of a line at most.
pub const MAX_QUANTITY: u32 = 100;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Taken; stock not decided.
    Placed,
    /// Booked and reserved.
    Confirmed,
    /// Could not be fulfilled; final.
    Rejected,
    /// Cancelled before shipment; final.
    Cancelled,
    /// On its way.
    Shipped,
    /// Delivered; final.
    Delivered,
}

/// What an event that brings an order to a status means for its stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is reserved or rejected.
    Reserve,
    /// It stays as it is.
    Nothing,
    /// It is freed.
    Release,
    /// It is sold. An order that is heard to be delivered was shipped before.
    Sell,
}

impl Status {
    /// What it means for stock that an order comes to stand here.
    pub fn effect(self) -> Effect {
        match self {
            Self::Placed => Effect::Reserve,
            Self::Confirmed => Effect::Nothing,
            Self::Rejected | Self::Cancelled => Effect::Release,
            Self::Shipped | Self::Delivered => Effect::Sell,
        }
    }
}

/// An order as one of its events told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: Uuid,
    /// The shop it was placed at.
    pub shop_id: Uuid,
    /// The customer's opaque subject.
    pub customer_id: String,
    /// What was ordered.
    pub lines: Lines,
    /// Where it stands.
    pub status: Status,
    /// Stock is not reserved after this.
    pub reserve_by: OffsetDateTime,
    /// From 1, one more with each change.
    pub version: i64,
    /// When it was placed.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}

/// One phone of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The phone.
    pub phone_id: Uuid,
    /// Units, 1 to [`MAX_QUANTITY`].
    pub quantity: u32,
    /// The price that the customer expects; any where absent.
    pub expected: Option<(Price, Currency)>,
    /// The very units that the customer asked for, as many as `quantity` says; empty where any will do.
    pub requested: Vec<Serial>,
}

/// 1 to [`MAX_LINES`] lines, each phone once, in the order of phone ids: the order in which stock is locked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines(Vec<Line>);

/// Why lines are none of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too few or too many lines.
    #[error("an order has 1 to 20 lines")]
    Lines,
    /// Too few or too many units.
    #[error("a line has 1 to 100 units")]
    Quantity,
    /// A phone comes twice.
    #[error("an order has each phone once")]
    Repeated,
    /// Other units are asked for than as many as the quantity says, each once.
    #[error("a line asks for as many serials as units, each once, or for none")]
    Requested,
}

impl Lines {
    /// Takes lines as an order's.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn new(mut lines: Vec<Line>) -> Result<Self, Error> {
        if !(1..=MAX_LINES).contains(&lines.len()) {
            return Err(Error::Lines);
        }
        if !lines.iter().all(|line| (1..=MAX_QUANTITY).contains(&line.quantity)) {
            return Err(Error::Quantity);
        }
        if lines.iter().map(|line| line.phone_id).collect::<BTreeSet<_>>().len() < lines.len() {
            return Err(Error::Repeated);
        }
        if !lines.iter().all(asks_for_its_quantity) {
            return Err(Error::Requested);
        }
        lines.sort_by_key(|line| line.phone_id);
        Ok(Self(lines))
    }

    /// The lines by phone id.
    pub fn as_slice(&self) -> &[Line] {
        &self.0
    }
}

fn asks_for_its_quantity(line: &Line) -> bool {
    let distinct: BTreeSet<&Serial> = line.requested.iter().collect();
    let whole = u32::try_from(distinct.len()) == Ok(line.quantity) && distinct.len() == line.requested.len();
    line.requested.is_empty() || whole
}

/// An order as its shop lists it: what was heard of it, with what is held for it here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The order's id.
    pub id: Uuid,
    /// The shop it was placed at.
    pub shop_id: Uuid,
    /// The customer's opaque subject.
    pub customer_id: String,
    /// What was ordered.
    pub lines: Vec<ListedLine>,
    /// Where the order stands.
    pub status: Status,
    /// What the prices count in; absent until stock is reserved.
    pub currency: Option<Currency>,
    /// The order's version that this reflects.
    pub version: i64,
    /// When the order was placed.
    pub create_time: OffsetDateTime,
    /// When the order last changed.
    pub update_time: OffsetDateTime,
}

/// One phone of a listed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedLine {
    /// The phone.
    pub phone_id: Uuid,
    /// Units ordered.
    pub quantity: u32,
    /// Price of one unit as reserved; absent until then.
    pub unit_price: Option<Price>,
    /// Units held or sold; none until reserved and after release.
    pub serials: Vec<Serial>,
    /// Units that the customer asked for; none where any will do.
    pub requested: Vec<Serial>,
}

impl Listed {
    /// The sum of all lines in minor units, once stock is reserved.
    pub fn total(&self) -> Option<i64> {
        self.lines.iter().map(|line| Some(line.unit_price?.minor_units() * i64::from(line.quantity))).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(phone: u128, quantity: u32) -> Line {
        Line { phone_id: Uuid::from_u128(phone), quantity, expected: None, requested: Vec::new() }
    }

    #[test]
    fn a_line_asks_for_each_of_its_units_once_or_for_none() {
        let asking = |numbers: &[u64]| {
            let requested = numbers.iter().copied().map(Serial::assigned).collect();
            Lines::new(vec![Line { requested, ..line(1, 2) }])
        };
        assert_eq!(asking(&[2, 1]).expect("lines").as_slice()[0].requested.len(), 2);
        assert!(asking(&[]).is_ok());
        for wrong in [&[1][..], &[1, 1], &[1, 2, 3], &[1, 2, 2]] {
            assert_eq!(asking(wrong), Err(Error::Requested), "{wrong:?}");
        }
    }

    #[test]
    fn lines_are_bounded_and_sorted() {
        let lines = Lines::new(vec![line(2, 1), line(1, 100)]).expect("lines");
        assert_eq!(lines.as_slice().iter().map(|line| line.quantity).collect::<Vec<_>>(), [100, 1]);
        assert_eq!(Lines::new(Vec::new()), Err(Error::Lines));
        assert_eq!(Lines::new((0..21).map(|phone| line(phone, 1)).collect()), Err(Error::Lines));
        assert_eq!(Lines::new(vec![line(1, 0)]), Err(Error::Quantity));
        assert_eq!(Lines::new(vec![line(1, 101)]), Err(Error::Quantity));
        assert_eq!(Lines::new(vec![line(1, 1), line(1, 2)]), Err(Error::Repeated));
    }

    #[test]
    fn a_total_needs_every_price() {
        let listed = |prices: [Option<i64>; 2]| {
            let line = |price: Option<i64>| ListedLine {
                phone_id: Uuid::nil(),
                quantity: 3,
                unit_price: price.map(|minor| Price::new(minor).expect("a price")),
                serials: Vec::new(),
                requested: Vec::new(),
            };
            Listed {
                id: Uuid::nil(),
                shop_id: Uuid::nil(),
                customer_id: "c".to_owned(),
                lines: prices.map(line).to_vec(),
                status: Status::Placed,
                currency: None,
                version: 1,
                create_time: OffsetDateTime::UNIX_EPOCH,
                update_time: OffsetDateTime::UNIX_EPOCH,
            }
        };
        assert_eq!(listed([Some(10), Some(2)]).total(), Some(36));
        assert_eq!(listed([Some(10), None]).total(), None);
    }
}
