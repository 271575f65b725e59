//! What use cases ask of a store.

mod rewrite;

use std::collections::BTreeMap;

use chassis::store::{self, Error};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{
    Order, Phone, Reservation, Serial, Shop, Stock, Unit, history,
    order::{self, Line, Listed},
    phone,
    reservation::{self, Offer, Take},
    shop, unit,
};

pub use rewrite::Rewrite;

/// A transaction on this service's data. Whoever decides by what it reads here is alone in changing it until the commit.
///
/// Locks are taken in one order: shop, order, reservation, phones by id, units by age. A phone's lock is that of its price,
/// its counts and all of its units; a shop opens or closes while it has the locks of all its phones.
#[async_trait::async_trait]
pub trait Tx: store::Tx + Rewrite {
    /// A shop as it stands. It stays open or closed for whoever asks with the lock of one of its phones.
    ///
    /// # Errors
    /// The database failed.
    async fn shop(&mut self, shop_id: Uuid) -> Result<Option<Shop>, Error>;

    /// A shop, for whoever opens or closes it or adds phones or units to it: one at a time does, so that a serial is given
    /// once.
    ///
    /// # Errors
    /// The database failed.
    async fn shop_alone(&mut self, shop_id: Uuid) -> Result<Option<Shop>, Error>;

    /// Saves a shop's new version with its event.
    ///
    /// # Errors
    /// The database failed, or another version is stored than the one before.
    async fn save_shop(&mut self, change: &shop::Change) -> Result<(), Error>;

    /// A phone of a shop.
    ///
    /// # Errors
    /// The database failed.
    async fn phone(&mut self, shop_id: Uuid, phone_id: Uuid) -> Result<Option<Phone>, Error>;

    /// Saves a phone's new version with its event and what that does to the units it names, histories included.
    ///
    /// # Errors
    /// The database failed, another version is stored than the one before, the shop has one of the serials to be added,
    /// or one of those to be withdrawn is no available unit of the phone.
    async fn save_phone(&mut self, change: &phone::Change) -> Result<(), Error>;

    /// A phone's units by status.
    ///
    /// # Errors
    /// The database failed, or there is no such phone.
    async fn stock(&mut self, phone_id: Uuid) -> Result<Stock, Error>;

    /// Where those of `serials` stand that are units of a phone.
    ///
    /// # Errors
    /// The database failed.
    async fn standing(&mut self, phone_id: Uuid, serials: &[Serial]) -> Result<BTreeMap<Serial, unit::State>, Error>;

    /// Which of `serials` the shop has already: at most `limit` of them.
    ///
    /// # Errors
    /// The database failed.
    async fn taken_serials(&mut self, shop_id: Uuid, serials: &[Serial], limit: usize) -> Result<Vec<Serial>, Error>;

    /// Sets `count` numbers aside for serials that the shop assigns, and answers the first of them.
    ///
    /// # Errors
    /// The database failed.
    async fn assign_numbers(&mut self, shop_id: Uuid, count: u32) -> Result<u64, Error>;

    /// The reservation of an order, with what it holds.
    ///
    /// # Errors
    /// The database failed.
    async fn reservation(&mut self, order_id: Uuid) -> Result<Option<Reservation>, Error>;

    /// What a shop can offer for the lines of an order, by phone; nothing for phones that it does not sell.
    ///
    /// # Errors
    /// The database failed.
    async fn offers(&mut self, shop_id: Uuid, lines: &[Line]) -> Result<BTreeMap<Uuid, Offer>, Error>;

    /// Holds available units for an order, and answers them by phone, oldest first.
    ///
    /// # Errors
    /// The database failed, or not all of them are available.
    async fn take_units(&mut self, order_id: Uuid, takes: &[Take]) -> Result<BTreeMap<Uuid, Vec<Serial>>, Error>;

    /// Saves a reservation's new version with its event, and frees or sells the units that the event names; their
    /// histories tell of it.
    ///
    /// # Errors
    /// The database failed, or what is stored is not what the change began from.
    async fn save_reservation(&mut self, change: &reservation::Change) -> Result<(), Error>;

    /// Keeps what was heard of an order, unless something later is kept. Whoever does so is alone with the order.
    ///
    /// # Errors
    /// The database failed.
    async fn keep_order(&mut self, order: &Order) -> Result<(), Error>;
}

/// A part of a list: at most `rows` rows after a place, which is a time and the id that orders rows of one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Rows at most.
    pub rows: i64,
    /// Begins after this row; at the first where absent.
    pub after: Option<(OffsetDateTime, Uuid)>,
}

/// A phone with its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StockedPhone {
    /// The phone.
    pub phone: Phone,
    /// Its units by status.
    pub stock: Stock,
}

/// A unit with a part of its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The unit.
    pub unit: Unit,
    /// What happened to it, oldest first.
    pub entries: Vec<history::Entry>,
}

/// A page of a shop's orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders {
    /// The page's orders and, where there are more, the one that follows, without serials.
    pub rows: Vec<Listed>,
    /// How many of them make the page: fewer than were asked for where those would hold too many units.
    pub size: usize,
}

/// Reads outside of any transaction. Nothing is decided by it but what never changes.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// A shop.
    ///
    /// # Errors
    /// The database failed.
    async fn shop(&self, shop_id: Uuid) -> Result<Option<Shop>, Error>;

    /// Shops, oldest first.
    ///
    /// # Errors
    /// The database failed.
    async fn shops(&self, slice: Slice) -> Result<Vec<Shop>, Error>;

    /// A phone of a shop.
    ///
    /// # Errors
    /// The database failed.
    async fn phone(&self, shop_id: Uuid, phone_id: Uuid) -> Result<Option<StockedPhone>, Error>;

    /// A shop's phones, oldest first.
    ///
    /// # Errors
    /// The database failed.
    async fn phones(&self, shop_id: Uuid, slice: Slice) -> Result<Vec<StockedPhone>, Error>;

    /// A phone's units, oldest first: all, or those of one status; at most `rows` of those younger than `after`.
    ///
    /// # Errors
    /// The database failed.
    async fn units(
        &self,
        phone: &Phone,
        status: Option<unit::Status>,
        after: Option<&Serial>,
        rows: i64,
    ) -> Result<Vec<Unit>, Error>;

    /// A unit of a shop, with at most `rows` entries of its history that follow the entry with the number `after`.
    ///
    /// # Errors
    /// The database failed.
    async fn history(&self, shop_id: Uuid, serial: &Serial, after: i64, rows: i64) -> Result<Option<History>, Error>;

    /// The units of all shops by status.
    ///
    /// # Errors
    /// The database failed, or some count is above what a `u32` holds.
    async fn stock_of_all(&self) -> Result<Stock, Error>;

    /// A shop's orders, newest first: all, or those of one status. `slice.rows` counts the one that follows the page.
    ///
    /// # Errors
    /// The database failed.
    async fn orders(&self, shop_id: Uuid, status: Option<order::Status>, slice: Slice) -> Result<Orders, Error>;
}
