//! One state of everything: what each service keeps, what is on its way, and what was seen to go wrong.

use std::collections::{BTreeMap, BTreeSet};

use delivery_svc::domain::delivery::{Cancellation, Delivery};
use mypage_svc::domain as page;
use notify_svc::domain::Message;
use order_svc::domain::{
    Actor, Order,
    order::Reservation as Held,
    placing::{Booked, Claim},
};
use shop_svc::domain::{Reservation, unit};
use uuid::Uuid;

use crate::{
    events::{Id, Logged},
    shared::Shared,
};

/// An order with what is kept beside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kept {
    /// The order.
    pub order: Order,
    /// The call that placed it, by number: its key and what it asked for.
    pub call: usize,
    /// What is held for it while its booking is outstanding.
    pub held: Option<Held>,
}

/// How far a `PlaceOrder` call has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    /// Nobody has called yet.
    Idle,
    /// `BookDelivery` is on its way for a generation of the key; so many ids were tried before.
    Booking {
        /// The generation.
        generation: usize,
        /// Ids tried before.
        tried: u32,
    },
    /// Its answer is on its way.
    Booked {
        /// The generation.
        generation: usize,
        /// Ids tried before.
        tried: u32,
        /// The answer.
        answer: Booked,
    },
    /// delivery-svc did not answer, and the order is taken all the same.
    Unbooked,
    /// The client heard of an order.
    Placed(Box<Order>),
    /// The client was told that its key is another request's.
    Reused,
    /// The client heard nothing, or was turned away.
    Failed,
}

/// How far the booking of an order that was taken unbooked has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Try {
    /// `BookDelivery` is on its way.
    Asked,
    /// Its answer is on its way.
    Answered(Booked),
}

/// What order-svc answered to `ResolveBookings`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Resolved {
    /// An order has the id: this was it then.
    Claimed(Shared<Kept>),
    /// No order will ever have it.
    Void,
}

/// How far the cancellation of a CONFIRMED order has come.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Cancelling {
    /// `CancelDelivery` is on its way.
    Asked,
    /// The answer is on its way: who cancelled first and why; none where it was shipped.
    Answered(Option<Cancellation>),
}

/// A call whose caller does not wait any more. It may arrive at any time, or never.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stray {
    /// `BookDelivery` of an id for the request of a call.
    Book(Uuid, usize),
    /// `CancelDelivery` of an id for a customer.
    Cancel(Uuid),
}

/// What the world may still do, so that it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Left {
    /// Calls or answers that are lost, or processes that die over them.
    pub faults: u8,
    /// Events told again that change something.
    pub again: u8,
    /// Orders that their customers want cancelled.
    pub cancels: u8,
    /// Messages that are sent or given up.
    pub sends: u8,
}

/// The customer's page: the latest that was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Page {
    /// Orders.
    pub orders: BTreeMap<Uuid, Shared<page::Order>>,
    /// Their deliveries.
    pub deliveries: BTreeMap<Uuid, Shared<page::Delivery>>,
    /// Messages to customers.
    pub messages: BTreeMap<Uuid, Shared<page::Message>>,
}

/// What only a step shows and no state does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Broken {
    /// A change was written over another version than the one before it, or a version has two events.
    Version,
    /// A status went backward.
    Backward,
    /// My page went backward.
    Page,
    /// A service was told what cannot be.
    Contradiction,
}

/// One state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// How late it is: 0 before any saga deadline, 1 after it, 2 after the hour of grace as well.
    pub clock: usize,
    /// order-svc: orders.
    pub orders: BTreeMap<Uuid, Shared<Kept>>,
    /// order-svc: what ids stand for.
    pub claims: BTreeMap<Uuid, Claim>,
    /// order-svc: `PlaceOrder` calls.
    pub calls: Vec<Call>,
    /// order-svc: bookings of orders that were taken unbooked.
    pub tries: BTreeMap<Uuid, Try>,
    /// order-svc: `CancelOrder` calls, by order.
    pub cancels: BTreeMap<Uuid, Cancelling>,
    /// delivery-svc: deliveries.
    pub deliveries: BTreeMap<Uuid, Shared<Delivery>>,
    /// delivery-svc: bookings that it has asked for.
    pub asks: BTreeMap<Uuid, Resolved>,
    /// shop-svc: units of its one phone, oldest first.
    pub units: Vec<unit::State>,
    /// shop-svc: reservations.
    pub reservations: BTreeMap<Uuid, Shared<Reservation>>,
    /// notify-svc: messages.
    pub messages: BTreeMap<Uuid, Shared<Message>>,
    /// mypage-svc: what customers see.
    pub page: Page,
    /// All outboxes.
    pub log: BTreeMap<Id, Logged>,
    /// Calls that nobody waits for.
    pub strays: BTreeSet<Stray>,
    /// What the world may still do.
    pub left: Left,
    /// What went wrong on the way.
    pub broken: BTreeSet<Broken>,
}

/// The actor by which order-svc acts itself.
pub fn order_svc() -> Actor {
    Actor::service(order_svc::NAME)
}
