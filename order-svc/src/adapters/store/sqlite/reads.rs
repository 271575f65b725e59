//! Reads, on connections that cannot write.

use chassis::{
    idempotency::Scope,
    page::{Cursor, Page},
    store::{Error, sqlite::micros},
};
use sqlx::{SqliteConnection, SqlitePool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    rows::{self, OrderRow, select_orders},
    waiting,
};
use crate::{
    adapters::store::rows::{BookingRow, EventRow, order_columns},
    app::ports::{Claim, Counts, DueBooking, Filter, HistoryEntry, Owner, Placed, Read, TooLong},
    domain::{Order, order::WaitsFor},
};

/// Orders, read; by several statements in one transaction, which is over when it is dropped.
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
        rows::order(&mut *self.pool.begin().await?, id).await
    }

    async fn orders(&self, filter: &Filter, page: &Page) -> Result<Vec<Order>, Error> {
        let mut snapshot = self.pool.begin().await?;
        let found = match &filter.owner {
            Owner::Anyone => all(&mut snapshot, filter.status, page).await?,
            Owner::Customer(customer_id) => of_customer(&mut snapshot, customer_id, filter.status, page).await?,
            Owner::Shop(shop_id) => of_shop(&mut snapshot, *shop_id, filter.status, page).await?,
            Owner::Either(customer_id, shop_id) => {
                let mut either = of_customer(&mut snapshot, customer_id, filter.status, page).await?;
                either.extend(of_shop(&mut snapshot, *shop_id, filter.status, page).await?);
                rows::first(either, page.rows())
            }
        };
        rows::with_lines(&mut snapshot, found).await
    }

    async fn history(&self, id: Uuid, page: &Page) -> Result<Vec<HistoryEntry>, Error> {
        let after: i64 = match &page.after {
            None => 0,
            Some(cursor) => cursor.id.parse().map_err(Error::inconsistent)?,
        };
        let entries: Vec<EventRow<i64>> = sqlx::query_as(
            "SELECT version, status, actor_kind, actor_id, reason, event_time FROM order_event \
             WHERE order_id = ? AND version > ? ORDER BY version LIMIT ?",
        )
        .bind(id)
        .bind(after)
        .bind(page.rows())
        .fetch_all(&self.pool)
        .await?;
        entries.into_iter().map(TryInto::try_into).collect()
    }

    async fn placed_with(&self, scope: &Scope) -> Result<Option<Placed>, Error> {
        rows::placed_with(&mut *self.pool.begin().await?, scope).await
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

    async fn outstanding_booking(&self, order_id: Uuid) -> Result<Option<DueBooking>, Error> {
        let outstanding: Option<BookingRow<i64>> = sqlx::query_as(
            "SELECT b.order_id, b.customer_id, o.shop_id, b.request_hash, b.name, b.phone_number, b.address, b.due, \
             b.faults FROM outstanding_booking b JOIN orders o ON o.id = b.order_id WHERE b.order_id = ?",
        )
        .bind(order_id)
        .fetch_optional(&self.pool)
        .await?;
        outstanding.map(TryInto::try_into).transpose()
    }

    async fn stuck(&self, waits_for: Option<WaitsFor>, too_long: &TooLong, page: &Page) -> Result<Vec<Order>, Error> {
        waiting::stuck(&mut *self.pool.begin().await?, waits_for, too_long, page).await
    }

    async fn counts(&self, too_long: &TooLong) -> Result<Counts, Error> {
        waiting::counts(&mut *self.pool.begin().await?, too_long).await
    }
}

// One statement for each owner, so that each has its index.

async fn all(connection: &mut SqliteConnection, status: Option<&str>, page: &Page) -> Result<Vec<OrderRow>, Error> {
    let (after_time, after_id) = after(page)?;
    let query = sqlx::query_as(select_orders!(
        "WHERE (create_time, id) > (?, ?) AND (?3 IS NULL OR status = ?3) ORDER BY create_time, id LIMIT ?4"
    ));
    Ok(query.bind(after_time).bind(after_id).bind(status).bind(page.rows()).fetch_all(connection).await?)
}

async fn of_customer(
    connection: &mut SqliteConnection,
    customer_id: &str,
    status: Option<&str>,
    page: &Page,
) -> Result<Vec<OrderRow>, Error> {
    let (after_time, after_id) = after(page)?;
    let query = sqlx::query_as(select_orders!(
        "WHERE (create_time, id) > (?, ?) AND (?3 IS NULL OR status = ?3) AND customer_id = ?5 \
         ORDER BY create_time, id LIMIT ?4"
    ));
    let query = query.bind(after_time).bind(after_id).bind(status).bind(page.rows()).bind(customer_id);
    Ok(query.fetch_all(connection).await?)
}

async fn of_shop(
    connection: &mut SqliteConnection,
    shop_id: Uuid,
    status: Option<&str>,
    page: &Page,
) -> Result<Vec<OrderRow>, Error> {
    let (after_time, after_id) = after(page)?;
    let query = sqlx::query_as(select_orders!(
        "WHERE (create_time, id) > (?, ?) AND (?3 IS NULL OR status = ?3) AND shop_id = ?5 \
         ORDER BY create_time, id LIMIT ?4"
    ));
    let query = query.bind(after_time).bind(after_id).bind(status).bind(page.rows()).bind(shop_id);
    Ok(query.fetch_all(connection).await?)
}

/// Where a page begins; before everything where it is the first.
pub(super) fn after(page: &Page) -> Result<(i64, Uuid), Error> {
    match &page.after {
        None => Ok((i64::MIN, Uuid::nil())),
        Some(cursor @ Cursor { time, .. }) => Ok((micros(*time), cursor.uuid().map_err(Error::inconsistent)?)),
    }
}
