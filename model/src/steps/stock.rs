//! shop-svc: stock follows orders.

use std::collections::{BTreeMap, BTreeSet};

use order_svc::domain::Change;
use shop_svc::domain::{
    Order, Reservation, Serial,
    order::Effect,
    reservation::{self, Decision, Event, Held, HeldLine, Offer, Pick, State as ReservationState, Take},
    unit,
};

use super::Taken;
use crate::{AT, Saga, State, events::Told, shared::Shared, state::Broken, translate::shop_order};

impl Saga {
    /// Hears of a change of an order; false where that is too early.
    pub(super) fn stock_hears(&self, state: &mut State, change: &Change) -> Taken {
        let Some(order) = shop_order(&change.order) else {
            state.broken.insert(Broken::Contradiction);
            return true;
        };
        let found = state.reservations.get(&order.id).map(|found| Reservation::clone(found));
        match (self.decisions.effect)(order.status) {
            Effect::Reserve if (self.decisions.is_due)(found.as_ref()) => self.reserve(state, &order),
            Effect::Reserve | Effect::Nothing => {}
            Effect::Release => self.follow((self.decisions.end)(found, &order, AT), state),
            Effect::Sell => match found {
                None => return false,
                Some(found) => self.follow(found.sell(AT), state),
            },
        }
        true
    }

    fn reserve(&self, state: &mut State, order: &Order) {
        let available = state.units.iter().filter(|unit| **unit == unit::State::Available).count();
        let available = u32::try_from(available).unwrap_or(u32::MAX);
        let offer = Offer { phone: self.phone.clone(), available, requested: BTreeSet::new() };
        let offers = BTreeMap::from([(self.phone.id, offer)]);
        let change = match (self.decisions.decide)(order, Some(&self.shop), &offers, self.now(state)) {
            Decision::Reject(reason) => Reservation::reject(order, reason, AT),
            Decision::Reserve { currency, takes } => {
                let lines = takes.iter().map(|take| self.take(state, order, take)).collect();
                Reservation::reserve(order, Held { currency, lines }, AT)
            }
        };
        self.save_reservation(state, change);
    }

    /// Takes units, available ones first, and others where it is told to take more than there are.
    fn take(&self, state: &mut State, order: &Order, take: &Take) -> HeldLine {
        let picked: Vec<usize> = match &take.pick {
            Pick::Given(serials) => serials.iter().filter_map(|serial| self.unit(serial)).collect(),
            Pick::Oldest(count) => {
                let is_free = |index: &usize| state.units[*index] == unit::State::Available;
                let (free, others): (Vec<_>, Vec<_>) = (0..state.units.len()).partition(is_free);
                free.into_iter().chain(others).take(*count as usize).collect()
            }
        };
        for index in &picked {
            state.units[*index] = unit::State::Reserved(order.id);
        }
        let serials = picked.into_iter().map(|index| self.serials[index].clone()).collect();
        HeldLine { phone_id: take.phone_id, unit_price: take.unit_price, serials }
    }

    fn unit(&self, serial: &Serial) -> Option<usize> {
        self.serials.iter().position(|known| known == serial)
    }

    fn follow(&self, change: Result<Option<reservation::Change>, reservation::Error>, state: &mut State) {
        match change {
            Ok(None) => {}
            Ok(Some(change)) => self.save_reservation(state, change),
            Err(_) => {
                state.broken.insert(Broken::Contradiction);
            }
        }
    }

    /// Saves a reservation with its event, and frees or sells the units that the event names.
    fn save_reservation(&self, state: &mut State, change: reservation::Change) {
        let (id, before) = (change.state.order_id, state.reservations.get(&change.state.order_id));
        if change.state.version != before.map_or(0, |before| before.version) + 1 {
            state.broken.insert(Broken::Version);
        }
        let ended = before.is_some_and(|before| !matches!(before.state, ReservationState::Reserved(_)));
        if ended {
            state.broken.insert(Broken::Backward);
        }
        match (&change.event, &change.state.state) {
            (Event::Released(Some(held)), _) => self.move_units(state, held, unit::State::Available),
            (Event::Sold, ReservationState::Sold(held)) => self.move_units(state, held, unit::State::Sold(id)),
            (Event::Reserved | Event::Rejected | Event::Released(None) | Event::Sold, _) => {}
        }
        state.reservations.insert(id, Shared::new(change.state.clone()));
        self.publish(state, Told::Stock(Shared::new(change)));
    }

    fn move_units(&self, state: &mut State, held: &Held, to: unit::State) {
        for serial in held.lines.iter().flat_map(|line| &line.serials) {
            if let Some(index) = self.unit(serial) {
                state.units[index] = to;
            }
        }
    }
}
