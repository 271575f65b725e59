//! Orders taken back from their own events, and keys given back to them.

use chassis::{
    idempotency::Request,
    store::{
        Error,
        sqlite::{micros, one_row},
    },
};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    adapters::{
        names,
        store::{
            rows::{StateColumns, reason},
            told,
        },
    },
    domain::{Change, Order, Status, order::Line},
};

/// Gives an order the key that placed it; answers whether it had none.
pub async fn adopt(connection: &mut SqliteConnection, id: Uuid, request: &Request) -> Result<bool, Error> {
    let scope = &request.scope;
    let written = sqlx::query(told::ADOPT)
        .bind(id)
        .bind(&scope.issuer)
        .bind(&scope.subject)
        .bind(&scope.method)
        .bind(&scope.key)
        .bind(request.hash.as_slice())
        .execute(connection)
        .await?;
    Ok(written.rows_affected() == 1)
}

/// Orders whose outstanding booking is not here.
pub async fn without_recipient(connection: &mut SqliteConnection) -> Result<Vec<Uuid>, Error> {
    Ok(sqlx::query_scalar(told::WITHOUT_RECIPIENT).fetch_all(connection).await?)
}

/// Takes the id from a void.
pub async fn unvoid(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    let statement = sqlx::query(told::SET_CLAIM).bind(order.id).bind(micros(order.create_time));
    one_row(&statement.execute(connection).await?, "voided id")
}

/// Writes an order with its lines and its history as they were told, and drops what it needs beside it no more.
pub async fn set(connection: &mut SqliteConnection, told: &Change) -> Result<(), Error> {
    let order = &told.order;
    set_order(connection, order).await?;
    sqlx::query(told::CLEAR_LINES).bind(order.id).execute(&mut *connection).await?;
    for (position, line) in (0_i32..).zip(&order.lines) {
        set_line(connection, order.id, position, line).await?;
    }
    set_history(connection, told).await?;
    if !order.booking_outstanding() {
        sqlx::query(told::CLEAR_BOOKING).bind(order.id).execute(&mut *connection).await?;
    }
    if order.status != Status::Placed {
        sqlx::query(told::CLEAR_HELD).bind(order.id).execute(connection).await?;
    }
    Ok(())
}

async fn set_order(connection: &mut SqliteConnection, order: &Order) -> Result<(), Error> {
    let state = StateColumns::of(&order.status);
    let written = sqlx::query(told::SET_ORDER)
        .bind(order.id)
        .bind(&order.customer_id)
        .bind(order.shop_id)
        .bind(order.status.name())
        .bind(names::booking(order.booking))
        .bind(order.total.as_ref().map(|total| total.minor_units))
        .bind(order.total.as_ref().map(|total| &total.currency))
        .bind(state.reject_reason)
        .bind(state.cancelled_by_kind)
        .bind(state.cancelled_by_id)
        .bind(state.cancel_reason)
        .bind(state.carrier)
        .bind(state.tracking_number)
        .bind(micros(order.reserve_by))
        .bind(order.version)
        .bind(micros(order.create_time))
        .bind(micros(order.update_time))
        .execute(connection)
        .await?;
    one_row(&written, "order")
}

async fn set_line(connection: &mut SqliteConnection, order_id: Uuid, position: i32, line: &Line) -> Result<(), Error> {
    let (expected, held) = (line.expected_unit_price.as_ref(), line.reserved.as_ref());
    let written = sqlx::query(told::SET_LINE)
        .bind(order_id)
        .bind(position)
        .bind(line.phone_id)
        .bind(i32::try_from(line.quantity).map_err(Error::inconsistent)?)
        .bind(expected.map(|price| price.minor_units))
        .bind(expected.map(|price| &price.currency))
        .bind((!line.requested_serials.is_empty()).then(|| line.requested_serials.join(" ")))
        .bind(held.map(|held| held.unit_price.minor_units))
        .bind(held.map(|held| &held.unit_price.currency))
        .bind(held.map(|held| held.serials.join(" ")))
        .execute(connection)
        .await?;
    one_row(&written, "order line")
}

async fn set_history(connection: &mut SqliteConnection, told: &Change) -> Result<(), Error> {
    let Change { order, actor } = told;
    sqlx::query(told::CLEAR_HISTORY).bind(order.id).bind(order.version).execute(&mut *connection).await?;
    let written = sqlx::query(told::SET_HISTORY)
        .bind(order.id)
        .bind(order.version)
        .bind(order.status.name())
        .bind(actor.kind.name())
        .bind(&actor.id)
        .bind(reason(&order.status))
        .bind(micros(order.update_time))
        .execute(connection)
        .await?;
    one_row(&written, "history entry")
}
