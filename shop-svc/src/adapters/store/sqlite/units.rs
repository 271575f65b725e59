//! Units as rows. The database keeps their counts.

use chassis::store::{
    Error,
    sqlite::{micros, time},
};
use sqlx::{QueryBuilder, SqliteConnection};
use uuid::Uuid;

use crate::{
    app::ports::PlacedUnit,
    domain::{Phone, Serial, Unit, unit::State},
};

/// Rows in one statement: five values each stay far below what SQLite binds.
const CHUNK: usize = 1_000;

/// A row of `unit`.
#[derive(sqlx::FromRow)]
pub struct Row {
    unit_id: i64,
    phone_id: Uuid,
    serial: String,
    status: String,
    order_id: Option<Uuid>,
    create_time: i64,
}

impl TryFrom<Row> for PlacedUnit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let state = match (row.status.as_str(), row.order_id) {
            ("AVAILABLE", None) => State::Available,
            ("RESERVED", Some(order_id)) => State::Reserved(order_id),
            ("SOLD", Some(order_id)) => State::Sold(order_id),
            ("WITHDRAWN", None) => State::Withdrawn,
            (status, order_id) => return Err(Error::inconsistent(format!("unit is {status} for order {order_id:?}"))),
        };
        let serial = serial(&row.serial)?;
        let unit = Unit { serial, phone_id: row.phone_id, state, create_time: time(row.create_time)? };
        Ok(Self { place: row.unit_id, unit })
    }
}

/// A stored serial.
pub fn serial(text: &str) -> Result<Serial, Error> {
    Serial::parse(text).map_err(Error::inconsistent)
}

/// Adds available units to a phone, in the order they are named.
pub async fn insert(connection: &mut SqliteConnection, phone: &Phone, serials: &[Serial]) -> Result<(), Error> {
    for chunk in serials.chunks(CHUNK) {
        let mut insert = QueryBuilder::new("INSERT INTO unit (phone_id, shop_id, serial, status, create_time) ");
        insert.push_values(chunk, |mut row, serial| {
            row.push_bind(phone.id)
                .push_bind(phone.shop_id)
                .push_bind(serial.as_str())
                .push("'AVAILABLE'")
                .push_bind(micros(phone.update_time));
        });
        let written = insert.build().persistent(false).execute(&mut *connection).await?;
        rows(written.rows_affected(), chunk.len())?;
    }
    Ok(())
}

pub async fn taken(
    connection: &mut SqliteConnection,
    shop_id: Uuid,
    serials: &[Serial],
    limit: usize,
) -> Result<Vec<Serial>, Error> {
    let mut taken = Vec::new();
    for chunk in serials.chunks(CHUNK) {
        let mut select = QueryBuilder::new("SELECT serial FROM unit WHERE shop_id = ");
        select.push_bind(shop_id).push(" AND serial IN (");
        let mut list = select.separated(", ");
        for serial in chunk {
            list.push_bind(serial.as_str());
        }
        select.push(") LIMIT ").push_bind(i64::try_from(limit - taken.len()).unwrap_or(i64::MAX));
        let found: Vec<String> = select.build_query_scalar().persistent(false).fetch_all(&mut *connection).await?;
        for text in found {
            taken.push(serial(&text)?);
        }
        if taken.len() >= limit {
            break;
        }
    }
    Ok(taken)
}

pub async fn assign(connection: &mut SqliteConnection, shop_id: Uuid, count: u32) -> Result<u64, Error> {
    let last: i64 = sqlx::query_scalar(
        "INSERT INTO assigned_serial (shop_id, last_number) VALUES (?, ?) \
         ON CONFLICT (shop_id) DO UPDATE SET last_number = last_number + excluded.last_number RETURNING last_number",
    )
    .bind(shop_id)
    .bind(count)
    .fetch_one(connection)
    .await?;
    u64::try_from(last - i64::from(count) + 1).map_err(Error::inconsistent)
}

pub async fn take(
    connection: &mut SqliteConnection,
    order_id: Uuid,
    phone_id: Uuid,
    quantity: u32,
) -> Result<Vec<Serial>, Error> {
    let mut taken: Vec<(i64, String)> = sqlx::query_as(
        "UPDATE unit SET status = 'RESERVED', order_id = ? WHERE unit_id IN \
         (SELECT unit_id FROM unit WHERE phone_id = ? AND status = 'AVAILABLE' ORDER BY unit_id LIMIT ?) \
         RETURNING unit_id, serial",
    )
    .bind(order_id)
    .bind(phone_id)
    .bind(quantity)
    .fetch_all(connection)
    .await?;
    rows(taken.len() as u64, quantity as usize)?;
    taken.sort_unstable();
    taken.iter().map(|(_, text)| serial(text)).collect()
}

/// Makes an order's reserved units available; they must be `count`.
pub async fn free(connection: &mut SqliteConnection, order_id: Uuid, count: usize) -> Result<(), Error> {
    let written = sqlx::query("UPDATE unit SET status = 'AVAILABLE', order_id = NULL WHERE order_id = ?")
        .bind(order_id)
        .execute(connection)
        .await?;
    rows(written.rows_affected(), count)
}

/// Marks an order's reserved units as sold; they must be `count`.
pub async fn sell(connection: &mut SqliteConnection, order_id: Uuid, count: usize) -> Result<(), Error> {
    let written =
        sqlx::query("UPDATE unit SET status = 'SOLD' WHERE order_id = ?").bind(order_id).execute(connection).await?;
    rows(written.rows_affected(), count)
}

fn rows(written: u64, meant: usize) -> Result<(), Error> {
    if written == meant as u64 {
        Ok(())
    } else {
        Err(Error::inconsistent(format!("{written} units written where {meant} were meant")))
    }
}
