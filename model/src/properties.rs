//! What always holds, and what holds in the end: in every state in which nothing goes on by itself.

mod ending;

use std::collections::BTreeSet;

use delivery_svc::domain::delivery::State as DeliveryState;
use notify_svc::domain::{Recipient, Template};
use order_svc::domain::{Order, Status, placing::Claim};
use shop_svc::domain::{reservation::State as ReservationState, unit};
use stateright::{Model, Property};
use uuid::Uuid;

use crate::{
    Saga, State,
    events::Told,
    state::{Broken, Call},
};

/// An acknowledged order exists for ever.
pub const KEPT: &str = "I1 an acknowledged order exists";
/// A unit belongs to one live order, which has all that it was promised.
pub const UNITS: &str = "I2 a unit belongs to one live order";
/// What is shipped is a confirmed order's, for its shop and as it was asked for.
pub const SHIPPED: &str = "I3 nothing is shipped without a confirmed order";
/// An order is confirmed only once it is booked, as it was asked for.
pub const COMPLETE: &str = "an order is confirmed only once its own delivery is booked";
/// What an order held that ended is available again.
pub const FREED: &str = "I4 the units of an ended order are available again in the end";
/// A change is never told twice.
pub const TOLD: &str = "I5 no change is told twice to one recipient";
/// A change is told in the end.
pub const ALL_TOLD: &str = "I5 every change is told to each recipient in the end";
/// My page shows what is.
pub const PAGE: &str = "I6 my page equals order and delivery in the end";
/// My page never goes backward.
pub const PAGE_FORWARD: &str = "I6 my page never goes backward";
/// One key is one order and one answer.
pub const KEY: &str = "I7 one key is one order and one answer";
/// Each version has one event.
pub const VERSION: &str = "each version has exactly one event";
/// No status goes backward.
pub const FORWARD: &str = "a status never goes backward";
/// An id is an order or void.
pub const CLAIM: &str = "an id is an order or void";
/// No service is told what cannot be.
pub const SENSE: &str = "no service is told what cannot be";
/// No event waits for ever.
pub const DRAINS: &str = "every event is heard in the end";
/// Services agree in the end.
pub const AGREED: &str = "order, stock and delivery agree in the end";

/// All of them.
pub fn all() -> Vec<Property<Saga>> {
    vec![
        Property::always(KEPT, kept),
        Property::always(UNITS, units),
        Property::always(SHIPPED, shipped),
        Property::always(COMPLETE, complete),
        Property::always(FREED, ending::freed),
        Property::always(TOLD, |_, state: &State| {
            changes(state).all(|(order, template)| told(state, order, template, |n| n <= 1))
        }),
        Property::always(ALL_TOLD, ending::all_told),
        Property::always(PAGE, ending::page),
        Property::always(PAGE_FORWARD, |_, state: &State| !state.broken.contains(&Broken::Page)),
        Property::always(KEY, key),
        Property::always(VERSION, |_, state: &State| !state.broken.contains(&Broken::Version)),
        Property::always(FORWARD, |_, state: &State| !state.broken.contains(&Broken::Backward)),
        Property::always(CLAIM, claim),
        Property::always(SENSE, |_, state: &State| !state.broken.contains(&Broken::Contradiction)),
        Property::always(DRAINS, drains),
        Property::always(AGREED, ending::agreed),
    ]
}

fn kept(_: &Saga, state: &State) -> bool {
    state.calls.iter().all(|call| match call {
        Call::Placed(order) => state.orders.contains_key(&order.id),
        Call::Idle | Call::Booking { .. } | Call::Booked { .. } | Call::Unbooked | Call::Reused | Call::Failed => true,
    })
}

/// An order that is confirmed, shipped or delivered has its units, and no other order has one of them.
fn units(saga: &Saga, state: &State) -> bool {
    let mut seen = BTreeSet::new();
    let live = state.orders.values().map(|kept| &kept.order).filter(|order| is_live(order));
    live.into_iter().all(|order| {
        let held = order.lines.iter().flat_map(|line| line.reserved.iter().flat_map(|reserved| &reserved.serials));
        let held: Vec<_> = held.collect();
        let wanted: u32 = order.lines.iter().map(|line| line.quantity).sum();
        held.len() == wanted as usize
            && held.into_iter().all(|serial| {
                let index = saga.serials.iter().position(|known| known.as_str() == serial);
                let unit = index.and_then(|index| state.units.get(index)).copied();
                // Cancelled by its delivery, it is live until order-svc hears of that; its units stay until then.
                seen.insert(serial)
                    && [Some(unit::State::Reserved(order.id)), Some(unit::State::Sold(order.id))].contains(&unit)
            })
    }) && reserved(saga, state)
}

/// What a reservation holds is held for it.
fn reserved(saga: &Saga, state: &State) -> bool {
    state.reservations.iter().all(|(id, reservation)| {
        let (held, as_it_is) = match &reservation.state {
            ReservationState::Reserved(held) => (held, unit::State::Reserved(*id)),
            ReservationState::Sold(held) => (held, unit::State::Sold(*id)),
            ReservationState::Rejected(_) | ReservationState::Released => return true,
        };
        held.lines.iter().flat_map(|line| &line.serials).all(|serial| {
            let index = saga.serials.iter().position(|known| known == serial);
            index.is_some_and(|index| state.units[index] == as_it_is)
        })
    })
}

