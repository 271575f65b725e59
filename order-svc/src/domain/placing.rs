//! How an id and a key become an order, once.

use super::Order;

/// Ids that one call tries: a lost one is replaced once; who loses twice is told to come back.
pub const ATTEMPTS: u32 = 2;

/// What an id stands for, for ever: the first claim decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Claim {
    /// An order has it.
    Order,
    /// No order will ever have it.
    Void,
}

/// What became of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Booked {
    /// It stands.
    Yes,
    /// It was cancelled before: no order can have this id any more.
    Cancelled,
    /// The id is bound to another request.
    Mismatch,
}

/// What a key's earlier request means for one more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// There was none.
    New,
    /// It placed this order, which is the answer again.
    Placed(Box<Order>),
    /// It was another one.
    Reused,
}

/// Whether a generation of a key, whose id stands for this, can still be an order's.
pub fn is_open(claim: Option<Claim>) -> bool {
    match claim {
        None | Some(Claim::Order) => true,
        Some(Claim::Void) => false,
    }
}

/// Answers a request with `hash` from the order that its key `placed` before, and the hash of what was asked for then.
pub fn replay(placed: Option<(Order, [u8; 32])>, hash: &[u8; 32]) -> Replay {
    match placed {
        None => Replay::New,
        Some((order, asked)) if asked == *hash => Replay::Placed(Box::new(order.as_placed())),
        Some(_) => Replay::Reused,
    }
}
