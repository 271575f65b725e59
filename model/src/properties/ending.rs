//! What holds in the end.

use delivery_svc::domain::delivery::State as DeliveryState;
use mypage_svc::domain::MyOrder;
use order_svc::domain::Status;
use shop_svc::domain::{reservation::State as ReservationState, unit};

use super::{changes, is_still, order, told};
use crate::{Saga, State, events::Consumer, translate};

/// A unit is held for a confirmed order, sold to a shipped one, or available; and all of them are there.
pub fn freed(saga: &Saga, state: &State) -> bool {
    !is_still(saga, state)
        || state.units.iter().all(|unit| match *unit {
            unit::State::Available => true,
            unit::State::Reserved(id) => order(state, id).is_some_and(|order| order.status == Status::Confirmed),
            unit::State::Sold(id) => {
                order(state, id).is_some_and(|order| matches!(order.status, Status::Shipped(_) | Status::Delivered(_)))
            }
            unit::State::Withdrawn => false,
        })
}

/// Every change was told, where notify-svc listens.
pub fn all_told(saga: &Saga, state: &State) -> bool {
    !saga.setup.followers.contains(&Consumer::Notify)
        || !is_still(saga, state)
        || changes(state).all(|(order, template)| told(state, order, template, |messages| messages == 1))
}

/// My page shows every order with its delivery and the outcomes of its messages, where mypage-svc listens.
pub fn page(saga: &Saga, state: &State) -> bool {
    if !saga.setup.followers.contains(&Consumer::Page) || !is_still(saga, state) {
        return true;
    }
    let page = &state.page;
    let orders = state.orders.iter().all(|(id, kept)| {
        let Some(shown) = page.orders.get(id) else { return false };
        let delivery = page.deliveries.get(id).map(|delivery| mypage_svc::domain::Delivery::clone(delivery));
        let mine = MyOrder { order: mypage_svc::domain::Order::clone(shown), delivery, messages: Vec::new() };
        let outstanding = mine.booking_outstanding() == kept.order.booking_outstanding();
        let is = translate::page_order(&kept.order);
        // Whether it was booked since is no change of the order: the delivery tells.
        outstanding && mypage_svc::domain::Order { booking_outstanding: is.booking_outstanding, ..mine.order } == is
    });
    let deliveries = state.deliveries.iter().all(|(id, delivery)| {
        page.deliveries.get(id).is_some_and(|shown| **shown == translate::page_delivery(delivery))
    });
    let messages = page.messages.iter().all(|(id, shown)| {
        let message = state.messages.get(id).and_then(|message| translate::page_message(message));
        message.is_none_or(|message| message == **shown)
    });
    orders && deliveries && messages
}

/// Every order was decided; its reservation and its delivery stand where it stands.
pub fn agreed(saga: &Saga, state: &State) -> bool {
    if !is_still(saga, state) {
        return true;
    }
    let orders = state.orders.iter().all(|(id, kept)| {
        let stock = state.reservations.get(id).map(|reservation| &reservation.state);
        let delivery = state.deliveries.get(id).map(|delivery| &delivery.state);
        let (Some(stock), Some(delivery)) = (stock, delivery) else { return false };
        match kept.order.status {
            Status::Placed => false,
            Status::Confirmed => {
                matches!((stock, delivery), (ReservationState::Reserved(_), DeliveryState::Ready))
            }
            Status::Shipped(_) => {
                matches!((stock, delivery), (ReservationState::Sold(_), DeliveryState::Shipped(_)))
            }
            Status::Delivered(_) => {
                matches!((stock, delivery), (ReservationState::Sold(_), DeliveryState::Delivered(_)))
            }
            Status::Rejected(_) | Status::Cancelled { .. } => matches!(
                (stock, delivery),
                (ReservationState::Released | ReservationState::Rejected(_), DeliveryState::Cancelled(_))
            ),
        }
    });
    // What no order stands behind is cancelled, once it was asked for.
    let orphans = state.deliveries.iter().filter(|(id, _)| saga.setup.voids && !state.orders.contains_key(id));
    orders && orphans.into_iter().all(|(_, delivery)| matches!(delivery.state, DeliveryState::Cancelled(_)))
}
