//! order-svc: what it keeps, and how it cancels and rejects.

use order_svc::domain::{
    Change, RejectReason, Status,
    order::{Decider, Settled},
};
use uuid::Uuid;

use super::Taken;
use crate::{
    AT, Saga, State,
    events::{Consumer, Source, Told},
    shared::Shared,
    state::{Broken, Cancelling, Kept, Stray, order_svc},
    translate::order_actor,
};

/// Why customers cancel.
pub const REASON: &str = "no more";

impl Saga {
    /// Keeps an order that was placed.
    pub(super) fn insert_order(&self, state: &mut State, kept: Kept) {
        let placed = Change { order: kept.order.clone(), actor: self.commands[kept.call].customer.clone() };
        state.orders.insert(kept.order.id, Shared::new(kept));
        self.publish(state, Told::Order(Shared::new(placed)));
    }

    /// Keeps changes of an order. What is kept beside a PLACED one goes with the change that ends that.
    pub(super) fn save_order(&self, state: &mut State, changes: Vec<Change>) {
        for change in changes {
            let Some(before) = state.orders.get(&change.order.id).cloned() else { return };
            if change.order.version != before.order.version + 1 {
                state.broken.insert(Broken::Version);
            }
            if rank(&change.order.status) <= rank(&before.order.status) {
                state.broken.insert(Broken::Backward);
            }
            let kept = Kept { order: change.order.clone(), call: before.call, held: None };
            state.orders.insert(change.order.id, Shared::new(kept));
            self.publish(state, Told::Order(Shared::new(change)));
        }
    }

    /// The outstanding booking of an order was made.
    pub(super) fn settle(&self, state: &mut State, id: Uuid) {
        let Some(kept) = state.orders.get(&id).cloned() else { return };
        match (self.decisions.settled)(&kept.order, kept.held.as_ref(), order_svc(), AT) {
            Ok(None) => {}
            Ok(Some(Settled { booked, changes })) => {
                let kept = Kept { order: booked, call: kept.call, held: None };
                state.orders.insert(id, Shared::new(kept));
                self.save_order(state, changes);
            }
            Err(_) => {
                state.broken.insert(Broken::Contradiction);
            }
        }
    }

    /// A customer cancels: order-svc decides, or asks delivery-svc.
    pub(super) fn cancel(&self, state: &mut State, id: Uuid) -> Taken {
        let Some(kept) = state.orders.get(&id).cloned() else { return false };
        match (self.decisions.cancel_decider)(&kept.order.status) {
            Decider::Delivery => {
                state.cancels.insert(id, Cancelling::Asked);
            }
            Decider::Order => {
                let customer = self.commands[kept.call].customer.clone();
                match (self.decisions.cancel)(&kept.order, customer, REASON.to_owned(), AT) {
                    Ok(changes) if !changes.is_empty() => self.save_order(state, changes),
                    Ok(_) | Err(_) => return false,
                }
            }
        }
        state.left.cancels -= 1;
        true
    }

    /// `CancelDelivery` arrives.
    pub(super) fn cancel_delivery(&self, state: &mut State, id: Uuid) -> Taken {
        let answer = self.cancel_at_delivery(state, id);
        state.cancels.insert(id, Cancelling::Answered(answer));
        true
    }

    /// The delivery is cancelled: so is the order. One that was shipped is not.
    pub(super) fn cancel_follows(&self, state: &mut State, id: Uuid) -> Taken {
        let Some(Cancelling::Answered(answer)) = state.cancels.remove(&id) else { return false };
        let (Some(first), Some(kept)) = (answer, state.orders.get(&id).cloned()) else { return true };
        if let Ok(changes) = (self.decisions.cancel)(&kept.order, order_actor(&first.by), first.reason, AT) {
            self.save_order(state, changes);
        }
        true
    }

    /// `CancelDelivery` or its answer is lost, or order-svc dies over it.
    pub(super) fn lose_cancel(state: &mut State, id: Uuid) -> Taken {
        if state.cancels.remove(&id) == Some(Cancelling::Asked) {
            state.strays.insert(Stray::Cancel(id));
        }
        true
    }

    /// order-svc rejects an order that is overdue, as far as it has heard.
    pub(super) fn expire(&self, state: &mut State, id: Uuid) -> Taken {
        let Some(kept) = state.orders.get(&id).cloned() else { return false };
        let now = self.now(state);
        let mut stock = state.log.iter().filter(|(id, _)| id.source == Source::Stock);
        let behind = stock.any(|(_, logged)| logged.waiting.has(Consumer::Order));
        if !(self.decisions.is_overdue)(&kept.order, (!behind).then_some(now), now) {
            return false;
        }
        let changes = (self.decisions.reject)(&kept.order, RejectReason::Expired, order_svc(), AT);
        let expires = !changes.is_empty();
        self.save_order(state, changes);
        expires
    }
}

/// How far along a status is; from a final one there is no further.
pub fn rank(status: &Status) -> u8 {
    match status {
        Status::Placed => 0,
        Status::Confirmed => 1,
        Status::Shipped(_) => 2,
        Status::Rejected(_) | Status::Cancelled { .. } | Status::Delivered(_) => 3,
    }
}
