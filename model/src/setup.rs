//! What may happen in one exploration: few orders, few units, few faults, and everything that can come of them.

use order_svc::app::place_order::Fallback;

use crate::{events::Consumer, reach::Reach};

/// One `PlaceOrder` that some client may call, once, at any time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// Whose order it is; the key is the customer's own.
    pub customer: u8,
    /// The idempotency key; none where nobody repeats the call.
    pub key: Option<u8>,
    /// How many units of the one phone.
    pub quantity: u32,
}

/// Where an exploration begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Nobody has called yet.
    Nothing,
    /// All orders are placed and their deliveries booked; no event was heard of.
    Placed,
    /// All orders are placed while delivery-svc was away: their bookings are outstanding.
    Unbooked,
}

/// The bounds of one exploration.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Its name.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Where it begins.
    pub start: Start,
    /// Who calls.
    pub clients: &'static [Client],
    /// Units that the shop has.
    pub units: usize,
    /// What happens to orders while delivery-svc does not answer.
    pub fallback: Fallback,
    /// Calls or answers that are lost, or processes that die over them.
    pub faults: u8,
    /// Events that are told again where that changes something.
    pub again: u8,
    /// Orders that are wanted cancelled, by their customers.
    pub cancels: u8,
    /// How late it may become: 1 is after the saga deadline, 2 after the hour of grace as well.
    pub latest: usize,
    /// Whether the shop's staff ship.
    pub ships: bool,
    /// Whether bookings that no order has claimed are asked for.
    pub voids: bool,
    /// Who listens besides order-svc, delivery-svc and shop-svc. Nothing follows from what these do, so few explorations
    /// have them.
    pub followers: &'static [Consumer],
    /// Messages that are sent or given up at most.
    pub sends: u8,
    /// What it must come across, or it shows nothing.
    pub reaches: &'static [Reach],
}

const ONE: Client = Client { customer: 0, key: Some(0), quantity: 1 };
const OTHER: Client = Client { customer: 1, key: Some(0), quantity: 1 };
const LARGER: Client = Client { quantity: 2, ..ONE };
const KEYLESS: Client = Client { key: None, ..ONE };

const BASE: Setup = Setup {
    name: "",
    about: "",
    start: Start::Nothing,
    clients: &[ONE],
    units: 1,
    fallback: Fallback::Reject,
    faults: 0,
    again: 2,
    cancels: 0,
    latest: 0,
    ships: true,
    voids: false,
    followers: &[],
    sends: 0,
    reaches: &[],
};

