//! Phones: models that a shop sells. Counts are the units', and raise no version.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Actor, Currency, Name, Price, Serial, Shop, unit};

/// A model that a shop sells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone {
    /// Its id.
    pub id: Uuid,
    /// The shop that sells it.
    pub shop_id: Uuid,
    /// The model's name.
    pub name: Name,
    /// Price of one unit.
    pub unit_price: Price,
    /// The shop's currency.
    pub currency: Currency,
    /// From 1, one more with each registration, correction, addition or withdrawal.
    pub version: i64,
    /// When it was registered.
    pub create_time: OffsetDateTime,
    /// When it last changed.
    pub update_time: OffsetDateTime,
}

/// A phone to register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The model's name.
    pub name: Name,
    /// Price of one unit in the shop's currency.
    pub unit_price: Price,
    /// Its first units.
    pub serials: Vec<Serial>,
}

/// What is to be corrected; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// The new name.
    pub name: Option<Name>,
    /// The new price of one unit.
    pub unit_price: Option<Price>,
}

/// What happened to a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was registered with these units.
    Registered(Vec<Serial>),
    /// Its name or price was corrected.
    Updated,
    /// These units were added.
    UnitsAdded(Vec<Serial>),
    /// These units were taken out of sale.
    UnitsWithdrawn(Vec<Serial>),
}

/// A phone's new version with its event.
pub type Change = super::Change<Phone, Event>;

/// Why units could not be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The phone has no such units: all of them, as they were asked for.
    #[error("the phone has no such units")]
    UnknownUnits(Vec<Serial>),
    /// These units are not available: all of them, as they were asked for, with where they stand.
    #[error("units are not available")]
    NotAvailable(Vec<(Serial, unit::State)>),
}

impl Phone {
    /// Registers a phone at a shop with its first units.
    pub fn register(id: Uuid, shop: &Shop, draft: Draft, actor: Actor, now: OffsetDateTime) -> Change {
        let phone = Self {
            id,
            shop_id: shop.id,
            name: draft.name,
            unit_price: draft.unit_price,
            currency: shop.currency.clone(),
            version: 1,
            create_time: now,
            update_time: now,
        };
        Change { state: phone, event: Event::Registered(draft.serials), actor }
    }

    /// Corrects name or price; none where both are so already.
    pub fn correct(&self, correction: Correction, actor: Actor, now: OffsetDateTime) -> Option<Change> {
        let name = correction.name.unwrap_or_else(|| self.name.clone());
        let unit_price = correction.unit_price.unwrap_or(self.unit_price);
        if name == self.name && unit_price == self.unit_price {
            return None;
        }
        Some(Change { state: Self { name, unit_price, ..self.next(now) }, event: Event::Updated, actor })
    }

    /// Adds units.
    pub fn add_units(&self, serials: Vec<Serial>, actor: Actor, now: OffsetDateTime) -> Change {
        Change { state: self.next(now), event: Event::UnitsAdded(serials), actor }
    }

    /// Takes units out of sale, all or none; `standing` says where those of them stand that the phone has.
    ///
    /// # Errors
    /// See [`Error`]: units that the phone does not have are told first.
    pub fn withdraw_units(
        &self,
        serials: Vec<Serial>,
        standing: &BTreeMap<Serial, unit::State>,
        actor: Actor,
        now: OffsetDateTime,
    ) -> Result<Change, Error> {
        let unknown: Vec<Serial> = serials.iter().filter(|serial| !standing.contains_key(*serial)).cloned().collect();
        if !unknown.is_empty() {
            return Err(Error::UnknownUnits(unknown));
        }
        let stands = serials.iter().filter_map(|serial| Some((serial, *standing.get(serial)?)));
        let held: Vec<_> = stands
            .filter(|(_, state)| match state {
                unit::State::Available => false,
                unit::State::Reserved(_) | unit::State::Sold(_) | unit::State::Withdrawn => true,
            })
            .map(|(serial, state)| (serial.clone(), state))
            .collect();
        if !held.is_empty() {
            return Err(Error::NotAvailable(held));
        }
        Ok(Change { state: self.next(now), event: Event::UnitsWithdrawn(serials), actor })
    }

    fn next(&self, now: OffsetDateTime) -> Self {
        Self { version: self.version + 1, update_time: now.max(self.update_time), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::Kind;

    fn manager() -> Actor {
        Actor::person(Kind::Manager, "m")
    }

    fn price(minor_units: i64) -> Price {
        Price::new(minor_units).expect("a price")
    }

    fn phone() -> Change {
        let now = OffsetDateTime::UNIX_EPOCH;
        let name = Name::parse("shop").expect("a name");
        let shop = Shop::register(Uuid::nil(), name, Currency::parse("USD").expect("a currency"), manager(), now);
        let draft = Draft {
            name: Name::parse("S30").expect("a name"),
            unit_price: price(100),
            serials: vec![Serial::parse("SN-1").expect("a serial")],
        };
        Phone::register(Uuid::max(), &shop.state, draft, manager(), now)
    }

    #[test]
    fn a_phone_takes_its_shops_currency_and_tells_its_first_units() {
        let change = phone();
        assert_eq!((change.state.currency.code(), change.state.version), ("USD", 1));
        assert_eq!(change.event, Event::Registered(vec![Serial::parse("SN-1").expect("a serial")]));
    }

    #[test]
    fn a_correction_that_changes_nothing_is_no_change() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let phone = phone().state;
        assert_eq!(phone.correct(Correction::default(), manager(), now), None);
        let same = Correction { name: Some(phone.name.clone()), unit_price: Some(phone.unit_price) };
        assert_eq!(phone.correct(same, manager(), now), None);
        let dearer = Correction { name: None, unit_price: Some(price(101)) };
        let change = phone.correct(dearer, manager(), now).expect("a change");
        assert_eq!((change.state.unit_price, &change.state.name, change.state.version), (price(101), &phone.name, 2));
    }

    #[test]
    fn available_units_are_withdrawn_all_or_none() {
        let phone = phone().state;
        let order = Uuid::nil();
        let standing: BTreeMap<_, _> = (1..)
            .map(Serial::assigned)
            .zip([
                unit::State::Available,
                unit::State::Available,
                unit::State::Reserved(order),
                unit::State::Sold(order),
                unit::State::Withdrawn,
            ])
            .collect();
        let withdraw = |numbers: &[u64]| {
            let serials = numbers.iter().copied().map(Serial::assigned).collect();
            phone.withdraw_units(serials, &standing, manager(), OffsetDateTime::UNIX_EPOCH)
        };
        let change = withdraw(&[2, 1]).expect("a change");
        let serials = vec![Serial::assigned(2), Serial::assigned(1)];
        assert_eq!((change.state.version, change.event), (2, Event::UnitsWithdrawn(serials)));
        let held = vec![
            (Serial::assigned(5), unit::State::Withdrawn),
            (Serial::assigned(3), unit::State::Reserved(order)),
            (Serial::assigned(4), unit::State::Sold(order)),
        ];
        assert_eq!(withdraw(&[5, 1, 3, 4]), Err(Error::NotAvailable(held)));
        let unknown = vec![Serial::assigned(9), Serial::assigned(8)];
        assert_eq!(withdraw(&[9, 3, 8, 1]), Err(Error::UnknownUnits(unknown)));
    }

    #[test]
    fn an_addition_is_one_version() {
        let serials = vec![Serial::assigned(7)];
        let change = phone().state.add_units(serials.clone(), manager(), OffsetDateTime::UNIX_EPOCH);
        assert_eq!((change.state.version, change.event), (2, Event::UnitsAdded(serials)));
    }
}
