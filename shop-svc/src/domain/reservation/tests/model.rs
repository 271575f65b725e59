//! Stock as a reader of the events would keep it, whatever happens in whatever order.

use proptest::prelude::*;

use super::*;
use crate::domain::{phone, unit};

/// Units of each phone are numbered from here on.
const BASES: [u64; 2] = [0, 100];

/// What happens to stock in the model.
#[derive(Clone, Debug)]
enum Step {
    /// An order of so many units of each phone.
    Place {
        order: usize,
        first: u32,
        second: u32,
    },
    /// An order that asks for these units of the first phone.
    Ask {
        order: usize,
        numbers: Vec<u64>,
    },
    End {
        order: usize,
    },
    Ship {
        order: usize,
    },
    /// These units of a phone are withdrawn, all or none.
    Withdraw {
        phone: usize,
        numbers: Vec<u64>,
    },
}

fn numbers() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::btree_set(0..9_u64, 1..4_usize).prop_map(|numbers| numbers.into_iter().collect())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..8_usize, 0..4_u32, 1..4_u32).prop_map(|(order, first, second)| Step::Place { order, first, second }),
        (0..8_usize, numbers()).prop_map(|(order, numbers)| Step::Ask { order, numbers }),
        (0..8_usize).prop_map(|order| Step::End { order }),
        (0..8_usize).prop_map(|order| Step::Ship { order }),
        (0..2_usize, numbers()).prop_map(|(phone, numbers)| Step::Withdraw { phone, numbers }),
    ]
}

#[derive(Debug)]
struct Model {
    available: BTreeMap<Uuid, Vec<Serial>>,
    reservations: BTreeMap<usize, Reservation>,
    sold: usize,
    withdrawn: Vec<Serial>,
}

impl Model {
    fn with_units(units: [u64; 2]) -> Self {
        let serials = |base: u64, count: u64| (base..base + count).map(Serial::assigned).collect();
        let phones = [1, 2].map(Uuid::from_u128).into_iter().zip(BASES.into_iter().zip(units));
        let available = phones.map(|(phone, (base, count))| (phone, serials(base, count))).collect();
        Self { available, reservations: BTreeMap::new(), sold: 0, withdrawn: Vec::new() }
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Place { order: number, first, second } => {
                let lines = [line(1, first), line(2, second)];
                let lines = lines.into_iter().filter(|line| line.quantity > 0).collect();
                self.place(number, &order(lines));
            }
            Step::Ask { order: number, numbers } => {
                let requested: Vec<Serial> = numbers.into_iter().map(Serial::assigned).collect();
                let quantity = u32::try_from(requested.len()).expect("few");
                self.place(number, &order(vec![Line { requested, ..line(1, quantity) }]));
            }
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
            Step::Withdraw { phone, numbers } => self.withdraw(phone, numbers),
        }
    }

    fn place(&mut self, number: usize, order: &Order) {
        if self.reservations.contains_key(&number) {
            return;
        }
        let counts: Vec<u32> =
            self.available.values().map(|serials| u32::try_from(serials.len()).expect("few")).collect();
        let mut offers = offers(&counts);
        for (phone, offer) in &mut offers {
            let wanted = order.lines.as_slice().iter().find(|line| line.phone_id == *phone);
            let requested = wanted.map(|line| line.requested.as_slice()).unwrap_or_default().iter();
            offer.requested = requested.filter(|serial| self.available[phone].contains(serial)).cloned().collect();
        }
        let change = match decide(order, Some(&shop()), &offers, NOW) {
            Decision::Reject(reason) => Reservation::reject(order, reason, NOW),
            Decision::Reserve { currency, takes } => {
                let lines = takes.iter().map(|take| self.take(take)).collect();
                Reservation::reserve(order, Held { currency, lines }, NOW)
            }
        };
        self.apply(number, Some(change));
    }

    fn take(&mut self, take: &Take) -> HeldLine {
        let available = self.available.get_mut(&take.phone_id).expect("a phone");
        // Taking what is not there would panic: stock never goes negative.
        let serials = match &take.pick {
            Pick::Oldest(quantity) => available.drain(..*quantity as usize).collect(),
            Pick::Given(serials) => {
                for serial in serials {
                    available.remove(available.iter().position(|unit| unit == serial).expect("an available unit"));
                }
                serials.clone()
            }
        };
        HeldLine { phone_id: take.phone_id, unit_price: take.unit_price, serials }
    }

    fn withdraw(&mut self, phone: usize, numbers: Vec<u64>) {
        let offers = offers(&[0, 0]);
        let (id, offer) = offers.into_iter().nth(phone).expect("a phone");
        let available = self.available.get_mut(&id).expect("a phone");
        let standing = available.iter().map(|serial| (serial.clone(), unit::State::Available)).collect();
        let serials = numbers.into_iter().map(|number| Serial::assigned(BASES[phone] + number)).collect();
        let Ok(change) = offer.phone.withdraw_units(serials, &standing, manager(), NOW) else { return };
        let phone::Event::UnitsWithdrawn(serials) = change.event else { panic!("{:?}", change.event) };
        available.retain(|serial| !serials.contains(serial));
        self.withdrawn.extend(serials);
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

    fn gone(&self) -> usize {
        self.sold + self.withdrawn.len()
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
            prop_assert_eq!(model.available() + model.reserved() + model.gone(), registered);
        }
        for order in 0..8 {
            model.run(Step::End { order });
        }
        prop_assert_eq!((model.reserved(), model.available() + model.gone()), (0, registered));
        let mut serials: Vec<&Serial> = model.available.values().flatten().chain(&model.withdrawn).collect();
        let count = serials.len();
        serials.sort();
        serials.dedup();
        prop_assert_eq!(serials.len(), count, "no unit stands in two places");
    }
}
