//! Reads, on connections that cannot write. Each is one statement, and so of one moment.

use std::collections::HashSet;

use chassis::{idempotency::Scope, page::Page, store::Error};
use sqlx::PgPool;
use time::{OffsetDateTime, macros::datetime};
use uuid::Uuid;

use super::{
    rows::{self, JoinedRow},
    statements,
};
use crate::{
    adapters::store::rows::{BookingRow, EventRow, parse_claim},
    app::ports::{Claim, Counts, DueBooking, Filter, HistoryEntry, Owner, Placed, Read, TooLong},
    domain::{Order, order::WaitsFor},
};

/// Before every order.
const BEGINNING: OffsetDateTime = datetime!(0001-01-01 0:00 UTC);
/// Everything that an order can wait for.
const ALL: [WaitsFor; 3] = [WaitsFor::Booking, WaitsFor::Stock, WaitsFor::Shipment];

/// Orders, read.
pub struct Reads {
    pool: PgPool,
}

impl Reads {
    /// Reads through `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn waiting(&self, kind: WaitsFor, too_long: &TooLong, page: &Page) -> Result<Vec<Order>, Error> {
        let (statement, before) = match kind {
            WaitsFor::Booking => (statements::UNBOOKED, too_long.placed_before),
            WaitsFor::Stock => (statements::UNRESERVED, too_long.placed_before),
            WaitsFor::Shipment => (statements::UNSHIPPED, too_long.confirmed_before),
        };
        let (after_time, after_id) = after(page)?;
        let query = sqlx::query_as(statement).bind(after_time).bind(after_id).bind(before).bind(page.rows());
        rows::joined(query.fetch_all(&self.pool).await?)
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn order(&self, id: Uuid) -> Result<Option<Order>, Error> {
        let found = sqlx::query_as(statements::ORDER).bind(id).fetch_all(&self.pool).await?;
        Ok(rows::joined(found)?.pop())
    }

    async fn orders(&self, filter: &Filter, page: &Page) -> Result<Vec<Order>, Error> {
        let (after_time, after_id) = after(page)?;
        let list = |statement: &'static str| {
            sqlx::query_as::<_, JoinedRow>(statement)
                .bind(after_time)
                .bind(after_id)
                .bind(filter.status)
                .bind(page.rows())
        };
        // One statement for each kind of owner, so that each has its index.
        let found = match &filter.owner {
            Owner::Anyone => list(statements::ALL),
            Owner::Customer(customer_id) => list(statements::OF_CUSTOMER).bind(customer_id),
            Owner::Shop(shop_id) => list(statements::OF_SHOP).bind(shop_id),
            Owner::Either(customer_id, shop_id) => list(statements::OF_EITHER).bind(customer_id).bind(shop_id),
        };
        rows::joined(found.fetch_all(&self.pool).await?)
    }

    async fn history(&self, id: Uuid, page: &Page) -> Result<Vec<HistoryEntry>, Error> {
        let after = page.after_number().map_err(Error::inconsistent)?;
        let query = sqlx::query_as(statements::HISTORY).bind(id).bind(after).bind(page.rows());
        let entries: Vec<EventRow<OffsetDateTime>> = query.fetch_all(&self.pool).await?;
        entries.into_iter().map(TryInto::try_into).collect()
    }

    async fn placed_with(&self, scope: &Scope) -> Result<Option<Placed>, Error> {
        rows::placed_with(&self.pool, scope).await
    }

    async fn claim(&self, id: Uuid) -> Result<Option<Claim>, Error> {
        let query = sqlx::query_scalar("SELECT claimed_by FROM claim WHERE id = $1").bind(id);
        let name: Option<String> = query.fetch_optional(&self.pool).await?;
        name.as_deref().map(parse_claim).transpose()
    }

    async fn overdue(&self, before: OffsetDateTime, limit: u32) -> Result<Vec<Uuid>, Error> {
        let overdue = sqlx::query_scalar(statements::OVERDUE).bind(before).bind(i64::from(limit));
        Ok(overdue.fetch_all(&self.pool).await?)
    }

    async fn outstanding_booking(&self, order_id: Uuid) -> Result<Option<DueBooking>, Error> {
        let query = sqlx::query_as(statements::OUTSTANDING).bind(order_id);
        let outstanding: Option<BookingRow<OffsetDateTime>> = query.fetch_optional(&self.pool).await?;
        outstanding.map(TryInto::try_into).transpose()
    }

    async fn stuck(&self, waits_for: Option<WaitsFor>, too_long: &TooLong, page: &Page) -> Result<Vec<Order>, Error> {
        let mut orders: Vec<Order> = Vec::new();
        for kind in ALL.into_iter().filter(|kind| waits_for.is_none_or(|wanted| wanted == *kind)) {
            orders.extend(self.waiting(kind, too_long, page).await?);
        }
        orders.sort_by_key(|order| (order.waits_since(), order.id));
        // An order that went on between two of the statements waits for something else by now.
        let mut known = HashSet::new();
        orders.retain(|order| known.insert(order.id));
        orders.truncate(usize::try_from(page.rows()).unwrap_or(usize::MAX));
        Ok(orders)
    }

    async fn counts(&self, too_long: &TooLong) -> Result<Counts, Error> {
        let query = sqlx::query_as(statements::COUNTS).bind(too_long.placed_before).bind(too_long.confirmed_before);
        let row: (i64, i64, i64, i64, i64, i64, i64) = query.fetch_one(&self.pool).await?;
        let (unbooked, stuck_for_booking, unreserved, stuck_for_stock, unshipped, stuck_for_shipment, shipped) = row;
        let count = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Counts {
            placed: count(unbooked + unreserved),
            confirmed: count(unshipped),
            shipped: count(shipped),
            bookings_outstanding: count(unbooked),
            stuck_for_booking: count(stuck_for_booking),
            stuck_for_stock: count(stuck_for_stock),
            stuck_for_shipment: count(stuck_for_shipment),
        })
    }
}

/// Where a page begins; before everything where it is the first.
fn after(page: &Page) -> Result<(OffsetDateTime, Uuid), Error> {
    let after = page.after_uuid().map_err(Error::inconsistent)?;
    Ok(after.unwrap_or((BEGINNING, Uuid::nil())))
}
