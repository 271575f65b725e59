//! What the use cases need of the world.

use std::time::Duration;

use chassis::{
    idempotency::{Request, RequestHash, Scope},
    page::Page,
    store,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{
    Actor, Change, Order, Recipient,
    order::{Reservation, WaitsFor},
};

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

/// Whose orders a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Everybody's.
    Anyone,
    /// This customer's.
    Customer(String),
    /// This shop's.
    Shop(Uuid),
    /// This customer's and this shop's.
    Either(String, Uuid),
}

/// Which orders a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whose.
    pub owner: Owner,
    /// Only those that stand here, by the status's name.
    pub status: Option<&'static str>,
}

/// One entry of an order's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// The order's version after the change.
    pub version: i64,
    /// The status reached, by its name.
    pub status: String,
    /// Who did it.
    pub actor: Actor,
    /// The reason given; empty where there is none.
    pub reason: String,
    /// When.
    pub time: OffsetDateTime,
}

/// Reads, outside of any unit of work. An order is as it was at one moment, its lines included.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// One order.
    ///
    /// # Errors
    /// The database failed.
    async fn order(&self, id: Uuid) -> Result<Option<Order>, store::Error>;

    /// Orders, oldest first; one row more than the page has.
    ///
    /// # Errors
    /// The database failed.
    async fn orders(&self, filter: &Filter, page: &Page) -> Result<Vec<Order>, store::Error>;

    /// An order's changes, oldest first; one row more than the page has.
    ///
    /// # Errors
    /// The database failed.
    async fn history(&self, id: Uuid, page: &Page) -> Result<Vec<HistoryEntry>, store::Error>;

    /// The order that was placed with a key.
    ///
    /// # Errors
    /// The database failed.
    async fn placed_with(&self, scope: &Scope) -> Result<Option<Placed>, store::Error>;

    /// What an id stands for so far.
    ///
    /// # Errors
    /// The database failed.
    async fn claim(&self, id: Uuid) -> Result<Option<Claim>, store::Error>;

    /// The ids of at most `limit` PLACED orders whose `reserve_by` is before `before`, the longest overdue first.
    ///
    /// # Errors
    /// The database failed.
    async fn overdue(&self, before: OffsetDateTime, limit: u32) -> Result<Vec<Uuid>, store::Error>;

    /// At most `limit` outstanding bookings that are due, the longest due first.
    ///
    /// # Errors
    /// The database failed.
    async fn due_bookings(&self, now: OffsetDateTime, limit: u32) -> Result<Vec<DueBooking>, store::Error>;

    /// The outstanding booking of an order, due or not.
    ///
    /// # Errors
    /// The database failed.
    async fn outstanding_booking(&self, order_id: Uuid) -> Result<Option<DueBooking>, store::Error>;

    /// Orders that wait too long, for `waits_for` alone where it is given; the longest waiting first, one row more than
    /// the page has.
    ///
    /// # Errors
    /// The database failed.
    async fn stuck(
        &self,
        waits_for: Option<WaitsFor>,
        too_long: &TooLong,
        page: &Page,
    ) -> Result<Vec<Order>, store::Error>;

    /// How many orders are not final, and how many of them wait too long.
    ///
    /// # Errors
    /// The database failed.
    async fn counts(&self, too_long: &TooLong) -> Result<Counts, store::Error>;
}

/// Orders that wait since before these times wait too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// For booking or stock.
    pub placed_before: OffsetDateTime,
    /// For shipment.
    pub confirmed_before: OffsetDateTime,
}

/// How many orders are not final.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// PLACED.
    pub placed: i64,
    /// CONFIRMED.
    pub confirmed: i64,
    /// SHIPPED.
    pub shipped: i64,
    /// Of the PLACED ones: those that are not booked.
    pub bookings_outstanding: i64,
    /// Wait too long for their booking.
    pub stuck_for_booking: i64,
    /// Wait too long for stock.
    pub stuck_for_stock: i64,
    /// Wait too long for shipment.
    pub stuck_for_shipment: i64,
}

/// What to book.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The order's id.
    pub order_id: Uuid,
    /// Binds the id to what was asked for.
    pub hash: RequestHash,
    /// The shop that ships.
    pub shop_id: Uuid,
    /// The customer.
    pub customer_id: String,
    /// Whom it goes to.
    pub recipient: Recipient,
}

/// A booking that is outstanding.
#[derive(Clone, Debug)]
pub struct DueBooking {
    /// What to book.
    pub booking: Booking,
    /// When it may be tried next.
    pub due: OffsetDateTime,
    /// Tries that failed by its own fault.
    pub faults: u32,
}

/// What became of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Booked {
    /// It stands.
    Yes,
    /// It was cancelled before: no order can have this id any more.
    Cancelled,
    /// The id is bound to another request.
    Mismatch,
}

/// Who cancelled a delivery first, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelledDelivery {
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// Why a call to delivery-svc has no answer. Its effect may or may not have happened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// It is away, overloaded or slow.
    #[error("delivery-svc is not available")]
    Unavailable,
    /// The caller's own deadline is spent.
    #[error("the caller's deadline is spent")]
    DeadlineExceeded,
    /// It said what it should never say to this call: coming back does not help.
    #[error("a defect between order-svc and delivery-svc: {0}")]
    Defect(String),
}

/// delivery-svc, as order-svc calls it: never twice inside a request.
#[async_trait::async_trait]
pub trait Bookings: Send + Sync {
    /// Books a delivery, and waits no longer than `left`.
    ///
    /// # Errors
    /// No answer in time, or none that makes sense.
    async fn book(&self, booking: Booking, left: Duration) -> Result<Booked, NoAnswer>;

    /// Cancels a confirmed order's delivery; none where it was shipped.
    ///
    /// # Errors
    /// No answer in time, or none that makes sense.
    async fn cancel(&self, order: &Order, by: &Actor, reason: &str) -> Result<Option<CancelledDelivery>, NoAnswer>;
}
