//! The ports over PostgreSQL, where transactions run side by side, in one process and in several.
//!
//! Each locks what it decides on by statements of their own: one that waits for a lock sees what the others committed only
//! in the rows that it locks, and the next statement sees all of it.

mod histories;
mod orders;
mod phones;
#[cfg(test)]
mod plans;
mod reads;
mod reservations;
mod rewrite;
mod shops;
mod units;

pub use reads::Reads;

use std::collections::BTreeMap;

use chassis::{
    outbox::Outbox,
    store::{Error, postgres::Tx as PgTx},
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
        reservation::{self, Offer, Take},
        shop,
        unit::State,
    },
};

/// This service's tables.
pub static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

#[async_trait::async_trait]
impl app::Tx for PgTx {
    async fn shop(&mut self, shop_id: Uuid) -> Result<Option<Shop>, Error> {
        shops::find(self.connection(), shop_id).await
    }

    async fn shop_alone(&mut self, shop_id: Uuid) -> Result<Option<Shop>, Error> {
        shops::lock(self.connection(), shop_id).await
    }

    async fn save_shop(&mut self, change: &shop::Change) -> Result<(), Error> {
        shops::save(self.connection(), change).await?;
        self.append(outgoing::shop(change)).await
    }

    async fn phone(&mut self, shop_id: Uuid, phone_id: Uuid) -> Result<Option<Phone>, Error> {
        phones::lock(self.connection(), shop_id, phone_id).await
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
        reservations::lock(self.connection(), order_id).await
    }

    async fn offers(&mut self, shop_id: Uuid, lines: &[Line]) -> Result<BTreeMap<Uuid, Offer>, Error> {
        phones::offers(self.connection(), shop_id, lines).await
    }

    async fn take_units(&mut self, order_id: Uuid, takes: &[Take]) -> Result<BTreeMap<Uuid, Vec<Serial>>, Error> {
        units::take(self.connection(), order_id, takes).await
    }

    async fn save_reservation(&mut self, change: &reservation::Change) -> Result<(), Error> {
        reservations::save(self.connection(), change).await?;
        self.append(outgoing::reservation(change)).await
    }

    async fn keep_order(&mut self, order: &Order) -> Result<(), Error> {
        orders::keep(self.connection(), order).await
    }
}
