use std::collections::BTreeMap;

use proptest::prelude::*;
use time::Duration;

use super::*;
use crate::domain::{
    Name, Phone, Shop,
    actor::Kind,
    order::{self, Line, Lines},
    phone::Draft,
};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn manager() -> Actor {
    Actor::person(Kind::Manager, "m")
}

fn price(minor_units: i64) -> Price {
    Price::new(minor_units).expect("a price")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn shop() -> Shop {
    Shop::register(Uuid::nil(), Name::parse("shop").expect("a name"), currency("KRW"), manager(), NOW).state
}

/// Phone `n` costs 10 × n won; `available[n - 1]` units of it can be reserved.
fn offers(available: &[u32]) -> BTreeMap<Uuid, Offer> {
    let offer = |(index, &available): (usize, &u32)| {
        let number = u32::try_from(index + 1).expect("a few phones");
        let name = Name::parse("phone").expect("a name");
        let draft = Draft { name, unit_price: price(10 * i64::from(number)), serials: Vec::new() };
        let phone = Phone::register(Uuid::from_u128(number.into()), &shop(), draft, manager(), NOW).state;
        (phone.id, Offer { phone, available })
    };
    available.iter().enumerate().map(offer).collect()
}

fn line(phone: u128, quantity: u32) -> Line {
    Line { phone_id: Uuid::from_u128(phone), quantity, expected: None }
}

fn order(lines: Vec<Line>) -> Order {
    Order {
        id: Uuid::from_u128(99),
        shop_id: Uuid::nil(),
        customer_id: "c".to_owned(),
        lines: Lines::new(lines).expect("lines"),
        status: order::Status::Placed,
        reserve_by: NOW,
        version: 1,
        create_time: NOW,
        update_time: NOW,
    }
}

fn held(serials: &[u64]) -> Held {
    let serials = serials.iter().copied().map(Serial::assigned).collect();
    Held {
        currency: currency("KRW"),
        lines: vec![HeldLine { phone_id: Uuid::from_u128(1), unit_price: price(10), serials }],
    }
}

#[test]
fn all_lines_are_taken_at_the_prices_of_now() {
    let decision = decide(&order(vec![line(2, 3), line(1, 1)]), Some(&shop()), &offers(&[1, 5]), NOW);
    let take =
        |phone: u128, quantity, minor| Take { phone_id: Uuid::from_u128(phone), quantity, unit_price: price(minor) };
    let takes = vec![take(1, 1, 10), take(2, 3, 20)];
    assert_eq!(decision, Decision::Reserve { currency: currency("KRW"), takes });
}

#[test]
fn each_reason_rejects() {
    let expecting = |price, currency| order(vec![Line { expected: Some((price, currency)), ..line(1, 1) }]);
    let plain = order(vec![line(1, 1)]);
    let closed = shop().close(manager(), NOW).expect("a change").state;
    let cases = [
        (plain.clone(), Some(shop()), NOW + Duration::MICROSECOND, RejectReason::Expired),
        (plain.clone(), None, NOW, RejectReason::UnknownShop),
        (plain, Some(closed), NOW, RejectReason::ShopClosed),
        (order(vec![line(1, 1), line(3, 1)]), Some(shop()), NOW, RejectReason::UnknownPhone),
        (expecting(price(11), currency("KRW")), Some(shop()), NOW, RejectReason::PriceChanged),
        (expecting(price(10), currency("JPY")), Some(shop()), NOW, RejectReason::PriceChanged),
        (order(vec![line(1, 3), line(2, 1)]), Some(shop()), NOW, RejectReason::OutOfStock),
    ];
    for (order, shop, now, reason) in cases {
        assert_eq!(decide(&order, shop.as_ref(), &offers(&[2, 2]), now), Decision::Reject(reason));
    }
}

#[test]
fn the_price_that_was_expected_is_taken() {
    let order = order(vec![Line { expected: Some((price(10), currency("KRW"))), ..line(1, 2) }]);
    assert!(matches!(decide(&order, Some(&shop()), &offers(&[2]), NOW), Decision::Reserve { .. }));
}

#[test]
fn a_total_is_the_sum_of_its_lines() {
    let mut held = held(&[1, 2, 3]);
    held.lines.push(HeldLine {
        phone_id: Uuid::from_u128(2),
        unit_price: price(7),
        serials: vec![Serial::assigned(4)],
    });
    assert_eq!((held.units(), held.total()), (4, 37));
}

#[test]
fn every_state_answers_a_release() {
    let order = order(vec![line(1, 1)]);
    let reserved = Reservation::reserve(&order, held(&[1]), NOW).state;
    let change = reserved.clone().release(NOW).expect("released").expect("a change");
    assert_eq!((change.state.version, &change.state.state), (2, &State::Released));
    assert_eq!(change.event, Event::Released(Some(held(&[1]))));
    assert_eq!(change.state.release(NOW), Ok(None));
    let rejected = Reservation::reject(&order, RejectReason::OutOfStock, NOW).state;
    assert_eq!(rejected.release(NOW), Ok(None));
    let tombstone = Reservation::tombstone(&order, NOW);
    assert_eq!((tombstone.state.version, &tombstone.event), (1, &Event::Released(None)));
    assert_eq!(tombstone.state.release(NOW), Ok(None));
    let sold = reserved.sell(NOW).expect("sold").expect("a change").state;
    assert_eq!(sold.release(NOW), Err(Error::Sold));
}

#[test]
fn every_state_answers_a_sale() {
    let order = order(vec![line(1, 1)]);
    let change = Reservation::reserve(&order, held(&[1]), NOW).state.sell(NOW).expect("sold").expect("a change");
    assert_eq!((change.state.version, &change.state.state, &change.event), (2, &State::Sold(held(&[1])), &Event::Sold));
    assert_eq!(change.state.sell(NOW), Ok(None));
    let rejected = Reservation::reject(&order, RejectReason::Expired, NOW).state;
    assert_eq!(rejected.sell(NOW), Err(Error::NothingHeld("REJECTED")));
    assert_eq!(Reservation::tombstone(&order, NOW).state.sell(NOW), Err(Error::NothingHeld("RELEASED")));
}

/// What an order does to stock in the model.
#[derive(Clone, Copy, Debug)]
enum Step {
    Place { order: usize, first: u32, second: u32 },
    End { order: usize },
    Ship { order: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8_usize, 0..4_u32, 1..4_u32).prop_map(|(order, first, second)| Step::Place { order, first, second }),
        (0..8_usize).prop_map(|order| Step::End { order }),
        (0..8_usize).prop_map(|order| Step::Ship { order }),
    ]
}

