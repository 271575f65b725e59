//! Reservations as rows; what they hold are the units that name their order.

use chassis::store::{
    Error,
    sqlite::{micros, one_row, time},
};
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::{histories, units};
use crate::{
    adapters::store::{
        labels::Label,
        values::{held_line, reason},
    },
    domain::{
        Currency, Reservation,
        reservation::{Change, Event, Held, RejectReason, State},
    },
};

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    shop_id: Uuid,
    status: String,
    reject_reason: Option<String>,
    version: i64,
    create_time: i64,
    update_time: i64,
}

pub async fn find(connection: &mut SqliteConnection, order_id: Uuid) -> Result<Option<Reservation>, Error> {
    let row: Option<Row> = sqlx::query_as("SELECT * FROM reservation WHERE order_id = ?")
        .bind(order_id)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(row) = row else { return Ok(None) };
    let state = match (row.status.as_str(), &row.reject_reason) {
        ("RESERVED", None) => State::Reserved(held(connection, &row).await?),
        ("REJECTED", Some(reason)) => State::Rejected(RejectReason::parse(reason)?),
        ("RELEASED", None) => State::Released,
        ("SOLD", None) => State::Sold(held(connection, &row).await?),
        (status, reason) => return Err(Error::inconsistent(format!("reservation is {status} for {reason:?}"))),
    };
    Ok(Some(Reservation {
        order_id: row.order_id,
        shop_id: row.shop_id,
        state,
        version: row.version,
        create_time: time(row.create_time)?,
        update_time: time(row.update_time)?,
    }))
}

async fn held(connection: &mut SqliteConnection, row: &Row) -> Result<Held, Error> {
    let currency: String = sqlx::query_scalar("SELECT currency_code FROM shop WHERE shop_id = ?")
        .bind(row.shop_id)
        .fetch_one(&mut *connection)
        .await?;
    let lines: Vec<(Uuid, i64, i64)> = sqlx::query_as(
        "SELECT phone_id, unit_price, quantity FROM reservation_line WHERE order_id = ? ORDER BY phone_id",
    )
    .bind(row.order_id)
    .fetch_all(&mut *connection)
    .await?;
    let serials: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT phone_id, serial FROM unit WHERE order_id = ? ORDER BY unit_id")
            .bind(row.order_id)
            .fetch_all(connection)
            .await?;
    let line = |(phone_id, price, quantity): (Uuid, i64, i64)| held_line(phone_id, price, quantity, &serials);
    Ok(Held {
        currency: Currency::parse(&currency).map_err(Error::inconsistent)?,
        lines: lines.into_iter().map(line).collect::<Result<_, _>>()?,
    })
}

pub async fn save(connection: &mut SqliteConnection, change: &Change) -> Result<(), Error> {
    let reservation = &change.state;
    match (&change.event, &reservation.state) {
        (Event::Reserved, State::Reserved(held)) => {
            insert(connection, reservation).await?;
            insert_lines(connection, reservation.order_id, held).await?;
            histories::of_order(connection, "RESERVED", change, held.units()).await
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
pub async fn set(
    connection: &mut SqliteConnection,
    reservation: &Reservation,
    held: Option<&Held>,
) -> Result<(), Error> {
    delete(connection, reservation.order_id).await?;
    insert(connection, reservation).await?;
    match held {
        Some(held) => insert_lines(connection, reservation.order_id, held).await,
        None => Ok(()),
    }
}

/// Forgets a reservation with its lines; answers how many there were.
pub async fn delete(connection: &mut SqliteConnection, order_id: Uuid) -> Result<u64, Error> {
    let lines = sqlx::query("DELETE FROM reservation_line WHERE order_id = ?").bind(order_id);
    lines.execute(&mut *connection).await?;
    let deleted = sqlx::query("DELETE FROM reservation WHERE order_id = ?").bind(order_id).execute(connection).await?;
    Ok(deleted.rows_affected())
}

async fn insert(connection: &mut SqliteConnection, reservation: &Reservation) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO reservation (order_id, shop_id, status, reject_reason, version, create_time, update_time) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(reservation.order_id)
    .bind(reservation.shop_id)
    .bind(reservation.state.name())
    .bind(reason(&reservation.state))
    .bind(reservation.version)
    .bind(micros(reservation.create_time))
    .bind(micros(reservation.update_time))
    .execute(connection)
    .await?;
    one_row(&written, "reservation")
}

async fn insert_lines(connection: &mut SqliteConnection, order_id: Uuid, held: &Held) -> Result<(), Error> {
    for line in &held.lines {
        let written =
            sqlx::query("INSERT INTO reservation_line (order_id, phone_id, quantity, unit_price) VALUES (?, ?, ?, ?)")
                .bind(order_id)
                .bind(line.phone_id)
                .bind(i64::try_from(line.serials.len()).map_err(Error::inconsistent)?)
                .bind(line.unit_price.minor_units())
                .execute(&mut *connection)
                .await?;
        one_row(&written, "reservation line")?;
    }
    Ok(())
}

async fn update(connection: &mut SqliteConnection, reservation: &Reservation) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE reservation SET status = ?, version = ?, update_time = ? \
         WHERE order_id = ? AND version = ? AND status = 'RESERVED'",
    )
    .bind(reservation.state.name())
    .bind(reservation.version)
    .bind(micros(reservation.update_time))
    .bind(reservation.order_id)
    .bind(reservation.version - 1)
    .execute(connection)
    .await?;
    one_row(&written, "reservation")
}
