//! What the words of a shop mean: pure, synchronous rules over shops, phones, units, reservations and orders.
//!
//! Times and ids are arguments. A transition answers the new state with the one event of its version, or why not.

pub mod actor;
pub mod history;
pub mod name;
pub mod order;
pub mod phone;
pub mod price;
pub mod recovery;
pub mod reservation;
pub mod shop;
pub mod unit;

pub use actor::Actor;
pub use name::Name;
pub use order::Order;
pub use phone::Phone;
pub use price::{Currency, Price};
pub use reservation::Reservation;
pub use shop::Shop;
pub use unit::{Serial, Stock, Unit};

/// An aggregate's new version and the one event that tells of it. Saved together or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Change<S, E> {
    /// The aggregate after the change.
    pub state: S,
    /// What happened.
    pub event: E,
    /// Who caused it.
    pub actor: Actor,
}
