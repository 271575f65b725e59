//! Bookings that are late: those of orders that were taken unbooked, and those that no order has claimed.

use order_svc::domain::placing::{Booked, Claim};
use uuid::Uuid;

use super::Taken;
use crate::{
    Saga, State,
    state::{Broken, Resolved, Stray, Try, order_svc},
    translate::{delivery_actor, standing},
};

impl Saga {
    /// order-svc takes an outstanding booking, and calls.
    pub(super) fn try_booking(state: &mut State, id: Uuid) -> Taken {
        state.tries.insert(id, Try::Asked);
        true
    }

    /// The call arrives.
    pub(super) fn book_outstanding(&self, state: &mut State, id: Uuid) -> Taken {
        let Some(call) = state.orders.get(&id).map(|kept| kept.call) else { return false };
        let answer = self.meet(state, id, call);
        state.tries.insert(id, Try::Answered(answer));
        true
    }

    /// The answer arrives. What was refused is tried again, unless the order is final by now.
    pub(super) fn settle_try(&self, state: &mut State, id: Uuid) -> Taken {
        if state.tries.remove(&id) == Some(Try::Answered(Booked::Yes)) {
            self.settle(state, id);
        }
        true
    }

    /// The call or its answer is lost.
    pub(super) fn lose_try(state: &mut State, id: Uuid) -> Taken {
        let Some(kept) = state.orders.get(&id) else { return false };
        let stray = Stray::Book(id, kept.call);
        if state.tries.remove(&id) == Some(Try::Asked) {
            state.strays.insert(stray);
        }
        true
    }

    /// delivery-svc asks whose a booking is; from then on its id is an order or void for ever.
    pub(super) fn ask(&self, state: &mut State, id: Uuid) -> Taken {
        let answer = match (self.claim(state, id, Claim::Void), state.orders.get(&id)) {
            (Claim::Void, _) => Resolved::Void,
            (Claim::Order, Some(kept)) => Resolved::Claimed(kept.clone()),
            (Claim::Order, None) => {
                state.broken.insert(Broken::Contradiction);
                return true;
            }
        };
        state.asks.insert(id, answer);
        true
    }

    /// The answer arrives.
    pub(super) fn resolve(&self, state: &mut State, id: Uuid) -> Taken {
        match state.asks.remove(&id) {
            Some(Resolved::Void) => self.void(state, id),
            Some(Resolved::Claimed(kept)) => {
                let by = order_svc();
                if let Some(standing) = standing(&kept.order, &by) {
                    self.follow_order(state, &kept.order, &standing, &delivery_actor(&by));
                }
            }
            None => return false,
        }
        true
    }
}
