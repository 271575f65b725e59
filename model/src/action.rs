//! What may happen next.

use std::fmt;

use uuid::Uuid;

use crate::{
    events::{Consumer, Id},
    state::Stray,
};

/// One step. Each is one transaction of one service, or something that the world does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A client calls `PlaceOrder`, and order-svc chooses the id.
    Call(usize),
    /// `BookDelivery` of a call arrives.
    Book(usize),
    /// Its answer arrives: order-svc keeps the order, or goes on to the next id.
    Keep(usize),
    /// `BookDelivery` or its answer is lost, or delivery-svc dies over it.
    LoseBooking(usize),
    /// order-svc dies over the call.
    Crash(usize),
    /// An outstanding booking is tried.
    Try(Uuid),
    /// Its `BookDelivery` arrives.
    BookOutstanding(Uuid),
    /// Its answer arrives.
    Settle(Uuid),
    /// It is lost, or somebody dies over it.
    LoseTry(Uuid),
    /// delivery-svc asks whose a booking is, and order-svc answers.
    Ask(Uuid),
    /// The answer arrives.
    Resolve(Uuid),
    /// The answer is lost, or delivery-svc dies over it.
    LoseAnswer(Uuid),
    /// A customer calls `CancelOrder`.
    Cancel(Uuid),
    /// `CancelDelivery` arrives.
    CancelDelivery(Uuid),
    /// Its answer arrives: the order follows.
    CancelFollows(Uuid),
    /// It is lost, or order-svc dies between `CancelDelivery` and its own commit.
    LoseCancel(Uuid),
    /// A call that nobody waits for arrives after all.
    Arrive(Stray),
    /// Staff ship.
    Ship(Uuid),
    /// Staff record the arrival.
    Complete(Uuid),
    /// It becomes later.
    Tick,
    /// order-svc rejects what is overdue.
    Expire(Uuid),
    /// A consumer hears of an event for the first time.
    Hear(Id, Consumer),
    /// A consumer hears of an event again, and nothing but its decisions tells it so.
    Again(Id, Consumer),
    /// A message is sent.
    Send(Uuid),
    /// A message is given up.
    GiveUp(Uuid),
    /// An operator has a message that was given up tried again.
    Redrive(Uuid),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |id: &Uuid| id.simple().to_string()[..4].to_owned();
        match self {
            Self::Call(call) => write!(f, "client {call} calls PlaceOrder"),
            Self::Book(call) => write!(f, "BookDelivery of call {call} arrives"),
            Self::Keep(call) => write!(f, "order-svc goes on with call {call}"),
            Self::LoseBooking(call) => write!(f, "BookDelivery of call {call} is not answered"),
            Self::Crash(call) => write!(f, "order-svc dies over call {call}"),
            Self::Try(id) => write!(f, "order-svc tries the booking of {}", name(id)),
            Self::BookOutstanding(id) => write!(f, "BookDelivery of {} arrives", name(id)),
            Self::Settle(id) => write!(f, "order-svc goes on with the booking of {}", name(id)),
            Self::LoseTry(id) => write!(f, "BookDelivery of {} is not answered", name(id)),
            Self::Ask(id) => write!(f, "delivery-svc asks whose {} is", name(id)),
            Self::Resolve(id) => write!(f, "delivery-svc hears whose {} is", name(id)),
            Self::LoseAnswer(id) => write!(f, "delivery-svc does not hear whose {} is", name(id)),
            Self::Cancel(id) => write!(f, "the customer cancels {}", name(id)),
            Self::CancelDelivery(id) => write!(f, "CancelDelivery of {} arrives", name(id)),
            Self::CancelFollows(id) => write!(f, "order-svc goes on with the cancellation of {}", name(id)),
            Self::LoseCancel(id) => write!(f, "CancelDelivery of {} is not answered", name(id)),
            Self::Arrive(Stray::Book(id, _)) => write!(f, "a late BookDelivery of {} arrives", name(id)),
            Self::Arrive(Stray::Cancel(id)) => write!(f, "a late CancelDelivery of {} arrives", name(id)),
            Self::Ship(id) => write!(f, "staff ship {}", name(id)),
            Self::Complete(id) => write!(f, "{} reaches its recipient", name(id)),
            Self::Tick => write!(f, "it becomes later"),
            Self::Expire(id) => write!(f, "{} is rejected at its deadline", name(id)),
            Self::Hear(id, consumer) => write!(f, "{consumer:?} hears {id:?}"),
            Self::Again(id, consumer) => write!(f, "{consumer:?} hears {id:?} again"),
            Self::Send(id) => write!(f, "message {} is sent", name(id)),
            Self::GiveUp(id) => write!(f, "message {} is given up", name(id)),
            Self::Redrive(id) => write!(f, "message {} is to be tried again", name(id)),
        }
    }
}
