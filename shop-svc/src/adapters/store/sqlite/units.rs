//! Units as rows. The database keeps their counts.

use std::collections::{BTreeMap, BTreeSet};

use chassis::store::{
    Error,
    sqlite::{micros, time},
};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use uuid::Uuid;

use super::histories;
use crate::{
    adapters::store::values::{self, TakenRow, rows, serial},
    domain::{
        Phone, Serial, Unit,
        history::Happening,
        phone, reservation,
        reservation::{Pick, Take},
        unit::State,
    },
};

/// Rows in one statement: five values each stay far below what SQLite binds.
pub const CHUNK: usize = 1_000;

/// A row of `unit`.
#[derive(sqlx::FromRow)]
pub struct Row {
    /// Its place in the order of age.
    pub unit_id: i64,
    phone_id: Uuid,
    serial: String,
    status: String,
    order_id: Option<Uuid>,
    create_time: i64,
}

impl TryFrom<Row> for Unit {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let state = values::standing(&row.status, row.order_id)?;
        Ok(Self { serial: serial(&row.serial)?, phone_id: row.phone_id, state, create_time: time(row.create_time)? })
    }
}

/// Adds available units to a phone, in the order they are named, and begins their histories.
pub async fn insert(
    connection: &mut SqliteConnection,
    change: &phone::Change,
    serials: &[Serial],
) -> Result<(), Error> {
    let phone: &Phone = &change.state;
    if serials.is_empty() {
        return Ok(());
    }
    let youngest: i64 =
        sqlx::query_scalar("SELECT coalesce(max(unit_id), 0) FROM unit").fetch_one(&mut *connection).await?;
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
    histories::begin(connection, change, youngest, serials.len()).await
}

/// Takes available units of a phone out of sale; their histories tell of it.
pub async fn withdraw(
    connection: &mut SqliteConnection,
    change: &phone::Change,
    serials: &[Serial],
) -> Result<(), Error> {
    let phone = &change.state;
    for chunk in serials.chunks(CHUNK) {
        let what = Happening::Withdrawn;
        histories::named(connection, phone.id, chunk, what, &change.actor, phone.update_time).await?;
        let mut update = QueryBuilder::new("UPDATE unit SET status = 'WITHDRAWN' WHERE +status = 'AVAILABLE' AND ");
        push_named(&mut update, phone.id, chunk);
        let written = update.build().persistent(false).execute(&mut *connection).await?;
        rows(written.rows_affected(), chunk.len())?;
    }
    Ok(())
}

/// Where those of `serials` stand that are units of a phone.
pub async fn standing(
    connection: &mut SqliteConnection,
    phone_id: Uuid,
    serials: &[Serial],
) -> Result<BTreeMap<Serial, State>, Error> {
    let mut standing = BTreeMap::new();
    for chunk in serials.chunks(CHUNK) {
        let mut select = QueryBuilder::new("SELECT serial, status, order_id FROM unit WHERE ");
        push_named(&mut select, phone_id, chunk);
        let found: Vec<(String, String, Option<Uuid>)> =
            select.build_query_as().persistent(false).fetch_all(&mut *connection).await?;
        for (text, status, order_id) in found {
            standing.insert(serial(&text)?, values::standing(&status, order_id)?);
        }
    }
    Ok(standing)
}

/// The condition that a unit is one of a phone's with these serials. It is found by its serial: `+` keeps SQLite from
/// reading all of the phone's units.
pub fn push_named(query: &mut QueryBuilder<Sqlite>, phone_id: Uuid, serials: &[Serial]) {
    query.push("shop_id = (SELECT shop_id FROM phone WHERE phone.phone_id = ").push_bind(phone_id);
    query.push(") AND +phone_id = ").push_bind(phone_id).push(" AND serial IN (");
    push_serials(query, serials);
    query.push(")");
}

fn push_serials(query: &mut QueryBuilder<Sqlite>, serials: &[Serial]) {
    let mut list = query.separated(", ");
    for serial in serials {
        list.push_bind(serial.as_str().to_owned());
    }
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
        push_serials(&mut select, chunk);
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
    takes: &[Take],
) -> Result<BTreeMap<Uuid, Vec<Serial>>, Error> {
    let mut units = Vec::new();
    for take in takes {
        units.extend(match &take.pick {
            Pick::Oldest(quantity) => oldest(connection, order_id, take.phone_id, *quantity).await?,
            Pick::Given(serials) => given(connection, order_id, take.phone_id, serials).await?,
        });
    }
    values::taken(units, takes)
}

async fn oldest(
    connection: &mut SqliteConnection,
    order_id: Uuid,
    phone_id: Uuid,
    quantity: u32,
) -> Result<Vec<TakenRow>, Error> {
    let update = sqlx::query_as(
        "UPDATE unit SET status = 'RESERVED', order_id = ? WHERE unit_id IN \
         (SELECT unit_id FROM unit WHERE phone_id = ? AND status = 'AVAILABLE' ORDER BY unit_id LIMIT ?) \
         RETURNING unit_id, phone_id, serial",
    );
    Ok(update.bind(order_id).bind(phone_id).bind(quantity).fetch_all(connection).await?)
}

async fn given(
    connection: &mut SqliteConnection,
    order_id: Uuid,
    phone_id: Uuid,
    serials: &[Serial],
) -> Result<Vec<TakenRow>, Error> {
    let mut update = QueryBuilder::new("UPDATE unit SET status = 'RESERVED', order_id = ");
    update.push_bind(order_id).push(" WHERE +status = 'AVAILABLE' AND ");
    push_named(&mut update, phone_id, serials);
    update.push(" RETURNING unit_id, phone_id, serial");
    Ok(update.build_query_as().persistent(false).fetch_all(connection).await?)
}

/// Those of `serials` that are available units of a phone.
pub async fn available(
    connection: &mut SqliteConnection,
    phone_id: Uuid,
    serials: &[Serial],
) -> Result<BTreeSet<Serial>, Error> {
    let standing = standing(connection, phone_id, serials).await?;
    Ok(standing.into_iter().filter(|(_, state)| *state == State::Available).map(|(serial, _)| serial).collect())
}

/// Makes an order's reserved units available; they must be `count`.
pub async fn free(connection: &mut SqliteConnection, change: &reservation::Change, count: usize) -> Result<(), Error> {
    let order_id = change.state.order_id;
    histories::of_order(connection, "RELEASED", change, count).await?;
    let written = sqlx::query("UPDATE unit SET status = 'AVAILABLE', order_id = NULL WHERE order_id = ?")
        .bind(order_id)
        .execute(connection)
        .await?;
    rows(written.rows_affected(), count)
}

/// Marks an order's reserved units as sold; they must be `count`.
pub async fn sell(connection: &mut SqliteConnection, change: &reservation::Change, count: usize) -> Result<(), Error> {
    let order_id = change.state.order_id;
    histories::of_order(connection, "SOLD", change, count).await?;
    let written =
        sqlx::query("UPDATE unit SET status = 'SOLD' WHERE order_id = ?").bind(order_id).execute(connection).await?;
    rows(written.rows_affected(), count)
}