fn is_live(order: &Order) -> bool {
    match order.status {
        Status::Confirmed | Status::Shipped(_) | Status::Delivered(_) => true,
        Status::Placed | Status::Rejected(_) | Status::Cancelled { .. } => false,
    }
}

fn shipped(saga: &Saga, state: &State) -> bool {
    let on_its_way = state.deliveries.values().filter(|delivery| match delivery.state {
        DeliveryState::Shipped(_) | DeliveryState::Delivered(_) => true,
        DeliveryState::Booked { .. } | DeliveryState::Ready | DeliveryState::Cancelled(_) => false,
    });
    on_its_way.into_iter().all(|delivery| {
        state.orders.get(&delivery.id).is_some_and(|kept| {
            is_live(&kept.order)
                && delivery.shop_id == kept.order.shop_id
                && delivery.customer_id == kept.order.customer_id
                && delivery.request_hash == Some(saga.commands[kept.call].hash)
        })
    })
}

fn complete(saga: &Saga, state: &State) -> bool {
    state.orders.values().filter(|kept| is_live(&kept.order)).all(|kept| {
        let delivery = state.deliveries.get(&kept.order.id);
        delivery.is_some_and(|delivery| delivery.request_hash == Some(saga.commands[kept.call].hash))
    })
}

/// The changes that orders went through, by what tells of them.
fn changes(state: &State) -> impl Iterator<Item = (&Order, Template)> {
    state.log.values().filter_map(|logged| match &logged.told {
        Told::Order(change) => Some((&change.order, template(&change.order.status))),
        Told::Stock(_) | Told::Delivery(_) | Told::Message(_) => None,
    })
}

fn template(status: &Status) -> Template {
    match status {
        Status::Placed => Template::Placed,
        Status::Confirmed => Template::Confirmed,
        Status::Rejected(_) => Template::Rejected,
        Status::Cancelled { .. } => Template::Cancelled,
        Status::Shipped(_) => Template::Shipped,
        Status::Delivered(_) => Template::Delivered,
    }
}

/// Whether as many messages tell of a change as `enough` says, to everyone that hears of it: the customer of all, the shop of
/// orders that come and go.
fn told(state: &State, order: &Order, template: Template, enough: fn(usize) -> bool) -> bool {
    let customer = Recipient::Customer(order.customer_id.clone());
    let shop = matches!(template, Template::Placed | Template::Cancelled).then_some(Recipient::Shop(order.shop_id));
    [Some(customer), shop].into_iter().flatten().all(|recipient| {
        let of = |message: &&crate::shared::Shared<notify_svc::domain::Message>| {
            message.order_id == order.id && message.template == template && message.recipient == recipient
        };
        enough(state.messages.values().filter(of).count())
    })
}

fn key(saga: &Saga, state: &State) -> bool {
    let mut keys = BTreeSet::new();
    let once = state.orders.values().filter_map(|kept| saga.commands[kept.call].key).all(|key| keys.insert(key));
    once && state.calls.iter().enumerate().all(|(call, stage)| {
        let Call::Placed(answer) = stage else { return true };
        let same = |(other, stage): (usize, &Call)| match stage {
            Call::Placed(order) if saga.commands[other].key == saga.commands[call].key => order == answer,
            _ => true,
        };
        let one_key = saga.commands[call].key.is_none() || state.calls.iter().enumerate().all(same);
        let placed = state.orders.get(&answer.id);
        one_key && placed.is_some_and(|kept| saga.commands[kept.call].hash == saga.commands[call].hash)
    })
}

fn claim(_: &Saga, state: &State) -> bool {
    state.orders.keys().all(|id| state.claims.get(id) == Some(&Claim::Order))
}

/// Whether anything but hearing goes on by itself.
fn is_busy(saga: &Saga, state: &State) -> bool {
    let calling =
        state.calls.iter().any(|call| matches!(call, Call::Booking { .. } | Call::Booked { .. } | Call::Unbooked));
    let outstanding = || state.orders.values().any(|kept| kept.order.booking_outstanding());
    let asking = || saga.setup.voids && state.deliveries.values().any(|delivery| crate::saga::unclaimed(delivery));
    calling
        || !state.tries.is_empty()
        || !state.asks.is_empty()
        || !state.cancels.is_empty()
        || outstanding()
        || asking()
}

/// Whether all that goes on by itself has ended.
fn is_still(saga: &Saga, state: &State) -> bool {
    state.log.values().all(|logged| logged.waiting.is_empty()) && !is_busy(saga, state)
}

/// What waits while nothing else goes on is heard by and by: something of it is not too early.
fn drains(saga: &Saga, state: &State) -> bool {
    if is_busy(saga, state) || state.log.values().all(|logged| logged.waiting.is_empty()) {
        return true;
    }
    let mut actions = Vec::new();
    saga.hearing(state, &mut actions);
    actions.into_iter().any(|action| saga.next_state(state, action).is_some())
}

/// The order of an id, if it is one.
fn order(state: &State, id: Uuid) -> Option<&Order> {
    state.orders.get(&id).map(|kept| &kept.order)
}
