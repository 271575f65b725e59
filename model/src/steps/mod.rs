//! What follows from each action. A store does what it is told and checks nothing: the decisions alone keep the promises.

mod bookings;
mod calls;
mod consumers;
mod deliveries;
mod messages;
mod orders;
mod stock;

use crate::{
    Action, Saga, State,
    events::{Consumer, Id, Logged, Told},
    state::{Broken, Left, Stray},
};

/// Whether a step can be taken.
pub(crate) type Taken = bool;

impl Saga {
    /// Takes a step; false, with the state half changed, where it cannot be taken.
    pub(crate) fn step(&self, state: &mut State, action: &Action) -> Taken {
        match action {
            Action::Call(call) => self.call(state, *call),
            Action::Book(call) => self.book(state, *call),
            Action::Keep(call) => self.keep(state, *call),
            Action::LoseBooking(call) => fault(state) && self.lose_booking(state, *call),
            Action::Crash(call) => fault(state) && self.crash(state, *call),
            Action::Try(id) => Self::try_booking(state, *id),
            Action::BookOutstanding(id) => self.book_outstanding(state, *id),
            Action::Settle(id) => self.settle_try(state, *id),
            Action::LoseTry(id) => fault(state) && Self::lose_try(state, *id),
            Action::Ask(id) => self.ask(state, *id),
            Action::Resolve(id) => self.resolve(state, *id),
            Action::LoseAnswer(id) => fault(state) && state.asks.remove(id).is_some(),
            Action::Cancel(id) => self.cancel(state, *id),
            Action::CancelDelivery(id) => self.cancel_delivery(state, *id),
            Action::CancelFollows(id) => self.cancel_follows(state, *id),
            Action::LoseCancel(id) => fault(state) && Self::lose_cancel(state, *id),
            Action::Arrive(stray) => self.arrive(state, stray),
            Action::Ship(id) => self.ship(state, *id),
            Action::Complete(id) => self.complete(state, *id),
            Action::Tick => {
                state.clock += 1;
                true
            }
            Action::Expire(id) => self.expire(state, *id),
            Action::Hear(id, consumer) => self.hear(state, *id, *consumer),
            Action::Again(id, consumer) => self.again(state, *id, *consumer),
            Action::Send(id) => self.send(state, *id),
            Action::GiveUp(id) => self.give_up(state, *id),
            Action::Redrive(id) => Self::redrive(state, *id),
        }
    }

    fn arrive(&self, state: &mut State, stray: &Stray) -> Taken {
        state.strays.remove(stray);
        match stray {
            Stray::Book(id, call) => {
                self.meet(state, *id, *call);
            }
            Stray::Cancel(id) => {
                self.cancel_at_delivery(state, *id);
            }
        }
        true
    }

    /// Hears of an event; what comes too early stays where it is.
    fn hear(&self, state: &mut State, id: Id, consumer: Consumer) -> Taken {
        let Some(logged) = state.log.get_mut(&id) else { return false };
        logged.waiting = logged.waiting.without(consumer);
        let told = logged.told.clone();
        self.handle(state, &told, consumer)
    }

    /// Hears of an event again. Where that changes nothing it is no step.
    fn again(&self, state: &mut State, id: Id, consumer: Consumer) -> Taken {
        let Some(told) = state.log.get(&id).map(|logged| logged.told.clone()) else { return false };
        let before = state.clone();
        if !self.handle(state, &told, consumer) || *state == before {
            return false;
        }
        state.left = Left { again: state.left.again.saturating_sub(1), ..state.left };
        true
    }

    /// Writes an event to its outbox.
    pub(crate) fn publish(&self, state: &mut State, told: Told) {
        let concerns = self.listeners(&told);
        let logged = Logged { concerns, waiting: concerns, told };
        if state.log.insert(logged.told.id(), logged).is_some() {
            state.broken.insert(Broken::Version);
        }
    }
}

/// Takes a fault, if one is left.
fn fault(state: &mut State) -> bool {
    let left = state.left.faults.checked_sub(1);
    state.left.faults = left.unwrap_or(0);
    left.is_some()
}