/// Stock as a reader of the events would keep it.
#[derive(Debug)]
struct Model {
    available: BTreeMap<Uuid, Vec<Serial>>,
    reservations: BTreeMap<usize, Reservation>,
    sold: usize,
}

impl Model {
    fn with_units(units: [u64; 2]) -> Self {
        let serials = |base: u64, count: u64| (base..base + count).map(Serial::assigned).collect();
        let available = [(Uuid::from_u128(1), serials(0, units[0])), (Uuid::from_u128(2), serials(100, units[1]))];
        Self { available: available.into(), reservations: BTreeMap::new(), sold: 0 }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Place { order, first, second } => self.place(order, first, second),
            Step::End { order: number } => {
                let change = match self.reservations.get(&number) {
                    Some(reservation) => reservation.clone().release(NOW).unwrap_or(None),
                    None => Some(Reservation::tombstone(&order(vec![line(1, 1)]), NOW)),
                };
                self.apply(number, change);
            }
            Step::Ship { order } => {
                let reservation = self.reservations.get(&order).cloned();
                let change = reservation.and_then(|reservation| reservation.sell(NOW).unwrap_or(None));
                self.apply(order, change);
            }
        }
    }

    fn place(&mut self, number: usize, first: u32, second: u32) {
        if self.reservations.contains_key(&number) {
            return;
        }
        let lines = [line(1, first), line(2, second)].into_iter().filter(|line| line.quantity > 0).collect();
        let order = order(lines);
        let counts: Vec<u32> =
            self.available.values().map(|serials| u32::try_from(serials.len()).expect("few")).collect();
        let change = match decide(&order, Some(&shop()), &offers(&counts), NOW) {
            Decision::Reject(reason) => Reservation::reject(&order, reason, NOW),
            Decision::Reserve { currency, takes } => {
                let lines = takes.iter().map(|take| self.take(take)).collect();
                Reservation::reserve(&order, Held { currency, lines }, NOW)
            }
        };
        self.apply(number, Some(change));
    }

    fn take(&mut self, take: &Take) -> HeldLine {
        let available = self.available.get_mut(&take.phone_id).expect("a phone");
        // Draining more than there is would panic: stock never goes negative.
        let serials = available.drain(..take.quantity as usize).collect();
        HeldLine { phone_id: take.phone_id, unit_price: take.unit_price, serials }
    }

    fn apply(&mut self, number: usize, change: Option<Change>) {
        let Some(change) = change else { return };
        let before = self.reservations.get(&number).map_or(0, |reservation| reservation.version);
        assert_eq!(change.state.version, before + 1, "each version has one event");
        match (&change.event, &change.state.state) {
            (Event::Released(freed), _) => {
                for line in freed.iter().flat_map(|held| &held.lines) {
                    self.available.get_mut(&line.phone_id).expect("a phone").extend(line.serials.clone());
                }
            }
            (Event::Sold, State::Sold(held)) => self.sold += held.units(),
            (Event::Reserved | Event::Rejected | Event::Sold, _) => {}
        }
        self.reservations.insert(number, change.state);
    }

    fn reserved(&self) -> usize {
        let held = self.reservations.values().filter_map(|reservation| match &reservation.state {
            State::Reserved(held) => Some(held.units()),
            State::Rejected(_) | State::Released | State::Sold(_) => None,
        });
        held.sum()
    }

    fn available(&self) -> usize {
        self.available.values().map(Vec::len).sum()
    }
}

proptest! {
    /// I2 and I4: whatever happens in whatever order, units are conserved, and what ends comes back once.
    #[test]
    fn units_are_conserved(steps in prop::collection::vec(step(), 0..60), units in [0..8_u64, 0..8_u64]) {
        let mut model = Model::with_units(units);
        let registered = model.available();
        for step in steps {
            model.run(step);
            prop_assert_eq!(model.available() + model.reserved() + model.sold, registered);
        }
        for order in 0..8 {
            model.run(Step::End { order });
        }
        prop_assert_eq!((model.reserved(), model.available() + model.sold), (0, registered));
        let mut serials: Vec<&Serial> = model.available.values().flatten().collect();
        let count = serials.len();
        serials.sort();
        serials.dedup();
        prop_assert_eq!(serials.len(), count, "no unit is available twice");
    }
}
