//! What an exploration must come across: one that does not shows nothing of it.

use delivery_svc::domain::delivery::State as DeliveryState;
use order_svc::domain::{
    RejectReason, Status, booking,
    placing::{Booked, Claim},
};
use shop_svc::domain::unit;
use stateright::Property;

use crate::{
    Saga,
    state::{Call, Cancelling, State, Try},
};

/// Something that must happen in some state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// An order is delivered.
    Delivered,
    /// An order is cancelled after it was confirmed.
    CancelledConfirmed,
    /// A cancel comes too late: its delivery was shipped.
    ShippedFirst,
    /// An order is rejected at its deadline.
    Expired,
    /// An id became void while its call went on.
    Voided,
    /// A call was answered the order that another one placed.
    Replayed,
    /// A key was used for another request.
    Reused,
    /// An order was booked after it was taken.
    BookedLate,
    /// An order's stock was held before its booking was made.
    HeldBack,
    /// A late booking met the tombstone of its order.
    MetTombstone,
    /// An order was rejected, for there were no units.
    OutOfStock,
    /// A unit that was freed is another order's.
    UnitAgain,
}

impl Reach {
    /// The property that it happens.
    pub fn property(self) -> Property<Saga> {
        match self {
            Self::Delivered => Property::sometimes("an order is delivered", |_, state: &State| {
                status(state, |status| matches!(status, Status::Delivered(_)))
            }),
            Self::CancelledConfirmed => Property::sometimes("a confirmed order is cancelled", |_, state: &State| {
                state
                    .orders
                    .values()
                    .any(|kept| matches!(kept.order.status, Status::Cancelled { .. }) && kept.order.total.is_some())
            }),
            Self::ShippedFirst => Property::sometimes("a cancel comes after the shipment", |_, state: &State| {
                state.cancels.values().any(|cancel| *cancel == Cancelling::Answered(None))
            }),
            Self::Expired => Property::sometimes("an order expires", |_, state: &State| {
                status(state, |status| *status == Status::Rejected(RejectReason::Expired))
            }),
            Self::Voided => Property::sometimes("a call loses its id to a void", |_, state: &State| {
                let booked = state.calls.iter().any(|call| matches!(call, Call::Booked { answer: Booked::Yes, .. }));
                booked && state.claims.values().any(|claim| *claim == Claim::Void)
            }),
            Self::Replayed => Property::sometimes("two calls are one order", |_, state: &State| {
                let placed = state.calls.iter().filter(|call| matches!(call, Call::Placed(_))).count();
                placed > 1 && state.orders.len() == 1
            }),
            Self::Reused => Property::sometimes("a key is refused to another request", |_, state: &State| {
                state.calls.contains(&Call::Reused)
            }),
            Self::BookedLate => Property::sometimes("an order is booked after it was taken", |_, state: &State| {
                state.orders.values().any(|kept| kept.order.booking == booking::State::Later)
            }),
            Self::HeldBack => Property::sometimes("stock waits for a booking", |_, state: &State| {
                state.orders.values().any(|kept| kept.held.is_some())
            }),
            Self::MetTombstone => Property::sometimes("a late booking meets a tombstone", |_, state: &State| {
                state.tries.values().any(|tried| *tried == Try::Answered(Booked::Cancelled))
                    && state.deliveries.values().any(|delivery| {
                        matches!(delivery.state, DeliveryState::Cancelled(_)) && delivery.request_hash.is_none()
                    })
            }),
            Self::OutOfStock => Property::sometimes("an order finds no units", |_, state: &State| {
                status(state, |status| *status == Status::Rejected(RejectReason::OutOfStock))
            }),
            Self::UnitAgain => Property::sometimes("a unit that was freed is another order's", |_, state: &State| {
                let held = state.units.iter().any(|unit| matches!(unit, unit::State::Reserved(_)));
                held && status(state, |status| matches!(status, Status::Cancelled { .. }))
            }),
        }
    }
}

fn status(state: &State, is: fn(&Status) -> bool) -> bool {
    state.orders.values().any(|kept| is(&kept.order.status))
}
