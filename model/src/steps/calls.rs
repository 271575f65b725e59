//! `PlaceOrder`, from the call to the answer.

use order_svc::{
    app::place_order::Fallback,
    domain::{
        Order, order_id,
        placing::{ATTEMPTS, Booked, Claim, Replay},
    },
};
use uuid::Uuid;

use super::Taken;
use crate::{
    Saga, State,
    state::{Call, Kept, Stray},
};

impl Saga {
    /// A client calls: answered from its key, or an id is chosen and `BookDelivery` sent.
    pub(super) fn call(&self, state: &mut State, call: usize) -> Taken {
        state.calls[call] = match self.replayed(state, call) {
            Some(answer) => answer,
            None => match self.open_generation(state, call) {
                Some(generation) => Call::Booking { generation, tried: 0 },
                None => Call::Failed,
            },
        };
        true
    }

    fn open_generation(&self, state: &State, call: usize) -> Option<usize> {
        let known = self.commands[call].ids.iter().take(order_id::MAX_GENERATIONS as usize);
        let mut open = known.map(|id| (self.decisions.is_open)(state.claims.get(id).copied()));
        open.position(|open| open)
    }

    /// The answer to a call whose key placed an order before.
    fn replayed(&self, state: &State, call: usize) -> Option<Call> {
        let command = &self.commands[call];
        let key = command.key?;
        let placed = state.orders.values().find(|kept| self.commands[kept.call].key == Some(key));
        let placed = placed.map(|kept| (kept.order.clone(), self.commands[kept.call].hash));
        match (self.decisions.replay)(placed, &command.hash) {
            Replay::New => None,
            Replay::Placed(order) => Some(Call::Placed(order)),
            Replay::Reused => Some(Call::Reused),
        }
    }

    /// `BookDelivery` arrives.
    pub(super) fn book(&self, state: &mut State, call: usize) -> Taken {
        let Call::Booking { generation, tried } = state.calls[call] else { return false };
        let answer = self.meet(state, self.commands[call].ids[generation], call);
        state.calls[call] = Call::Booked { generation, tried, answer };
        true
    }

    /// order-svc goes on with the answer, or without one.
    pub(super) fn keep(&self, state: &mut State, call: usize) -> Taken {
        let (generation, tried, answer) = match &state.calls[call] {
            Call::Booked { generation, tried, answer } => (*generation, *tried, *answer),
            Call::Unbooked => {
                let id = self.commands[call].own;
                let order = self.order(call, id, state).unbooked();
                state.calls[call] = self.kept(state, call, order).unwrap_or(Call::Failed);
                return true;
            }
            Call::Idle | Call::Booking { .. } | Call::Placed(_) | Call::Reused | Call::Failed => return false,
        };
        let id = self.commands[call].ids[generation];
        let ended = match answer {
            Booked::Yes => self.kept(state, call, self.order(call, id, state)),
            Booked::Cancelled => match self.claim(state, id, Claim::Void) {
                Claim::Void => None,
                Claim::Order => self.replayed(state, call),
            },
            Booked::Mismatch => Some(Call::Reused),
        };
        state.calls[call] = match ended {
            Some(ended) => ended,
            None if tried + 1 < ATTEMPTS => Call::Booking { generation: generation + 1, tried: tried + 1 },
            None => self.not_booked(),
        };
        true
    }

    /// Keeps the order in one transaction; none where its id is void.
    fn kept(&self, state: &mut State, call: usize, order: Order) -> Option<Call> {
        if let Some(answer) = self.replayed(state, call) {
            return Some(answer);
        }
        if self.claim(state, order.id, Claim::Order) == Claim::Void {
            return None;
        }
        let answer = Call::Placed(Box::new(order.clone().as_placed()));
        self.insert_order(state, Kept { order, call, held: None });
        Some(answer)
    }

    /// Claims an id, and answers the claim that stands.
    pub(super) fn claim(&self, state: &mut State, id: Uuid, asked: Claim) -> Claim {
        let stands = (self.decisions.claim)(state.claims.get(&id).copied(), asked);
        state.claims.insert(id, stands);
        stands
    }

    /// What becomes of a call whose delivery was not booked.
    fn not_booked(&self) -> Call {
        match self.setup.fallback {
            Fallback::Accept => Call::Unbooked,
            Fallback::Reject => Call::Failed,
        }
    }

    /// `BookDelivery` or its answer is lost: order-svc hears nothing.
    pub(super) fn lose_booking(&self, state: &mut State, call: usize) -> Taken {
        self.stray_of(state, call);
        state.calls[call] = self.not_booked();
        true
    }

    /// order-svc dies over the call: the client hears nothing.
    pub(super) fn crash(&self, state: &mut State, call: usize) -> Taken {
        self.stray_of(state, call);
        state.calls[call] = Call::Failed;
        true
    }

    /// What is on its way stays on its way.
    fn stray_of(&self, state: &mut State, call: usize) {
        if let Call::Booking { generation, .. } = state.calls[call] {
            state.strays.insert(Stray::Book(self.commands[call].ids[generation], call));
        }
    }
}
