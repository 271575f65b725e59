//! Reads of orders that wait, and counts of them; each has its index.

use chassis::{
    page::Page,
    store::{Error, sqlite::micros},
};
use sqlx::SqliteConnection;
use time::OffsetDateTime;

use super::{
    reads::after,
    rows::{self, OrderRow, select_orders},
};
use crate::{
    adapters::store::rows::order_columns,
    app::ports::{Counts, TooLong},
    domain::{Order, order::WaitsFor},
};

/// Everything that an order can wait for.
const ALL: [WaitsFor; 3] = [WaitsFor::Booking, WaitsFor::Stock, WaitsFor::Shipment];

/// Orders that wait too long, for one thing or for any, the longest waiting first; one row more than the page has.
pub async fn stuck(
    connection: &mut SqliteConnection,
    waits_for: Option<WaitsFor>,
    too_long: &TooLong,
    page: &Page,
) -> Result<Vec<Order>, Error> {
    let mut found = Vec::new();
    for kind in ALL.into_iter().filter(|kind| waits_for.is_none_or(|wanted| wanted == *kind)) {
        found.extend(waiting(connection, kind, too_long, page).await?);
    }
    let mut orders = rows::with_lines(connection, found).await?;
    orders.sort_by_key(|order| (order.waits_since(), order.id));
    orders.truncate(usize::try_from(page.rows()).unwrap_or(usize::MAX));
    Ok(orders)
}

async fn waiting(
    connection: &mut SqliteConnection,
    kind: WaitsFor,
    too_long: &TooLong,
    page: &Page,
) -> Result<Vec<OrderRow>, Error> {
    let (after_time, after_id) = after(page)?;
    let (query, before) = match kind {
        WaitsFor::Booking => (
            select_orders!(
                "WHERE status = 'PLACED' AND booking = 'OUTSTANDING' AND (create_time, id) > (?, ?) \
                 AND create_time < ? ORDER BY create_time, id LIMIT ?"
            ),
            too_long.placed_before,
        ),
        WaitsFor::Stock => (
            select_orders!(
                "WHERE status = 'PLACED' AND booking <> 'OUTSTANDING' AND (create_time, id) > (?, ?) \
                 AND create_time < ? ORDER BY create_time, id LIMIT ?"
            ),
            too_long.placed_before,
        ),
        WaitsFor::Shipment => (
            select_orders!(
                "WHERE status = 'CONFIRMED' AND (update_time, id) > (?, ?) \
                 AND update_time < ? ORDER BY update_time, id LIMIT ?"
            ),
            too_long.confirmed_before,
        ),
    };
    let query = sqlx::query_as(query).bind(after_time).bind(after_id).bind(micros(before)).bind(page.rows());
    Ok(query.fetch_all(connection).await?)
}

/// How many orders are not final, and how many of them wait too long.
pub async fn counts(connection: &mut SqliteConnection, too_long: &TooLong) -> Result<Counts, Error> {
    let mut count = async |query, before: OffsetDateTime| -> Result<(u32, u32), Error> {
        Ok(sqlx::query_as(query).bind(micros(before)).fetch_one(&mut *connection).await?)
    };
    let unbooked = "SELECT count(*), count(*) FILTER (WHERE create_time < ?) FROM orders \
         WHERE status = 'PLACED' AND booking = 'OUTSTANDING'";
    let unreserved = "SELECT count(*), count(*) FILTER (WHERE create_time < ?) FROM orders \
         WHERE status = 'PLACED' AND booking <> 'OUTSTANDING'";
    let unshipped = "SELECT count(*), count(*) FILTER (WHERE update_time < ?) FROM orders WHERE status = 'CONFIRMED'";
    let (bookings_outstanding, stuck_for_booking) = count(unbooked, too_long.placed_before).await?;
    let (booked, stuck_for_stock) = count(unreserved, too_long.placed_before).await?;
    let (confirmed, stuck_for_shipment) = count(unshipped, too_long.confirmed_before).await?;
    let shipped = sqlx::query_scalar("SELECT count(*) FROM orders WHERE status = 'SHIPPED'");
    let shipped = shipped.fetch_one(connection).await?;
    Ok(Counts {
        placed: bookings_outstanding.saturating_add(booked),
        confirmed,
        shipped,
        bookings_outstanding,
        stuck_for_booking,
        stuck_for_stock,
        stuck_for_shipment,
    })
}
