//! delivery-svc: what it keeps, and how it books, cancels, voids and ships.

use delivery_svc::domain::{
    actor::{Actor, Role},
    delivery::{Cancel, Cancellation, Delivery, Event, Kind, State as DeliveryState, Status},
    follow::{Standing, Unmet},
    tracking::Tracking,
};
use order_svc::domain::placing::Booked;
use uuid::Uuid;

use super::{Taken, orders::REASON};
use crate::{AT, Saga, State, decisions::Met, events::Told, shared::Shared, state::Broken, translate::delivery_actor};

impl Saga {
    /// Writes changes of a delivery, each with its event.
    pub(super) fn save_delivery(&self, state: &mut State, events: Vec<Event>) {
        for event in events {
            let delivery = &event.delivery;
            let before = state.deliveries.get(&delivery.id);
            let version = before.map_or(0, |before| before.version);
            if delivery.version != version + 1 {
                state.broken.insert(Broken::Version);
            }
            let backward = before.is_some_and(|before| rank(delivery) <= rank(before) && event.kind != Kind::Updated);
            if backward {
                state.broken.insert(Broken::Backward);
            }
            state.deliveries.insert(delivery.id, Shared::new(delivery.clone()));
            self.publish(state, Told::Delivery(Shared::new(event)));
        }
    }

    fn delivery(state: &State, id: Uuid) -> Option<Delivery> {
        state.deliveries.get(&id).map(|delivery| Delivery::clone(delivery))
    }

    /// Books the delivery of a call's order, and answers what became of it.
    pub(super) fn meet(&self, state: &mut State, id: Uuid, call: usize) -> Booked {
        let found = Self::delivery(state, id);
        let delivery = match (self.decisions.meet)(found, self.booking(call, id), AT) {
            Err(_) => return Booked::Mismatch,
            Ok(Met::Found(delivery)) => delivery,
            Ok(Met::New(event)) => {
                let delivery = event.delivery.clone();
                self.save_delivery(state, vec![event]);
                delivery
            }
        };
        match delivery.state.status() {
            Status::Booked | Status::Ready | Status::Shipped | Status::Delivered => Booked::Yes,
            Status::Cancelled => Booked::Cancelled,
        }
    }

    /// Cancels the delivery of an order for its customer: who cancelled it first; none where it was shipped.
    pub(super) fn cancel_at_delivery(&self, state: &mut State, id: Uuid) -> Option<Cancellation> {
        let kept = state.orders.get(&id).cloned()?;
        let by = delivery_actor(&self.commands[kept.call].customer);
        let cancellation = Cancellation { by, reason: REASON.to_owned() };
        let Some(delivery) = Self::delivery(state, id) else {
            let customer_id = kept.order.customer_id.clone();
            let tombstone = Delivery::tombstone(id, kept.order.shop_id, customer_id, cancellation.clone(), AT);
            self.save_delivery(state, vec![tombstone]);
            return Some(cancellation);
        };
        match (self.decisions.cancel_delivery)(delivery, cancellation.clone(), AT) {
            Ok(Cancel::Now(event)) => {
                self.save_delivery(state, vec![event]);
                Some(cancellation)
            }
            Ok(Cancel::Before(first)) => Some(first),
            Err(_) => None,
        }
    }

    /// Brings a delivery to where its order stands; false where that is too early.
    pub(super) fn follow_order(
        &self,
        state: &mut State,
        order: &order_svc::domain::Order,
        standing: &Standing,
        actor: &Actor,
    ) -> Taken {
        let Some(delivery) = Self::delivery(state, order.id) else {
            return match standing.unmet() {
                Unmet::Nothing => true,
                Unmet::Early => false,
                Unmet::Bury(cancellation) => {
                    let (customer_id, cancellation) = (order.customer_id.clone(), cancellation.clone());
                    let tombstone = Delivery::tombstone(order.id, order.shop_id, customer_id, cancellation, AT);
                    self.save_delivery(state, vec![tombstone]);
                    true
                }
            };
        };
        match (self.decisions.follow)(delivery, standing, actor, AT) {
            Ok(followed) => {
                self.save_delivery(state, followed.events);
                state.deliveries.insert(order.id, Shared::new(followed.delivery));
            }
            Err(_) => {
                state.broken.insert(Broken::Contradiction);
            }
        }
        true
    }

    /// Staff ship.
    pub(super) fn ship(&self, state: &mut State, id: Uuid) -> Taken {
        let (Some(delivery), Ok(tracking)) = (Self::delivery(state, id), Tracking::new("CJ", "1")) else {
            return false;
        };
        match (self.decisions.ship)(delivery, tracking, staff(), AT) {
            Ok(event) => {
                self.save_delivery(state, vec![event]);
                true
            }
            Err(_) => false,
        }
    }

    /// Staff record the arrival.
    pub(super) fn complete(&self, state: &mut State, id: Uuid) -> Taken {
        match Self::delivery(state, id).map(|delivery| delivery.complete(staff(), AT)) {
            Some(Ok(event)) => {
                self.save_delivery(state, vec![event]);
                true
            }
            Some(Err(_)) | None => false,
        }
    }

    /// Cancels a booking that is void.
    pub(super) fn void(&self, state: &mut State, id: Uuid) {
        let Some(delivery) = Self::delivery(state, id) else { return };
        let cancellation = Cancellation { by: Actor::service(delivery_svc::NAME), reason: "void".to_owned() };
        match (self.decisions.void)(delivery, cancellation, AT) {
            Ok(event) => self.save_delivery(state, event.into_iter().collect()),
            Err(_) => {
                state.broken.insert(Broken::Contradiction);
            }
        }
    }
}

fn staff() -> Actor {
    Actor { role: Role::Staff, id: "staff".to_owned() }
}

/// How far along a delivery is; from a final one there is no further.
fn rank(delivery: &Delivery) -> u8 {
    match delivery.state {
        DeliveryState::Booked { .. } => 0,
        DeliveryState::Ready => 1,
        DeliveryState::Shipped(_) => 2,
        DeliveryState::Delivered(_) | DeliveryState::Cancelled(_) => 3,
    }
}
