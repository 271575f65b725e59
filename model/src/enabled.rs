//! What may happen in a state.

use order_svc::app::place_order::Fallback;
use uuid::Uuid;

use crate::{
    Action, Saga, State,
    saga::unclaimed,
    state::{Call, Cancelling, Try},
};

impl Saga {
    /// What goes on by itself until everything has settled.
    pub fn progress(&self, state: &State, actions: &mut Vec<Action>) {
        for (call, stage) in state.calls.iter().enumerate() {
            match stage {
                Call::Booking { .. } => actions.push(Action::Book(call)),
                Call::Booked { .. } | Call::Unbooked => actions.push(Action::Keep(call)),
                Call::Idle | Call::Placed(_) | Call::Reused | Call::Failed => {}
            }
        }
        for (id, kept) in &state.orders {
            match state.tries.get(id) {
                None if kept.order.booking_outstanding() => actions.push(Action::Try(*id)),
                None => {}
                Some(Try::Asked) => actions.push(Action::BookOutstanding(*id)),
                Some(Try::Answered(_)) => actions.push(Action::Settle(*id)),
            }
        }
        for (id, cancelling) in &state.cancels {
            actions.push(match cancelling {
                Cancelling::Asked => Action::CancelDelivery(*id),
                Cancelling::Answered(_) => Action::CancelFollows(*id),
            });
        }
        actions.extend(state.asks.keys().map(|id| Action::Resolve(*id)));
        if self.setup.voids {
            let unclaimed = state.deliveries.iter().filter(|(_, delivery)| unclaimed(delivery));
            let unasked = unclaimed.filter(|(id, _)| !state.asks.contains_key(id));
            actions.extend(unasked.map(|(id, _)| Action::Ask(*id)));
        }
        self.hearing(state, actions);
    }

    /// What consumers hear next.
    pub fn hearing(&self, state: &State, actions: &mut Vec<Action>) {
        for (id, logged) in &state.log {
            actions.extend(logged.waiting.each().map(|consumer| Action::Hear(*id, consumer)));
        }
    }

    /// What the world does.
    pub(crate) fn world(&self, state: &State, actions: &mut Vec<Action>) {
        for (call, stage) in state.calls.iter().enumerate() {
            match stage {
                Call::Idle => actions.push(Action::Call(call)),
                Call::Booking { .. } | Call::Booked { .. } | Call::Unbooked if state.left.faults > 0 => {
                    if !matches!(stage, Call::Unbooked) {
                        actions.push(Action::LoseBooking(call));
                    }
                    // Where customers are turned away, that is what a crash does as well.
                    if self.setup.fallback == Fallback::Accept {
                        actions.push(Action::Crash(call));
                    }
                }
                Call::Booking { .. }
                | Call::Booked { .. }
                | Call::Unbooked
                | Call::Placed(_)
                | Call::Reused
                | Call::Failed => {}
            }
        }
        if state.left.faults > 0 {
            actions.extend(state.tries.keys().map(|id| Action::LoseTry(*id)));
            actions.extend(state.asks.keys().map(|id| Action::LoseAnswer(*id)));
            actions.extend(state.cancels.keys().map(|id| Action::LoseCancel(*id)));
        }
        if state.left.cancels > 0 {
            let open = state.orders.keys().filter(|id| !state.cancels.contains_key(id));
            actions.extend(open.map(|id| Action::Cancel(*id)));
        }
        if self.setup.ships {
            actions.extend(state.deliveries.keys().flat_map(|id| [Action::Ship(*id), Action::Complete(*id)]));
        }
        actions.extend(state.strays.iter().cloned().map(Action::Arrive));
        if state.clock < self.setup.latest {
            actions.push(Action::Tick);
        }
        if state.clock > 0 {
            actions.extend(state.orders.keys().map(|id| Action::Expire(*id)));
        }
        if state.left.sends > 0 {
            let of = |id: &Uuid| [Action::Send(*id), Action::GiveUp(*id), Action::Redrive(*id)];
            actions.extend(state.messages.keys().flat_map(of));
        }
        if state.left.again > 0 {
            for (id, logged) in &state.log {
                let heard = logged.concerns.each().filter(|consumer| !logged.waiting.has(*consumer));
                actions.extend(heard.map(|consumer| Action::Again(*id, consumer)));
            }
        }
    }
}
