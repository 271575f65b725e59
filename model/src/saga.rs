//! The model: its constants and where it begins.

use delivery_svc::domain::delivery::{self, Delivery};
use order_svc::domain::{Change, Order, placing::Claim};
use shop_svc::domain::{Currency, Name, Phone, Price, Serial, Shop, phone::Draft, unit};
use stateright::{Model, Property};
use time::{Duration, OffsetDateTime, macros::datetime};
use uuid::Uuid;

use crate::{
    action::Action,
    command::Command,
    decisions::Decisions,
    events::{Consumer, Consumers, Told},
    properties,
    setup::{Setup, Start},
    shared::Shared,
    state::{Call, Kept, Left, State},
};

/// When everything happens. What time it is only decides about deadlines, and is an argument of what does.
pub const AT: OffsetDateTime = datetime!(2026-11-23 00:00 UTC);
/// How long stock may take to be reserved.
const SAGA_DEADLINE: Duration = Duration::hours(24);

/// One exploration.
#[derive(Clone)]
pub struct Saga {
    /// Its bounds.
    pub setup: Setup,
    /// What the services decide by.
    pub decisions: Decisions,
    /// What each client wants.
    pub commands: Vec<Command>,
    /// The shop.
    pub shop: Shop,
    /// The one phone that it sells.
    pub phone: Phone,
    /// The phone's units, oldest first.
    pub serials: Vec<Serial>,
    listeners: Consumers,
}

impl Saga {
    /// Explores within `setup` what comes of `decisions`.
    pub fn new(setup: Setup, decisions: Decisions) -> Self {
        let manager = shop_svc::domain::Actor::person(shop_svc::domain::actor::Kind::Manager, "manager");
        let name = || Name::parse("shop").unwrap_or_else(|_| unreachable!("it is a name"));
        let currency = Currency::parse("KRW").unwrap_or_else(|_| unreachable!("it is a currency"));
        let unit_price = Price::new(100).unwrap_or_else(|_| unreachable!("it is a price"));
        let serials: Vec<_> = (1..=setup.units as u64).map(Serial::assigned).collect();
        let shop = Shop::register(Uuid::from_u128(1), name(), currency, manager.clone(), AT).state;
        let draft = Draft { name: name(), unit_price, serials: serials.clone() };
        let phone = Phone::register(Uuid::from_u128(2), &shop, draft, manager, AT).state;
        let command = |(number, client)| Command::new(number, client, shop.id, phone.id);
        let commands = setup.clients.iter().enumerate().map(command).collect();
        let mut listeners = vec![Consumer::Shop, Consumer::Order, Consumer::Delivery];
        listeners.extend(setup.followers);
        let listeners = Consumers::of(&listeners);
        Self { setup, decisions, commands, shop, phone, serials, listeners }
    }

    /// What time it is.
    pub fn now(&self, state: &State) -> OffsetDateTime {
        const LATER: [Duration; 3] = [Duration::ZERO, Duration::hours(25), Duration::hours(27)];
        AT + LATER.get(state.clock).copied().unwrap_or(Duration::ZERO)
    }

    /// Who hears of an event.
    pub fn listeners(&self, told: &Told) -> Consumers {
        told.concerns().and(self.listeners)
    }

    /// The order of a call, as it is placed.
    pub fn order(&self, call: usize, id: Uuid, state: &State) -> Order {
        let Command { customer, order, .. } = &self.commands[call];
        Order::place(id, customer.id.clone(), order, AT, self.now(state) + SAGA_DEADLINE)
    }

    /// The booking of a call's order.
    pub fn booking(&self, call: usize, id: Uuid) -> delivery::Booking {
        let Command { customer, order, hash, .. } = &self.commands[call];
        let customer_id = customer.id.clone();
        delivery::Booking { id, request_hash: *hash, shop_id: order.shop_id, customer_id }
    }

    fn begin(&self) -> State {
        State {
            clock: 0,
            orders: [].into(),
            claims: [].into(),
            calls: vec![Call::Idle; self.commands.len()],
            tries: [].into(),
            cancels: [].into(),
            deliveries: [].into(),
            asks: [].into(),
            units: vec![unit::State::Available; self.setup.units],
            reservations: [].into(),
            messages: [].into(),
            page: crate::state::Page::default(),
            log: [].into(),
            strays: [].into(),
            left: Left {
                faults: self.setup.faults,
                again: self.setup.again,
                cancels: self.setup.cancels,
                sends: self.setup.sends,
            },
            broken: [].into(),
        }
    }

    /// All orders are placed before anything else happens.
    fn placed(&self, booked: bool) -> State {
        let mut state = self.begin();
        for (call, command) in self.commands.iter().enumerate() {
            let id = if booked { command.ids[0] } else { command.own };
            let order = self.order(call, id, &state);
            let order = if booked { order } else { order.unbooked() };
            state.claims.insert(id, Claim::Order);
            state.calls[call] = Call::Placed(Box::new(order.clone().as_placed()));
            let placed = Change { order: order.clone(), actor: command.customer.clone() };
            state.orders.insert(id, Shared::new(Kept { order, call, held: None }));
            self.publish(&mut state, Told::Order(Shared::new(placed)));
            if booked {
                let event = Delivery::book(self.booking(call, id), AT);
                state.deliveries.insert(id, Shared::new(event.delivery.clone()));
                self.publish(&mut state, Told::Delivery(Shared::new(event)));
            }
        }
        state
    }
}

/// Whether no order is known to stand behind a booking.
pub fn unclaimed(delivery: &Delivery) -> bool {
    matches!(delivery.state, delivery::State::Booked { claimed: false })
}

impl Model for Saga {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![match self.setup.start {
            Start::Nothing => self.begin(),
            Start::Placed => self.placed(true),
            Start::Unbooked => self.placed(false),
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.progress(state, actions);
        self.world(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.step(&mut state, &action).then_some(state)
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let reaches = self.setup.reaches.iter().map(|reach| reach.property());
        properties::all().into_iter().chain(reaches).collect()
    }
}
