//! The unit of work: what a use case reads and changes in one transaction.

use chassis::{
    idempotency::{Request, RequestHash, Scope},
    store,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::DueBooking;
pub use crate::domain::placing::Claim;
use crate::domain::{Change, Order, order::Reservation};

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

    /// One order, held against other writers until the transaction ends.
    ///
    /// # Errors
    /// The database failed.
    async fn order(&mut self, id: Uuid) -> Result<Option<Order>, store::Error>;

    /// The same, without waiting: none as well where somebody else holds it just now.
    ///
    /// # Errors
    /// The database failed.
    async fn order_if_idle(&mut self, id: Uuid) -> Result<Option<Order>, store::Error>;

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

    /// Takes at most `limit` bookings that are due at `now` for oneself, the longest due first, by moving them to `until`.
    /// Of several that ask at once, each gets others.
    ///
    /// # Errors
    /// The database failed.
    async fn take_due_bookings(
        &mut self,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<DueBooking>, store::Error>;

    /// Takes one booking for oneself, due or not, by moving it to `until`; answers whether it was still there and due as
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

    /// Gives the order `id`, which was taken back without its key, the key that it was placed with; answers the order. None,
    /// and nothing written, where it has one.
    ///
    /// # Errors
    /// The database failed, or another order has the key.
    async fn adopt(&mut self, id: Uuid, request: &Request) -> Result<Option<Order>, store::Error>;

    /// Makes an order what a change made it that was told before, with its claim and its history, be it here or not; what
    /// was written here since gives way. Without an event. Answers what the id stood for.
    ///
    /// # Errors
    /// The database failed, or does not stand as restored.
    async fn take_back(&mut self, told: &Change) -> Result<Claim, store::Error>;

    /// Orders whose outstanding booking is not here: few, for it is here until they are booked but for a restore.
    ///
    /// # Errors
    /// The database failed.
    async fn without_recipient(&mut self) -> Result<Vec<Uuid>, store::Error>;

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
