//! Orders read from rows.

use std::collections::HashMap;

use chassis::{idempotency::Scope, store::Error};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::{
    adapters::store::rows::{self, LineRow, line_columns, order_columns},
    app::ports::{Claim, Placed},
    domain::{Order, order::Line},
};

/// A row of an order, with times in microseconds.
pub type OrderRow = rows::OrderRow<i64>;

/// What every query of orders selects.
macro_rules! select_orders {
    ($rest:literal) => {
        concat!("SELECT ", order_columns!(), " FROM orders ", $rest)
    };
}
pub(super) use select_orders;

/// What an id stands for.
pub async fn claim(connection: &mut SqliteConnection, id: Uuid) -> Result<Option<Claim>, Error> {
    let name: Option<String> =
        sqlx::query_scalar("SELECT claimed_by FROM claim WHERE id = ?").bind(id).fetch_optional(connection).await?;
    name.as_deref().map(rows::parse_claim).transpose()
}

/// One order with its lines.
pub async fn order(connection: &mut SqliteConnection, id: Uuid) -> Result<Option<Order>, Error> {
    let rows = sqlx::query_as(select_orders!("WHERE id = ?")).bind(id).fetch_all(&mut *connection).await?;
    Ok(with_lines(connection, rows).await?.pop())
}

/// The order that a key placed.
pub async fn placed_with(connection: &mut SqliteConnection, scope: &Scope) -> Result<Option<Placed>, Error> {
    let row: Option<OrderRow> =
        sqlx::query_as(select_orders!("WHERE key_issuer = ? AND key_subject = ? AND key_method = ? AND key = ?"))
            .bind(&scope.issuer)
            .bind(&scope.subject)
            .bind(&scope.method)
            .bind(&scope.key)
            .fetch_optional(&mut *connection)
            .await?;
    let Some(row) = row else { return Ok(None) };
    let hash = row.hash()?;
    let order = with_lines(connection, vec![row]).await?.pop();
    Ok(order.map(|order| Placed { order, hash }))
}

/// Reads the lines of orders, all in one statement, and puts them together. What read the rows must be of the same
/// transaction, or an order may get the lines of another state.
pub async fn with_lines(connection: &mut SqliteConnection, orders: Vec<OrderRow>) -> Result<Vec<Order>, Error> {
    let ids: Vec<_> = orders.iter().map(|order| format!("\"{}\"", order.id.simple())).collect();
    let rows: Vec<LineRow> = sqlx::query_as(concat!(
        "SELECT ",
        line_columns!(),
        " FROM order_line WHERE order_id IN (SELECT unhex(value) FROM json_each(?)) ORDER BY order_id, position"
    ))
    .bind(format!("[{}]", ids.join(",")))
    .fetch_all(connection)
    .await?;
    let mut lines: HashMap<Uuid, Vec<Line>> = HashMap::new();
    for row in rows {
        lines.entry(row.order_id).or_default().push(row.try_into()?);
    }
    let with_lines = orders.into_iter().map(|order| {
        let lines = lines.remove(&order.id).unwrap_or_default();
        order.with(lines)
    });
    with_lines.collect()
}

/// The first `most` of orders that may be there twice, oldest first.
pub fn first(mut orders: Vec<OrderRow>, most: i64) -> Vec<OrderRow> {
    orders.sort_by_key(|order| (order.create_time, order.id));
    orders.dedup_by_key(|order| order.id);
    orders.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    orders
}