/// Those that the tests explore; together they cover what may happen.
pub const SMALL: &[Setup] = &[
    Setup {
        name: "order",
        about: "one order to its end: cancelled, shipped or too late, with a lost call or a crash over its cancellation",
        start: Start::Placed,
        faults: 1,
        cancels: 2,
        latest: 2,
        reaches: &[Reach::Delivered, Reach::CancelledConfirmed, Reach::ShippedFirst, Reach::Expired],
        ..BASE
    },
    Setup {
        name: "void",
        about: "a call that is lost, late or dies, while its booking is asked for",
        faults: 1,
        voids: true,
        reaches: &[Reach::Delivered, Reach::Voided],
        ..BASE
    },
    Setup {
        name: "retry",
        about: "a client that calls again with its key while the first call may still run",
        clients: &[ONE, ONE],
        voids: true,
        ships: false,
        reaches: &[Reach::Replayed, Reach::Voided],
        ..BASE
    },
    Setup {
        name: "reuse",
        about: "a client that calls again with its key and another request",
        clients: &[ONE, LARGER],
        units: 2,
        voids: true,
        ships: false,
        reaches: &[Reach::Reused, Reach::Voided],
        ..BASE
    },
    Setup {
        name: "fallback",
        about: "an order that is taken while delivery-svc is away, and cancelled or booked late",
        fallback: Fallback::Accept,
        start: Start::Unbooked,
        faults: 1,
        cancels: 1,
        voids: true,
        reaches: &[Reach::Delivered, Reach::BookedLate, Reach::HeldBack, Reach::MetTombstone],
        ..BASE
    },
    Setup {
        name: "fallback-retry",
        about: "a client that calls again with its key while delivery-svc is away",
        clients: &[ONE, ONE],
        fallback: Fallback::Accept,
        faults: 1,
        ships: false,
        reaches: &[Reach::Replayed, Reach::BookedLate],
        ..BASE
    },
    Setup {
        name: "competing",
        about: "two orders compete for one unit, while either is cancelled",
        start: Start::Placed,
        clients: &[ONE, OTHER],
        cancels: 1,
        ships: false,
        reaches: &[Reach::OutOfStock, Reach::UnitAgain],
        ..BASE
    },
    Setup {
        name: "messages",
        about: "every message of an order that is shipped, cancelled or rejected",
        start: Start::Placed,
        cancels: 1,
        latest: 1,
        followers: &[Consumer::Notify],
        reaches: &[Reach::Delivered, Reach::Expired, Reach::CancelledConfirmed],
        ..BASE
    },
    Setup {
        name: "page",
        about: "the customer's page of an order that is delivered, whatever it hears first",
        start: Start::Placed,
        followers: &[Consumer::Page],
        reaches: &[Reach::Delivered],
        ..BASE
    },
    Setup {
        name: "page-cancelled",
        about: "the customer's page of an order that is cancelled",
        start: Start::Placed,
        cancels: 1,
        followers: &[Consumer::Page],
        ships: false,
        reaches: &[Reach::CancelledConfirmed],
        ..BASE
    },
    Setup {
        name: "page-unbooked",
        about: "the customer's page of an order that was taken unbooked",
        start: Start::Unbooked,
        fallback: Fallback::Accept,
        followers: &[Consumer::Page],
        ships: false,
        reaches: &[Reach::BookedLate],
        ..BASE
    },
    Setup {
        name: "page-messages",
        about: "the customer's page with messages that are given up, tried again and sent",
        start: Start::Placed,
        followers: &[Consumer::Notify, Consumer::Page],
        ships: false,
        sends: 2,
        ..BASE
    },
];

/// Those that take minutes.
pub const LARGE: &[Setup] = &[
    Setup {
        name: "large-order",
        about: "one order from its call to its end, with two faults, two cancels, the deadline and the void",
        faults: 2,
        cancels: 2,
        latest: 2,
        voids: true,
        reaches: &[Reach::Delivered, Reach::CancelledConfirmed, Reach::ShippedFirst, Reach::Expired, Reach::Voided],
        ..BASE
    },
    Setup {
        name: "large-retry",
        about: "a client that calls again with its key, with another request as well, and a lost call",
        clients: &[ONE, ONE, LARGER],
        units: 2,
        faults: 1,
        voids: true,
        ships: false,
        reaches: &[Reach::Replayed, Reach::Reused, Reach::Voided],
        ..BASE
    },
    Setup {
        name: "large-fallback",
        about: "one order from its call, which is lost, to its end, with a late booking, a cancel and the void",
        fallback: Fallback::Accept,
        faults: 2,
        cancels: 1,
        latest: 1,
        voids: true,
        reaches: &[Reach::Delivered, Reach::BookedLate, Reach::HeldBack, Reach::Expired, Reach::MetTombstone],
        ..BASE
    },
    Setup {
        name: "large-competing",
        about: "two orders compete for one unit, while either is cancelled, shipped or expires",
        start: Start::Placed,
        clients: &[ONE, OTHER],
        cancels: 2,
        latest: 1,
        reaches: &[Reach::OutOfStock, Reach::UnitAgain, Reach::ShippedFirst],
        ..BASE
    },
    Setup {
        name: "large-unbooked",
        about: "two orders that were taken unbooked compete for one unit, with a lost call and a cancel",
        start: Start::Unbooked,
        clients: &[KEYLESS, OTHER],
        fallback: Fallback::Accept,
        faults: 1,
        cancels: 1,
        ships: false,
        reaches: &[Reach::OutOfStock, Reach::BookedLate, Reach::MetTombstone],
        ..BASE
    },
];
