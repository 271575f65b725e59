//! Reads, on connections that cannot write.

use chassis::{
    idempotency::Scope,
    page::{Cursor, Page},
    store::{
        Error,
        sqlite::{micros, time},
    },
};
use sqlx::SqlitePool;
use time::OffsetDateTime;
use uuid::Uuid;

use super::rows::{self, OrderRow, select_orders};
use crate::{
    adapters::names,
    app::ports::{Claim, Filter, HistoryEntry, Placed, Read},
    domain::{Actor, Order},
};

/// Orders, read.
pub struct Reads {
    pool: SqlitePool,
}

impl Reads {
    /// Reads through `pool`.
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    async fn with_lines(&self, found: Vec<OrderRow>) -> Result<Vec<Order>, Error> {
        let mut connection = self.pool.acquire().await?;
        let mut orders = Vec::with_capacity(found.len());
        for row in found {
            orders.push(rows::with_lines(&mut connection, row).await?);
        }
        Ok(orders)
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn order(&self, id: Uuid) -> Result<Option<Order>, Error> {
        rows::order(&mut *self.pool.acquire().await?, id).await
    }

    async fn orders(&self, filter: &Filter, page: &Page) -> Result<Vec<Order>, Error> {
        let (after_time, after_id) = after(page)?;
        // One statement for each owner, so that each has its index.
        let query = match (&filter.customer_id, filter.shop_id) {
            (Some(customer_id), _) => sqlx::query_as(select_orders!(
                "WHERE (create_time, id) > (?, ?) AND (?3 IS NULL OR status = ?3) AND customer_id = ?5 \
                 ORDER BY create_time, id LIMIT ?4"
            ))
            .bind(after_time)
            .bind(after_id)
            .bind(filter.status)
            .bind(page.rows())
            .bind(customer_id.as_str()),
            (None, Some(shop_id)) => sqlx::query_as(select_orders!(
                "WHERE (create_time, id) > (?, ?) AND (?3 IS NULL OR status = ?3) AND shop_id = ?5 \
                 ORDER BY create_time, id LIMIT ?4"
            ))
            .bind(after_time)
            .bind(after_id)
            .bind(filter.status)
            .bind(page.rows())
            .bind(shop_id),
            (None, None) => sqlx::query_as(select_orders!(
                "WHERE (create_time, id) > (?, ?) AND (?3 IS NULL OR status = ?3) ORDER BY create_time, id LIMIT ?4"
            ))
            .bind(after_time)
            .bind(after_id)
            .bind(filter.status)
            .bind(page.rows()),
        };
        self.with_lines(query.fetch_all(&self.pool).await?).await
    }

    async fn history(&self, id: Uuid, page: &Page) -> Result<Vec<HistoryEntry>, Error> {
        let after: i64 = match &page.after {
            None => 0,
            Some(cursor) => cursor.id.parse().map_err(Error::inconsistent)?,
        };
        let entries: Vec<(i64, String, String, String, String, i64)> = sqlx::query_as(
            "SELECT version, status, actor_kind, actor_id, reason, event_time FROM order_event \
             WHERE order_id = ? AND version > ? ORDER BY version LIMIT ?",
        )
        .bind(id)
        .bind(after)
        .bind(page.rows())
        .fetch_all(&self.pool)
        .await?;
        let entry =
            |(version, status, kind, actor_id, reason, event_time): (i64, String, String, String, String, i64)| {
                let actor = Actor { kind: names::parse_actor_kind(&kind)?, id: actor_id };
                Ok(HistoryEntry { version, status, actor, reason, time: time(event_time)? })
            };
        entries.into_iter().map(entry).collect()
    }

    async fn placed_with(&self, scope: &Scope) -> Result<Option<Placed>, Error> {
        rows::placed_with(&mut *self.pool.acquire().await?, scope).await
    }

    async fn claim(&self, id: Uuid) -> Result<Option<Claim>, Error> {
        rows::claim(&mut *self.pool.acquire().await?, id).await
    }

    async fn overdue(&self, before: OffsetDateTime, limit: u32) -> Result<Vec<Order>, Error> {
        let overdue =
            sqlx::query_as(select_orders!("WHERE status = 'PLACED' AND reserve_by < ? ORDER BY reserve_by LIMIT ?"))
                .bind(micros(before))
                .bind(limit)
                .fetch_all(&self.pool)
                .await?;
        self.with_lines(overdue).await
    }
}

/// Where a page begins; before everything where it is the first.
fn after(page: &Page) -> Result<(i64, Uuid), Error> {
    match &page.after {
        None => Ok((i64::MIN, Uuid::nil())),
        Some(cursor @ Cursor { time, .. }) => Ok((micros(*time), cursor.uuid().map_err(Error::inconsistent)?)),
    }
}
