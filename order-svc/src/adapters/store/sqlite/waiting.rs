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

/// How many orders are not final.
pub async fn counts(connection: &mut SqliteConnection, too_long: &TooLong) -> Result<Counts, Error> {
    let (placed_before, confirmed_before) = (too_long.placed_before, too_long.confirmed_before);
    let unbooked =
        "SELECT count(*) FROM orders WHERE status = 'PLACED' AND booking = 'OUTSTANDING' AND create_time < ?";
    let unreserved =
        "SELECT count(*) FROM orders WHERE status = 'PLACED' AND booking <> 'OUTSTANDING' AND create_time < ?";
    let unshipped = "SELECT count(*) FROM orders WHERE status = 'CONFIRMED' AND update_time < ?";
    let mut count = async |query, before| count(connection, query, before).await;
    let bookings_outstanding = count(unbooked, None).await?;
    Ok(Counts {
        placed: bookings_outstanding + count(unreserved, None).await?,
        confirmed: count(unshipped, None).await?,
        shipped: count("SELECT count(*) FROM orders WHERE status = 'SHIPPED' AND ? IS NOT NULL", None).await?,
        bookings_outstanding,
        stuck_for_booking: count(unbooked, Some(placed_before)).await?,
        stuck_for_stock: count(unreserved, Some(placed_before)).await?,
        stuck_for_shipment: count(unshipped, Some(confirmed_before)).await?,
    })
}

/// The number that a query counts, of what is older than `before`; of all where it is none.
async fn count(
    connection: &mut SqliteConnection,
    query: &'static str,
    before: Option<OffsetDateTime>,
) -> Result<i64, Error> {
    let before = before.map_or(i64::MAX, micros);
    Ok(sqlx::query_scalar(query).bind(before).fetch_one(connection).await?)
}
