//! What is kept beside a PLACED order: its outstanding booking with the recipient, and what is held for it meanwhile.
//! Every write but those that move a booking's time is made while the order is locked.

use chassis::store::{Error, postgres::one_row};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::statements;
use crate::{
    adapters::store::rows::{BookingRow, split},
    app::ports::{Booking, DueBooking, Erased},
    domain::{
        Money, Order, booking,
        order::{Reservation, ReservedLine, Status},
    },
};

pub async fn await_booking(connection: &mut PgConnection, due: &DueBooking) -> Result<(), Error> {
    let Booking { order_id, hash, customer_id, recipient, .. } = &due.booking;
    let written = sqlx::query(
        "INSERT INTO outstanding_booking (order_id, customer_id, request_hash, name, phone_number, address, due, faults) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(order_id)
    .bind(customer_id)
    .bind(hash.as_slice())
    .bind(&recipient.name)
    .bind(&recipient.phone_number)
    .bind(&recipient.address)
    .bind(due.due)
    .bind(i32::try_from(due.faults).unwrap_or(i32::MAX))
    .execute(connection)
    .await?;
    one_row(&written, "outstanding booking")
}

pub async fn take_due_bookings(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    until: OffsetDateTime,
    limit: u32,
) -> Result<Vec<DueBooking>, Error> {
    let taken: Vec<BookingRow<OffsetDateTime>> =
        sqlx::query_as(statements::TAKE_DUE).bind(now).bind(until).bind(i64::from(limit)).fetch_all(connection).await?;
    taken.into_iter().map(TryInto::try_into).collect()
}

pub async fn take_booking(
    connection: &mut PgConnection,
    due: &DueBooking,
    until: OffsetDateTime,
) -> Result<bool, Error> {
    let written = sqlx::query("UPDATE outstanding_booking SET due = $1 WHERE order_id = $2 AND due = $3")
        .bind(until)
        .bind(due.booking.order_id)
        .bind(due.due)
        .execute(connection)
        .await?;
    Ok(written.rows_affected() == 1)
}

pub async fn put_off_booking(
    connection: &mut PgConnection,
    order_id: Uuid,
    until: OffsetDateTime,
) -> Result<(), Error> {
    // None is left where the order became final meanwhile.
    sqlx::query("UPDATE outstanding_booking SET due = $1, faults = faults + 1 WHERE order_id = $2")
        .bind(until)
        .bind(order_id)
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn booked(connection: &mut PgConnection, order_id: Uuid) -> Result<(), Error> {
    let written = sqlx::query(
        "UPDATE orders SET booking = 'LATER' WHERE id = $1 AND status = 'PLACED' AND booking = 'OUTSTANDING'",
    )
    .bind(order_id)
    .execute(&mut *connection)
    .await?;
    one_row(&written, "order with an outstanding booking")?;
    forget_recipient(connection, order_id).await
}

/// Forgets what was kept beside an order that has just left PLACED.
pub async fn forget(connection: &mut PgConnection, order: &Order) -> Result<(), Error> {
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
    sqlx::query("DELETE FROM held_reservation WHERE order_id = $1").bind(order.id).execute(connection).await?;
    Ok(())
}

async fn forget_recipient(connection: &mut PgConnection, order_id: Uuid) -> Result<(), Error> {
    // None where it was lost with a restore.
    sqlx::query("DELETE FROM outstanding_booking WHERE order_id = $1").bind(order_id).execute(connection).await?;
    Ok(())
}

pub async fn hold(connection: &mut PgConnection, order_id: Uuid, reservation: &Reservation) -> Result<(), Error> {
    let lines = &reservation.lines;
    // Where it is kept already, nothing is returned and no line is added.
    sqlx::query(
        "WITH held AS (INSERT INTO held_reservation (order_id, total, total_currency) VALUES ($1, $2, $3) \
         ON CONFLICT DO NOTHING RETURNING order_id) \
         INSERT INTO held_line (order_id, phone_id, unit_price, unit_currency, serials) \
         SELECT held.order_id, line.* FROM held, unnest($4::uuid[], $5::bigint[], $6::text[], $7::text[]) AS line",
    )
    .bind(order_id)
    .bind(reservation.total.minor_units)
    .bind(&reservation.total.currency)
    .bind(lines.iter().map(|(phone_id, _)| *phone_id).collect::<Vec<_>>())
    .bind(lines.iter().map(|(_, line)| line.unit_price.minor_units).collect::<Vec<_>>())
    .bind(lines.iter().map(|(_, line)| line.unit_price.currency.as_str()).collect::<Vec<_>>())
    .bind(lines.iter().map(|(_, line)| line.serials.join(" ")).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn held(connection: &mut PgConnection, order_id: Uuid) -> Result<Option<Reservation>, Error> {
    let rows: Vec<(i64, String, Uuid, i64, String, String)> = sqlx::query_as(
        "SELECT total, total_currency, phone_id, unit_price, unit_currency, serials \
         FROM held_reservation JOIN held_line USING (order_id) WHERE order_id = $1",
    )
    .bind(order_id)
    .fetch_all(connection)
    .await?;
    let Some((minor_units, currency, ..)) = rows.first().cloned() else { return Ok(None) };
    let line = |(_, _, phone_id, minor_units, currency, serials): (i64, String, Uuid, i64, String, String)| {
        (phone_id, ReservedLine { unit_price: Money { minor_units, currency }, serials: split(&serials) })
    };
    Ok(Some(Reservation { lines: rows.into_iter().map(line).collect(), total: Money { minor_units, currency } }))
}

pub async fn erase(connection: &mut PgConnection, customer_id: &str) -> Result<Erased, Error> {
    // Both counts are of the moment when the statement begins: what is left is what there was without what went.
    let (cleared, all): (i64, i64) = sqlx::query_as(
        "WITH cleared AS (DELETE FROM outstanding_booking AS b USING orders AS o WHERE b.customer_id = $1 \
         AND o.id = b.order_id AND NOT (o.status = 'PLACED' AND o.booking = 'OUTSTANDING') RETURNING 1) \
         SELECT (SELECT count(*) FROM cleared), (SELECT count(*) FROM outstanding_booking WHERE customer_id = $1)",
    )
    .bind(customer_id)
    .fetch_one(connection)
    .await?;
    let count = |count: i64| u64::try_from(count).map_err(Error::inconsistent);
    Ok(Erased { cleared: count(cleared)?, outstanding: count(all - cleared)? })
}
