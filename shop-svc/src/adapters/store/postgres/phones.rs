//! Phones and their counts as rows. A phone's row is the lock of its price, its counts and its units.

use std::collections::{BTreeMap, BTreeSet};

use chassis::store::{Error, postgres::one_row};
use sqlx::{PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::units;
use crate::{
    adapters::store::values::Counts,
    app::StockedPhone,
    domain::{
        Currency, Name, Phone, Price, Serial, Stock,
        order::Line,
        phone::{Change, Event},
        reservation::Offer,
    },
};

const FIND: &str = "SELECT phone.*, currency_code, available, reserved, sold, withdrawn \
     FROM phone JOIN shop USING (shop_id) JOIN stock USING (phone_id) WHERE phone_id = $1 AND shop_id = $2";
/// A shop keeps its currency, so its row needs no lock. Counts are locked for their newest values: who waits for a row sees
/// those of locked rows alone.
const LOCK: &str = "SELECT phone.*, currency_code, available, reserved, sold, withdrawn \
     FROM phone JOIN shop USING (shop_id) JOIN stock USING (phone_id) WHERE phone_id = $1 AND shop_id = $2 \
     FOR NO KEY UPDATE OF phone, stock";
pub const LOCK_ALL: &str = "SELECT phone.*, currency_code, available, reserved, sold, withdrawn \
     FROM phone JOIN shop USING (shop_id) JOIN stock USING (phone_id) WHERE phone_id = ANY ($1) AND shop_id = $2 \
     ORDER BY phone_id FOR NO KEY UPDATE OF phone, stock";

/// A row of `phone` with its shop's currency and its counts.
#[derive(sqlx::FromRow)]
pub struct Row {
    phone_id: Uuid,
    shop_id: Uuid,
    display_name: String,
    unit_price: i64,
    currency_code: String,
    version: i64,
    create_time: OffsetDateTime,
    update_time: OffsetDateTime,
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
            create_time: row.create_time,
            update_time: row.update_time,
        };
        Ok(Self { phone, stock: row.stock.try_into()? })
    }
}

/// A phone of a shop with its counts.
pub async fn find_stocked<'c>(
    executor: impl PgExecutor<'c>,
    shop_id: Uuid,
    phone_id: Uuid,
) -> Result<Option<StockedPhone>, Error> {
    let row: Option<Row> = sqlx::query_as(FIND).bind(phone_id).bind(shop_id).fetch_optional(executor).await?;
    row.map(StockedPhone::try_from).transpose()
}

/// A phone of a shop, which is locked.
pub async fn lock(connection: &mut PgConnection, shop_id: Uuid, phone_id: Uuid) -> Result<Option<Phone>, Error> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(phone_id).bind(shop_id).fetch_optional(connection).await?;
    Ok(row.map(StockedPhone::try_from).transpose()?.map(|stocked| stocked.phone))
}

/// What the phones of an order's lines offer; they are locked, by id.
pub async fn offers(
    connection: &mut PgConnection,
    shop_id: Uuid,
    lines: &[Line],
) -> Result<BTreeMap<Uuid, Offer>, Error> {
    let phone_ids: Vec<Uuid> = lines.iter().map(|line| line.phone_id).collect();
    let rows: Vec<Row> = sqlx::query_as(LOCK_ALL).bind(phone_ids).bind(shop_id).fetch_all(&mut *connection).await?;
    let requested: Vec<&Serial> = lines.iter().flat_map(|line| &line.requested).collect();
    let mut free = units::available(connection, shop_id, &requested).await?;
    let mut offers = BTreeMap::new();
    for row in rows {
        let StockedPhone { phone, stock } = row.try_into()?;
        let free: BTreeSet<Serial> = free.remove(&phone.id).unwrap_or_default();
        let asked = lines.iter().filter(|line| line.phone_id == phone.id).flat_map(|line| &line.requested);
        let requested = asked.filter(|serial| free.contains(*serial)).cloned().collect();
        offers.insert(phone.id, Offer { phone, available: stock.available, requested });
    }
    Ok(offers)
}

pub async fn stock(connection: &mut PgConnection, phone_id: Uuid) -> Result<Stock, Error> {
    let row: Counts = sqlx::query_as("SELECT available, reserved, sold, withdrawn FROM stock WHERE phone_id = $1")
        .bind(phone_id)
        .fetch_one(connection)
        .await?;
    row.try_into()
}

/// The units of all shops by status. Shops and phones are few beside units, and the database keeps each phone's counts.
pub async fn stock_of_all<'c>(executor: impl PgExecutor<'c>) -> Result<Stock, Error> {
    let row: Counts = sqlx::query_as(
        "SELECT coalesce(sum(available), 0)::bigint AS available, coalesce(sum(reserved), 0)::bigint AS reserved, \
         coalesce(sum(sold), 0)::bigint AS sold, coalesce(sum(withdrawn), 0)::bigint AS withdrawn FROM stock",
    )
    .fetch_one(executor)
    .await?;
    row.try_into()
}

pub async fn save(connection: &mut PgConnection, change: &Change) -> Result<(), Error> {
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

async fn insert(connection: &mut PgConnection, phone: &Phone) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO phone (phone_id, shop_id, display_name, unit_price, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(phone.id)
    .bind(phone.shop_id)
    .bind(phone.name.as_str())
    .bind(phone.unit_price.minor_units())
    .bind(phone.version)
    .bind(phone.create_time)
    .bind(phone.update_time)
    .execute(connection)
    .await?;
    one_row(&written, "phone")
}

async fn update(connection: &mut PgConnection, phone: &Phone) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE phone SET display_name = $1, unit_price = $2, version = $3, update_time = $4 \
         WHERE phone_id = $5 AND version = $6",
    )
    .bind(phone.name.as_str())
    .bind(phone.unit_price.minor_units())
    .bind(phone.version)
    .bind(phone.update_time)
    .bind(phone.id)
    .bind(phone.version - 1)
    .execute(connection)
    .await?;
    one_row(&written, "phone")
}

/// Makes a phone this, whatever version is stored.
pub async fn set(connection: &mut PgConnection, phone: &Phone) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO phone (phone_id, shop_id, display_name, unit_price, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (phone_id) DO UPDATE SET display_name = excluded.display_name, \
         unit_price = excluded.unit_price, version = excluded.version, update_time = excluded.update_time",
    )
    .bind(phone.id)
    .bind(phone.shop_id)
    .bind(phone.name.as_str())
    .bind(phone.unit_price.minor_units())
    .bind(phone.version)
    .bind(phone.create_time)
    .bind(phone.update_time)
    .execute(connection)
    .await?;
    one_row(&written, "phone")
}
