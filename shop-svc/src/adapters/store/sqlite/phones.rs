//! Phones and their counts as rows.

use std::collections::BTreeMap;

use chassis::store::{
    Error,
    sqlite::{micros, one_row, time},
};
use sqlx::{SqliteConnection, SqliteExecutor};
use uuid::Uuid;

use super::units;
use crate::{
    adapters::store::values::Counts,
    app::StockedPhone,
    domain::{
        Currency, Name, Phone, Price, Stock,
        order::Line,
        phone::{Change, Event},
        reservation::Offer,
    },
};

/// A row of `phone` with its shop's currency and its counts.
#[derive(sqlx::FromRow)]
pub struct Row {
    phone_id: Uuid,
    shop_id: Uuid,
    display_name: String,
    unit_price: i64,
    currency_code: String,
    version: i64,
    create_time: i64,
    update_time: i64,
    #[sqlx(flatten)]
    stock: Counts,
}

impl TryFrom<Row> for StockedPhone {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let phone = Phone {
            id: row.phone_id,
            shop_id: row.shop_id,
            name: Name::parse(&row.display_name).map_err(Error::inconsistent)?,
            unit_price: Price::new(row.unit_price).map_err(Error::inconsistent)?,
            currency: Currency::parse(&row.currency_code).map_err(Error::inconsistent)?,
            version: row.version,
            create_time: time(row.create_time)?,
            update_time: time(row.update_time)?,
        };
        Ok(Self { phone, stock: row.stock.try_into()? })
    }
}

/// A phone of a shop with its counts.
pub async fn find_stocked<'c>(
    executor: impl SqliteExecutor<'c>,
    shop_id: Uuid,
    phone_id: Uuid,
) -> Result<Option<StockedPhone>, Error> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT phone.*, currency_code, available, reserved, sold, withdrawn \
         FROM phone JOIN shop USING (shop_id) JOIN stock USING (phone_id) WHERE phone_id = ? AND shop_id = ?",
    )
    .bind(phone_id)
    .bind(shop_id)
    .fetch_optional(executor)
    .await?;
    row.map(StockedPhone::try_from).transpose()
}

pub async fn find(connection: &mut SqliteConnection, shop_id: Uuid, phone_id: Uuid) -> Result<Option<Phone>, Error> {
    Ok(find_stocked(connection, shop_id, phone_id).await?.map(|stocked| stocked.phone))
}

pub async fn offers(
    connection: &mut SqliteConnection,
    shop_id: Uuid,
    lines: &[Line],
) -> Result<BTreeMap<Uuid, Offer>, Error> {
    let mut offers = BTreeMap::new();
    for line in lines {
        let Some(stocked) = find_stocked(&mut *connection, shop_id, line.phone_id).await? else { continue };
        let requested = units::available(connection, line.phone_id, &line.requested).await?;
        let offer = Offer { phone: stocked.phone, available: stocked.stock.available, requested };
        offers.insert(line.phone_id, offer);
    }
    Ok(offers)
}

pub async fn stock(connection: &mut SqliteConnection, phone_id: Uuid) -> Result<Stock, Error> {
    let row: Counts = sqlx::query_as("SELECT available, reserved, sold, withdrawn FROM stock WHERE phone_id = ?")
        .bind(phone_id)
        .fetch_one(connection)
        .await?;
    row.try_into()
}

/// The units of all shops by status. Shops and phones are few beside units, and the database keeps each phone's counts.
pub async fn stock_of_all<'c>(executor: impl SqliteExecutor<'c>) -> Result<Stock, Error> {
    let row: Counts = sqlx::query_as(
        "SELECT coalesce(sum(available), 0) AS available, coalesce(sum(reserved), 0) AS reserved, \
         coalesce(sum(sold), 0) AS sold, coalesce(sum(withdrawn), 0) AS withdrawn FROM stock",
    )
    .fetch_one(executor)
    .await?;
    row.try_into()
}

pub async fn save(connection: &mut SqliteConnection, change: &Change) -> Result<(), Error> {
    let phone = &change.state;
    match &change.event {
        Event::Registered(serials) => {
            insert(connection, phone).await?;
            units::insert(connection, change, serials).await
        }
        Event::Updated => update(connection, phone).await,
        Event::UnitsAdded(serials) => {
            update(connection, phone).await?;
            units::insert(connection, change, serials).await
        }
        Event::UnitsWithdrawn(serials) => {
            update(connection, phone).await?;
            units::withdraw(connection, change, serials).await
        }
    }
}

async fn insert(connection: &mut SqliteConnection, phone: &Phone) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO phone (phone_id, shop_id, display_name, unit_price, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(phone.id)
    .bind(phone.shop_id)
    .bind(phone.name.as_str())
    .bind(phone.unit_price.minor_units())
    .bind(phone.version)
    .bind(micros(phone.create_time))
    .bind(micros(phone.update_time))
    .execute(connection)
    .await?;
    one_row(&written, "phone")
}

async fn update(connection: &mut SqliteConnection, phone: &Phone) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE phone SET display_name = ?, unit_price = ?, version = ?, update_time = ? \
         WHERE phone_id = ? AND version = ?",
    )
    .bind(phone.name.as_str())
    .bind(phone.unit_price.minor_units())
    .bind(phone.version)
    .bind(micros(phone.update_time))
    .bind(phone.id)
    .bind(phone.version - 1)
    .execute(connection)
    .await?;
    one_row(&written, "phone")
}

/// Makes a phone this, whatever version is stored.
pub async fn set(connection: &mut SqliteConnection, phone: &Phone) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO phone (phone_id, shop_id, display_name, unit_price, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (phone_id) DO UPDATE SET display_name = excluded.display_name, \
         unit_price = excluded.unit_price, version = excluded.version, update_time = excluded.update_time",
    )
    .bind(phone.id)
    .bind(phone.shop_id)
    .bind(phone.name.as_str())
    .bind(phone.unit_price.minor_units())
    .bind(phone.version)
    .bind(micros(phone.create_time))
    .bind(micros(phone.update_time))
    .execute(connection)
    .await?;
    one_row(&written, "phone")
}
