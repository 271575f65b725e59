//! Shops as rows.

use chassis::store::{Error, postgres::one_row};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    adapters::store::labels::Label,
    domain::{
        Currency, Name, Shop,
        shop::{Change, Event, Status},
    },
};

const FIND: &str = "SELECT * FROM shop WHERE shop_id = $1";
const LOCK: &str = "SELECT * FROM shop WHERE shop_id = $1 FOR NO KEY UPDATE";
pub const LOCK_PHONES: &str = "SELECT phone_id FROM phone WHERE shop_id = $1 ORDER BY phone_id FOR NO KEY UPDATE";

/// A row of `shop`.
#[derive(sqlx::FromRow)]
pub struct Row {
    shop_id: Uuid,
    display_name: String,
    currency_code: String,
    status: String,
    version: i64,
    create_time: OffsetDateTime,
    update_time: OffsetDateTime,
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
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

pub async fn find<'c>(executor: impl PgExecutor<'c>, shop_id: Uuid) -> Result<Option<Shop>, Error> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(shop_id).fetch_optional(executor).await?;
    row.map(Shop::try_from).transpose()
}

/// A shop, whose row is locked.
pub async fn lock(connection: &mut PgConnection, shop_id: Uuid) -> Result<Option<Shop>, Error> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(shop_id).fetch_optional(connection).await?;
    row.map(Shop::try_from).transpose()
}

pub async fn save(connection: &mut PgConnection, change: &Change) -> Result<(), Error> {
    match change.event {
        Event::Registered => insert(connection, &change.state).await,
        Event::Updated => {
            // Whoever reserves has phones of the shop locked, and counts on its status.
            sqlx::query(LOCK_PHONES).bind(change.state.id).execute(&mut *connection).await?;
            update(connection, &change.state).await
        }
    }
}

async fn insert(connection: &mut PgConnection, shop: &Shop) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO shop (shop_id, display_name, currency_code, status, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(shop.id)
    .bind(shop.name.as_str())
    .bind(shop.currency.code())
    .bind(shop.status.label())
    .bind(shop.version)
    .bind(shop.create_time)
    .bind(shop.update_time)
    .execute(connection)
    .await?;
    one_row(&written, "shop")
}

async fn update(connection: &mut PgConnection, shop: &Shop) -> Result<(), Error> {
    let written =
        sqlx::query("UPDATE shop SET status = $1, version = $2, update_time = $3 WHERE shop_id = $4 AND version = $5")
            .bind(shop.status.label())
            .bind(shop.version)
            .bind(shop.update_time)
            .bind(shop.id)
            .bind(shop.version - 1)
            .execute(connection)
            .await?;
    one_row(&written, "shop")
}

/// Makes a shop this, whatever version is stored; its currency never changes.
pub async fn set(connection: &mut PgConnection, shop: &Shop) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO shop (shop_id, display_name, currency_code, status, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (shop_id) DO UPDATE SET display_name = excluded.display_name, \
         status = excluded.status, version = excluded.version, update_time = excluded.update_time",
    )
    .bind(shop.id)
    .bind(shop.name.as_str())
    .bind(shop.currency.code())
    .bind(shop.status.label())
    .bind(shop.version)
    .bind(shop.create_time)
    .bind(shop.update_time)
    .execute(connection)
    .await?;
    one_row(&written, "shop")
}
