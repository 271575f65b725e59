//! Orders read from rows.

use chassis::{idempotency::Scope, store::Error};
use sqlx::{FromRow, PgConnection, PgExecutor};
use time::OffsetDateTime;
use uuid::Uuid;

use super::statements;
use crate::{
    adapters::store::rows::{LineRow, OrderRow},
    app::ports::Placed,
    domain::{Order, order::Line},
};

/// A row of an order as it is joined with one of its lines.
#[derive(FromRow)]
pub struct JoinedRow {
    #[sqlx(flatten)]
    order: OrderRow<OffsetDateTime>,
    #[sqlx(flatten)]
    line: LineRow,
}

/// Puts orders together, whose rows follow each other.
pub fn joined(rows: Vec<JoinedRow>) -> Result<Vec<Order>, Error> {
    let mut orders: Vec<(OrderRow<OffsetDateTime>, Vec<Line>)> = Vec::new();
    for JoinedRow { order, line } in rows {
        let line = line.try_into()?;
        match orders.last_mut() {
            Some((last, lines)) if last.id == order.id => lines.push(line),
            Some(_) | None => orders.push((order, vec![line])),
        }
    }
    orders.into_iter().map(|(order, lines)| order.with(lines)).collect()
}

/// The order that a key placed.
pub async fn placed_with(executor: impl PgExecutor<'_>, scope: &Scope) -> Result<Option<Placed>, Error> {
    let rows: Vec<JoinedRow> = sqlx::query_as(statements::PLACED_WITH)
        .bind(&scope.issuer)
        .bind(&scope.subject)
        .bind(&scope.method)
        .bind(&scope.key)
        .fetch_all(executor)
        .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let hash = first.order.hash()?;
    Ok(joined(rows)?.pop().map(|order| Placed { order, hash }))
}

/// One order by a statement that locks it, with its lines.
pub async fn locked(connection: &mut PgConnection, statement: &'static str, id: Uuid) -> Result<Option<Order>, Error> {
    let row: Option<OrderRow<OffsetDateTime>> =
        sqlx::query_as(statement).bind(id).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let lines: Vec<LineRow> = sqlx::query_as(statements::LINES).bind(id).fetch_all(connection).await?;
    let lines = lines.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
    row.with(lines).map(Some)
}
