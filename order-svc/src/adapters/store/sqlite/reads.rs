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

use super::rows::{self, select_orders};
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
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn order(&self, id: Uuid) -> Result<Option<Order>, Error> {
        let mut snapshot = self.pool.begin().await?;
        let order = rows::order(&mut snapshot, id).await?;
        snapshot.rollback().await?;
        Ok(order)
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
        let mut snapshot = self.pool.begin().await?;
        let found = query.fetch_all(&mut *snapshot).await?;
        let orders = rows::with_lines(&mut snapshot, found).await?;
        snapshot.rollback().await?;
        Ok(orders)
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
        let mut snapshot = self.pool.begin().await?;
        let placed = rows::placed_with(&mut snapshot, scope).await?;
        snapshot.rollback().await?;
        Ok(placed)
    }

    async fn claim(&self, id: Uuid) -> Result<Option<Claim>, Error> {
        rows::claim(&mut *self.pool.acquire().await?, id).await
    }

    async fn overdue(&self, before: OffsetDateTime, limit: u32) -> Result<Vec<Uuid>, Error> {
        let overdue = sqlx::query_scalar(
            "SELECT id FROM orders WHERE status = 'PLACED' AND reserve_by < ? ORDER BY reserve_by LIMIT ?",
        );
        Ok(overdue.bind(micros(before)).bind(limit).fetch_all(&self.pool).await?)
    }
}

/// Where a page begins; before everything where it is the first.
fn after(page: &Page) -> Result<(i64, Uuid), Error> {
    match &page.after {
        None => Ok((i64::MIN, Uuid::nil())),
        Some(cursor @ Cursor { time, .. }) => Ok((micros(*time), cursor.uuid().map_err(Error::inconsistent)?)),
    }
}
