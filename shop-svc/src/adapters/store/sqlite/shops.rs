//! Shops as rows.

use chassis::store::{
    Error,
    sqlite::{micros, one_row, time},
};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    adapters::store::labels::Label,
    domain::{
        Currency, Name, Shop,
        shop::{Change, Event, Status},
    },
};

/// A row of `shop`.
#[derive(sqlx::FromRow)]
pub struct Row {
    shop_id: Uuid,
    display_name: String,
    currency_code: String,
    status: String,
    version: i64,
    create_time: i64,
    update_time: i64,
}

impl TryFrom<Row> for Shop {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.shop_id,
            name: Name::parse(&row.display_name).map_err(Error::inconsistent)?,
            currency: Currency::parse(&row.currency_code).map_err(Error::inconsistent)?,
            status: Status::parse(&row.status)?,
            version: row.version,
            create_time: time(row.create_time)?,
            update_time: time(row.update_time)?,
        })
    }
}

pub async fn find<'c>(executor: impl sqlx::SqliteExecutor<'c>, shop_id: Uuid) -> Result<Option<Shop>, Error> {
    let row: Option<Row> =
        sqlx::query_as("SELECT * FROM shop WHERE shop_id = ?").bind(shop_id).fetch_optional(executor).await?;
    row.map(Shop::try_from).transpose()
}

pub async fn save(connection: &mut SqliteConnection, change: &Change) -> Result<(), Error> {
    match change.event {
        Event::Registered => insert(connection, &change.state).await,
        Event::Updated => update(connection, &change.state).await,
    }
}

async fn insert(connection: &mut SqliteConnection, shop: &Shop) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO shop (shop_id, display_name, currency_code, status, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(shop.id)
    .bind(shop.name.as_str())
    .bind(shop.currency.code())
    .bind(shop.status.label())
    .bind(shop.version)
    .bind(micros(shop.create_time))
    .bind(micros(shop.update_time))
    .execute(connection)
    .await?;
    one_row(&written, "shop")
}

async fn update(connection: &mut SqliteConnection, shop: &Shop) -> Result<(), Error> {
    let written =
        sqlx::query("UPDATE shop SET status = ?, version = ?, update_time = ? WHERE shop_id = ? AND version = ?")
            .bind(shop.status.label())
            .bind(shop.version)
            .bind(micros(shop.update_time))
            .bind(shop.id)
            .bind(shop.version - 1)
            .execute(connection)
            .await?;
    one_row(&written, "shop")
}

/// Makes a shop this, whatever version is stored; its currency never changes.
pub async fn set(connection: &mut SqliteConnection, shop: &Shop) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO shop (shop_id, display_name, currency_code, status, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id) DO UPDATE SET display_name = excluded.display_name, \
         status = excluded.status, version = excluded.version, update_time = excluded.update_time",
    )
    .bind(shop.id)
    .bind(shop.name.as_str())
    .bind(shop.currency.code())
    .bind(shop.status.label())
    .bind(shop.version)
    .bind(micros(shop.create_time))
    .bind(micros(shop.update_time))
    .execute(connection)
    .await?;
    one_row(&written, "shop")
}
