//! The unit of work: what a use case reads and changes in one transaction.

use chassis::{
    idempotency::{Request, RequestHash, Scope},
    store,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::DueBooking;
use crate::domain::{Change, Order, order::Reservation};

/// What an id stands for, for ever: the first claim decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// An order has it.
    Order,
    /// No order will ever have it.
    Void,
}

/// An order with the request that placed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The order as it is now.
    pub order: Order,
    /// What was asked for.
    pub hash: RequestHash,
}

/// The transaction.
#[async_trait::async_trait]
pub trait Tx: store::Tx {
    /// Claims an id where it is free, and answers the claim that stands.
    ///
    /// # Errors
    /// The database failed.
    async fn claim(&mut self, id: Uuid, claim: Claim, now: OffsetDateTime) -> Result<Claim, store::Error>;

    /// One order.
    ///
    /// # Errors
    /// The database failed.
    async fn order(&mut self, id: Uuid) -> Result<Option<Order>, store::Error>;

    /// The order that was placed with a key.
    ///
    /// # Errors
    /// The database failed.
    async fn placed_with(&mut self, scope: &Scope) -> Result<Option<Placed>, store::Error>;

    /// Keeps a placed order with its key, its history and its event.
    ///
    /// # Errors
    /// The database failed, or the order or its key exists.
    async fn insert(&mut self, placed: &Change, request: Option<&Request>) -> Result<(), store::Error>;

    /// Keeps changes of one order, each with its history and its event. What is kept beside a PLACED order, its
    /// recipient above all, goes with the change that ends that.
    ///
    /// # Errors
    /// The database failed, or the order is not at the version before the first change.
    async fn save(&mut self, changes: &[Change]) -> Result<(), store::Error>;

    /// Keeps what the booking of a placed order needs, until it is made or not needed any more.
    ///
    /// # Errors
    /// The database failed, or the order awaits a booking already.
    async fn await_booking(&mut self, due: &DueBooking) -> Result<(), store::Error>;

    /// Takes a booking that is due for oneself, by moving it to `until`; answers whether it was still there and due as
    /// before.
    ///
    /// # Errors
    /// The database failed.
    async fn take_booking(&mut self, due: &DueBooking, until: OffsetDateTime) -> Result<bool, store::Error>;

    /// Counts a try that failed by the booking's own fault, and moves the booking to `until`. Nothing happens where it
    /// is not awaited any more.
    ///
    /// # Errors
    /// The database failed.
    async fn put_off_booking(&mut self, order_id: Uuid, until: OffsetDateTime) -> Result<(), store::Error>;

    /// Notes that the outstanding booking of an order was made, and forgets its recipient.
    ///
    /// # Errors
    /// The database failed, or the order awaits no booking.
    async fn booked(&mut self, order_id: Uuid) -> Result<(), store::Error>;

    /// Keeps what shop-svc holds for an order that awaits its booking; what is kept already stays.
    ///
    /// # Errors
    /// The database failed.
    async fn hold(&mut self, order_id: Uuid, reservation: &Reservation) -> Result<(), store::Error>;

    /// What shop-svc holds for an order that awaits its booking.
    ///
    /// # Errors
    /// The database failed.
    async fn held(&mut self, order_id: Uuid) -> Result<Option<Reservation>, store::Error>;

    /// Forgets recipients of a customer's orders that need them no more; answers how many went and how many are needed.
    ///
    /// # Errors
    /// The database failed.
    async fn erase(&mut self, customer_id: &str) -> Result<Erased, store::Error>;
}

/// What became of a customer's recipients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erased {
    /// Orders whose recipient was cleared.
    pub cleared: u64,
    /// Orders that still have to be booked, and need it.
    pub outstanding: u64,
}
