//! What is kept beside a PLACED order: its outstanding booking with the recipient, and what is held for it meanwhile.

use chassis::store::{
    Error,
    sqlite::{micros, one_row},
};
use sqlx::SqliteConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    adapters::store::rows::{self, BookingRow},
    app::ports::{Booking, DueBooking, Erased},
    domain::{
        Money, Order, booking,
        order::{Reservation, ReservedLine, Status},
    },
};

pub async fn await_booking(connection: &mut SqliteConnection, due: &DueBooking) -> Result<(), Error> {
    let Booking { order_id, hash, customer_id, recipient, .. } = &due.booking;
    let written = sqlx::query(
        "INSERT INTO outstanding_booking (order_id, customer_id, request_hash, name, phone_number, address, due, faults) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(order_id)
    .bind(customer_id)
    .bind(hash.to_vec())
    .bind(&recipient.name)
    .bind(&recipient.phone_number)
    .bind(&recipient.address)
    .bind(micros(due.due))
    .bind(due.faults)
    .execute(connection)
    .await?;
    one_row(&written, "outstanding booking")
}

pub async fn take_due_bookings(
    connection: &mut SqliteConnection,
    now: OffsetDateTime,
    until: OffsetDateTime,
    limit: u32,
) -> Result<Vec<DueBooking>, Error> {
    let taken: Vec<BookingRow<i64>> = sqlx::query_as(
        "UPDATE outstanding_booking SET due = ? WHERE order_id IN \
         (SELECT order_id FROM outstanding_booking WHERE due <= ? ORDER BY due, order_id LIMIT ?) \
         RETURNING order_id, customer_id, (SELECT shop_id FROM orders WHERE id = order_id) AS shop_id, request_hash, \
         name, phone_number, address, due, faults",
    )
    .bind(micros(until))
    .bind(micros(now))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    taken.into_iter().map(TryInto::try_into).collect()
}

pub async fn take_booking(
    connection: &mut SqliteConnection,
    due: &DueBooking,
    until: OffsetDateTime,
) -> Result<bool, Error> {
    let written = sqlx::query("UPDATE outstanding_booking SET due = ? WHERE order_id = ? AND due = ?")
        .bind(micros(until))
        .bind(due.booking.order_id)
        .bind(micros(due.due))
        .execute(connection)
        .await?;
    Ok(written.rows_affected() == 1)
}

pub async fn put_off_booking(
    connection: &mut SqliteConnection,
    order_id: Uuid,
    until: OffsetDateTime,
) -> Result<(), Error> {
    // None is left where the order became final meanwhile.
    sqlx::query("UPDATE outstanding_booking SET due = ?, faults = faults + 1 WHERE order_id = ?")
        .bind(micros(until))
        .bind(order_id)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn booked(connection: &mut SqliteConnection, order_id: Uuid) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE orders SET booking = 'LATER' WHERE id = ? AND status = 'PLACED' AND booking = 'OUTSTANDING'",
    )
    .bind(order_id)
    .execute(&mut *connection)
    .await?;
    one_row(&written, "order with an outstanding booking")?;
    forget_recipient(connection, order_id).await
}

/// Forgets what was kept beside an order that has just left PLACED.
pub async fn forget(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    match order.status {
        Status::Placed | Status::Shipped(_) | Status::Delivered(_) => return Ok(()),
        Status::Confirmed | Status::Rejected(_) | Status::Cancelled { .. } => {}
    }
    match order.booking {
        booking::State::AtOnce => return Ok(()),
        booking::State::Outstanding => forget_recipient(connection, order.id).await?,
        booking::State::Later => {}
    }
    // None where no stock was reserved, or where it went when the order was confirmed.
    sqlx::query("DELETE FROM held_reservation WHERE order_id = ?").bind(order.id).execute(connection).await?;
    Ok(())
}

async fn forget_recipient(connection: &mut SqliteConnection, order_id: Uuid) -> Result<(), Error> {
    // None where it was lost with a restore.
    sqlx::query("DELETE FROM outstanding_booking WHERE order_id = ?").bind(order_id).execute(connection).await?;
    Ok(())
}

pub async fn hold(connection: &mut SqliteConnection, order_id: Uuid, reservation: &Reservation) -> Result<(), Error> {
    let written = sqlx::query("INSERT INTO held_reservation VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(order_id)
        .bind(reservation.total.minor_units)
        .bind(&reservation.total.currency)
        .execute(&mut *connection)
        .await?;
    if written.rows_affected() == 0 {
        return Ok(());
    }
    for (phone_id, line) in &reservation.lines {
        let written = sqlx::query("INSERT INTO held_line VALUES (?, ?, ?, ?, ?)")
            .bind(order_id)
            .bind(phone_id)
            .bind(line.unit_price.minor_units)
            .bind(&line.unit_price.currency)
            .bind(line.serials.join(" "))
            .execute(&mut *connection)
            .await?;
        one_row(&written, "held line")?;
    }
    Ok(())
}

pub async fn held(connection: &mut SqliteConnection, order_id: Uuid) -> Result<Option<Reservation>, Error> {
    let total: Option<(i64, String)> =
        sqlx::query_as("SELECT total, total_currency FROM held_reservation WHERE order_id = ?")
            .bind(order_id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((minor_units, currency)) = total else { return Ok(None) };
    let lines: Vec<(Uuid, i64, String, String)> =
        sqlx::query_as("SELECT phone_id, unit_price, unit_currency, serials FROM held_line WHERE order_id = ?")
            .bind(order_id)
            .fetch_all(connection)
            .await?;
    let line = |(phone_id, minor_units, currency, serials): (Uuid, i64, String, String)| {
        (phone_id, ReservedLine { unit_price: Money { minor_units, currency }, serials: rows::split(&serials) })
    };
    Ok(Some(Reservation { lines: lines.into_iter().map(line).collect(), total: Money { minor_units, currency } }))
}

pub async fn erase(connection: &mut SqliteConnection, customer_id: &str) -> Result<Erased, Error> {
    let deleted = sqlx::query(
        "DELETE FROM outstanding_booking WHERE customer_id = ? AND order_id NOT IN \
         (SELECT id FROM orders WHERE customer_id = ?1 AND status = 'PLACED' AND booking = 'OUTSTANDING')",
    );
    let cleared = deleted.bind(customer_id).execute(&mut *connection).await?.rows_affected();
    let outstanding: i64 = sqlx::query_scalar("SELECT count(*) FROM outstanding_booking WHERE customer_id = ?")
        .bind(customer_id)
        .fetch_one(connection)
        .await?;
    Ok(Erased { cleared, outstanding: u64::try_from(outstanding).map_err(Error::inconsistent)? })
}
