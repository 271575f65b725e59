//! The ports over SQLite.

mod histories;
mod labels;
mod orders;
mod phones;
mod reads;
mod reservations;
mod shops;
mod units;

pub use reads::Reads;

use std::collections::BTreeMap;

use chassis::{
    outbox::Outbox,
    store::{Error, sqlite::Tx as SqliteTx},
};
use sqlx::migrate::Migrator;
use uuid::Uuid;

use crate::{
    adapters::events::outgoing,
    app,
    domain::{
        Order, Phone, Reservation, Serial, Shop, Stock,
        order::Line,
        phone,
        reservation::{self, Offer, Pick},
        shop,
        unit::State,
    },
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

#[async_trait::async_trait]
impl app::Tx for SqliteTx {
    async fn shop(&mut self, shop_id: Uuid) -> Result<Option<Shop>, Error> {
        shops::find(self.connection(), shop_id).await
    }

    async fn save_shop(&mut self, change: &shop::Change) -> Result<(), Error> {
        shops::save(self.connection(), change).await?;
        self.append(outgoing::shop(change)).await
    }

    async fn phone(&mut self, shop_id: Uuid, phone_id: Uuid) -> Result<Option<Phone>, Error> {
        phones::find(self.connection(), shop_id, phone_id).await
    }

    async fn save_phone(&mut self, change: &phone::Change) -> Result<(), Error> {
        phones::save(self.connection(), change).await?;
        self.append(outgoing::phone(change)).await
    }

    async fn stock(&mut self, phone_id: Uuid) -> Result<Stock, Error> {
        phones::stock(self.connection(), phone_id).await
    }

    async fn standing(&mut self, phone_id: Uuid, serials: &[Serial]) -> Result<BTreeMap<Serial, State>, Error> {
        units::standing(self.connection(), phone_id, serials).await
    }

    async fn taken_serials(&mut self, shop_id: Uuid, serials: &[Serial], limit: usize) -> Result<Vec<Serial>, Error> {
        units::taken(self.connection(), shop_id, serials, limit).await
    }

    async fn assign_numbers(&mut self, shop_id: Uuid, count: u32) -> Result<u64, Error> {
        units::assign(self.connection(), shop_id, count).await
    }

    async fn reservation(&mut self, order_id: Uuid) -> Result<Option<Reservation>, Error> {
        reservations::find(self.connection(), order_id).await
    }

    async fn offer(&mut self, shop_id: Uuid, line: &Line) -> Result<Option<Offer>, Error> {
        phones::offer(self.connection(), shop_id, line).await
    }

    async fn take_units(&mut self, order_id: Uuid, phone_id: Uuid, pick: &Pick) -> Result<Vec<Serial>, Error> {
        units::take(self.connection(), order_id, phone_id, pick).await
    }

    async fn save_reservation(&mut self, change: &reservation::Change) -> Result<(), Error> {
        reservations::save(self.connection(), change).await?;
        self.append(outgoing::reservation(change)).await
    }

    async fn heard_version(&mut self, order_id: Uuid) -> Result<Option<i64>, Error> {
        orders::version(self.connection(), order_id).await
    }

    async fn keep_order(&mut self, order: &Order) -> Result<(), Error> {
        orders::insert(self.connection(), order).await
    }

    async fn advance_order(&mut self, order: &Order) -> Result<(), Error> {
        orders::advance(self.connection(), order).await
    }
}
