//! Reservations as rows; what they hold are the units that name their order.

use chassis::store::{Error, postgres::one_row};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    histories::{self, Note},
    units,
};
use crate::{
    adapters::store::{
        labels::Label,
        values::{held_line, reason, rows},
    },
    domain::{
        Currency, Reservation,
        reservation::{Change, Event, Held, RejectReason, State},
    },
};

const LOCK: &str = "SELECT * FROM reservation WHERE order_id = $1 FOR NO KEY UPDATE";
/// Who frees or sells what is held changes the counts of its phones: they are locked, by id.
pub const LOCK_HELD: &str = "SELECT phone_id, line.unit_price, quantity, currency_code \
     FROM reservation_line AS line JOIN phone USING (phone_id) JOIN shop USING (shop_id) \
     WHERE order_id = $1 ORDER BY phone_id FOR NO KEY UPDATE OF phone";
pub const HELD: &str = "SELECT phone_id, serial FROM unit WHERE order_id = $1 ORDER BY unit_id";
/// The reservation with its lines.
const INSERT: &str = "WITH decided AS ( \
         INSERT INTO reservation (order_id, shop_id, status, reject_reason, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING order_id) \
     INSERT INTO reservation_line (order_id, phone_id, quantity, unit_price) \
     SELECT order_id, line.* FROM decided CROSS JOIN unnest($8::uuid[], $9::integer[], $10::bigint[]) AS line";

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    shop_id: Uuid,
    status: String,
    reject_reason: Option<String>,
    version: i64,
    create_time: OffsetDateTime,
    update_time: OffsetDateTime,
}

#[derive(sqlx::FromRow)]
struct LineRow {
    phone_id: Uuid,
    unit_price: i64,
    quantity: i32,
    currency_code: String,
}

/// The reservation of an order, which is locked with the phones of what it holds.
pub async fn lock(connection: &mut PgConnection, order_id: Uuid) -> Result<Option<Reservation>, Error> {
    let row: Option<Row> = sqlx::query_as(LOCK).bind(order_id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let state = match (row.status.as_str(), &row.reject_reason) {
        ("RESERVED", None) => State::Reserved(held(connection, order_id).await?),
        ("REJECTED", Some(reason)) => State::Rejected(RejectReason::parse(reason)?),
        ("RELEASED", None) => State::Released,
        ("SOLD", None) => State::Sold(held(connection, order_id).await?),
        (status, reason) => return Err(Error::inconsistent(format!("reservation is {status} for {reason:?}"))),
    };
    Ok(Some(Reservation {
        order_id: row.order_id,
        shop_id: row.shop_id,
        state,
        version: row.version,
        create_time: row.create_time,
        update_time: row.update_time,
    }))
}

async fn held(connection: &mut PgConnection, order_id: Uuid) -> Result<Held, Error> {
    let lines: Vec<LineRow> = sqlx::query_as(LOCK_HELD).bind(order_id).fetch_all(&mut *connection).await?;
    let serials: Vec<(Uuid, String)> = sqlx::query_as(HELD).bind(order_id).fetch_all(connection).await?;
    let currency = lines.first().map(|line| Currency::parse(&line.currency_code));
    let currency = currency.ok_or_else(|| Error::inconsistent("a reservation holds nothing"))?;
    let line = |line: LineRow| held_line(line.phone_id, line.unit_price, line.quantity.into(), &serials);
    Ok(Held {
        currency: currency.map_err(Error::inconsistent)?,
        lines: lines.into_iter().map(line).collect::<Result<_, _>>()?,
    })
}

pub async fn save(connection: &mut PgConnection, change: &Change) -> Result<(), Error> {
    let reservation = &change.state;
    match (&change.event, &reservation.state) {
        (Event::Reserved, State::Reserved(held)) => {
            insert_held(connection, reservation, held).await?;
            let (order_id, time) = (Some(reservation.order_id), reservation.update_time);
            let note = Note { kind: "RESERVED", order_id, actor: &change.actor, time };
            let written = histories::note(histories::RESERVED, &note).execute(connection).await?;
            rows(written.rows_affected(), held.units())
        }
        (Event::Rejected, State::Rejected(_)) | (Event::Released(None), State::Released) => {
            insert(connection, reservation).await
        }
        (Event::Released(Some(freed)), State::Released) => {
            update(connection, reservation).await?;
            units::free(connection, change, freed.units()).await
        }
        (Event::Sold, State::Sold(held)) => {
            update(connection, reservation).await?;
            units::sell(connection, change, held.units()).await
        }
        (Event::Reserved | Event::Rejected | Event::Released(_) | Event::Sold, state) => {
            Err(Error::inconsistent(format!("an event does not lead to {}", state.name())))
        }
    }
}

/// Makes a reservation this, with lines for what was ever held.
pub async fn set(connection: &mut PgConnection, reservation: &Reservation, held: Option<&Held>) -> Result<(), Error> {
    delete(connection, reservation.order_id).await?;
    match held {
        Some(held) => insert_held(connection, reservation, held).await,
        None => insert(connection, reservation).await,
    }
}

/// Forgets a reservation with its lines; answers how many there were.
pub async fn delete(connection: &mut PgConnection, order_id: Uuid) -> Result<u64, Error> {
    let lines = sqlx::query("DELETE FROM reservation_line WHERE order_id = $1").bind(order_id);
    lines.execute(&mut *connection).await?;
    let deleted = sqlx::query("DELETE FROM reservation WHERE order_id = $1").bind(order_id).execute(connection).await?;
    Ok(deleted.rows_affected())
}

async fn insert(connection: &mut PgConnection, reservation: &Reservation) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO reservation (order_id, shop_id, status, reject_reason, version, create_time, update_time) \
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(reservation.order_id)
    .bind(reservation.shop_id)
    .bind(reservation.state.name())
    .bind(reason(&reservation.state))
    .bind(reservation.version)
    .bind(reservation.create_time)
    .bind(reservation.update_time)
    .execute(connection)
    .await?;
    one_row(&written, "reservation")
}

async fn insert_held(connection: &mut PgConnection, reservation: &Reservation, held: &Held) -> Result<(), Error> {
    let quantities = held.lines.iter().map(|line| i32::try_from(line.serials.len()).map_err(Error::inconsistent));
    let written = sqlx::query(INSERT)
        .bind(reservation.order_id)
        .bind(reservation.shop_id)
        .bind(reservation.state.name())
        .bind(reason(&reservation.state))
        .bind(reservation.version)
        .bind(reservation.create_time)
        .bind(reservation.update_time)
        .bind(held.lines.iter().map(|line| line.phone_id).collect::<Vec<_>>())
        .bind(quantities.collect::<Result<Vec<_>, _>>()?)
        .bind(held.lines.iter().map(|line| line.unit_price.minor_units()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    rows(written.rows_affected(), held.lines.len())
}

async fn update(connection: &mut PgConnection, reservation: &Reservation) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE reservation SET status = $1, version = $2, update_time = $3 \
         WHERE order_id = $4 AND version = $5 AND status = 'RESERVED'",
    )
    .bind(reservation.state.name())
    .bind(reservation.version)
    .bind(reservation.update_time)
    .bind(reservation.order_id)
    .bind(reservation.version - 1)
    .execute(connection)
    .await?;
    one_row(&written, "reservation")
}
