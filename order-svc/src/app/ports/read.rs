//! Reads, and what they are asked by.

use chassis::{idempotency::Scope, page::Page, store};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Claim, DueBooking, Placed};
use crate::domain::{Actor, Order, order::WaitsFor};

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
    pub placed: u32,
    /// CONFIRMED.
    pub confirmed: u32,
    /// SHIPPED.
    pub shipped: u32,
    /// Of the PLACED ones: those that are not booked.
    pub bookings_outstanding: u32,
    /// Wait too long for their booking.
    pub stuck_for_booking: u32,
    /// Wait too long for stock.
    pub stuck_for_stock: u32,
    /// Wait too long for shipment.
    pub stuck_for_shipment: u32,
}
