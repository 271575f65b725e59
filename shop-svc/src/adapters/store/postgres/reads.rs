//! The read port over PostgreSQL: connections that cannot write.

use chassis::store::Error;
use sqlx::{PgPool, Postgres, QueryBuilder, Transaction};
use uuid::Uuid;

use super::{histories, orders, phones, shops, units};
use crate::{
    adapters::store::labels::Label,
    app::{History, Orders, Read, Slice, StockedPhone},
    domain::{Phone, Serial, Shop, Stock, Unit, order, unit},
};

/// Begins to read several rows as they were at one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Reads committed rows.
#[derive(Clone, Debug)]
pub struct Reads {
    pool: PgPool,
}

impl Reads {
    /// Reads through `pool`.
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    async fn snapshot(&self) -> Result<Transaction<'static, Postgres>, Error> {
        Ok(self.pool.begin_with(SNAPSHOT).await?)
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn shop(&self, shop_id: Uuid) -> Result<Option<Shop>, Error> {
        shops::find(&self.pool, shop_id).await
    }

    async fn shops(&self, slice: Slice) -> Result<Vec<Shop>, Error> {
        let rows: Vec<shops::Row> = shops_after(slice).build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Shop::try_from).collect()
    }

    async fn phone(&self, shop_id: Uuid, phone_id: Uuid) -> Result<Option<StockedPhone>, Error> {
        phones::find_stocked(&self.pool, shop_id, phone_id).await
    }

    async fn phones(&self, shop_id: Uuid, slice: Slice) -> Result<Vec<StockedPhone>, Error> {
        let rows: Vec<phones::Row> = phones_after(shop_id, slice).build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(StockedPhone::try_from).collect()
    }

    async fn units(
        &self,
        phone: &Phone,
        status: Option<unit::Status>,
        after: Option<&Serial>,
        rows: i64,
    ) -> Result<Vec<Unit>, Error> {
        let mut select = units_after(phone, status, after, rows);
        let rows: Vec<units::Row> = select.build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Unit::try_from).collect()
    }

    async fn history(&self, shop_id: Uuid, serial: &Serial, after: i64, rows: i64) -> Result<Option<History>, Error> {
        let mut snapshot = self.snapshot().await?;
        let unit: Option<units::Row> = sqlx::query_as("SELECT * FROM unit WHERE shop_id = $1 AND serial = $2")
            .bind(shop_id)
            .bind(serial.as_str())
            .fetch_optional(&mut *snapshot)
            .await?;
        let Some(unit) = unit else { return Ok(None) };
        let entries = histories::list(&mut *snapshot, unit.unit_id, after, rows).await?;
        snapshot.rollback().await?;
        Ok(Some(History { unit: unit.try_into()?, entries }))
    }

    async fn stock_of_all(&self) -> Result<Stock, Error> {
        phones::stock_of_all(&self.pool).await
    }

    async fn orders(&self, shop_id: Uuid, status: Option<order::Status>, slice: Slice) -> Result<Orders, Error> {
        let mut snapshot = self.snapshot().await?;
        let orders = orders::list(&mut snapshot, shop_id, status, slice).await?;
        snapshot.rollback().await?;
        Ok(orders)
    }
}

pub fn shops_after(slice: Slice) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new("SELECT * FROM shop");
    if let Some((time, id)) = slice.after {
        select.push(" WHERE (create_time, shop_id) > (").push_bind(time).push(", ").push_bind(id).push(")");
    }
    select.push(" ORDER BY create_time, shop_id LIMIT ").push_bind(slice.rows);
    select
}

pub fn phones_after(shop_id: Uuid, slice: Slice) -> QueryBuilder<Postgres> {
    let mut select = QueryBuilder::new(
        "SELECT phone.*, currency_code, available, reserved, sold, withdrawn \
         FROM phone JOIN shop USING (shop_id) JOIN stock USING (phone_id) WHERE phone.shop_id = ",
    );
    select.push_bind(shop_id);
    if let Some((time, id)) = slice.after {
        select.push(" AND (phone.create_time, phone.phone_id) > (").push_bind(time).push(", ");
        select.push_bind(id).push(")");
    }
    select.push(" ORDER BY phone.create_time, phone.phone_id LIMIT ").push_bind(slice.rows);
    select
}

/// A phone's units of one status or of all, which are merged: the index has the status before the age.
pub fn units_after(
    phone: &Phone,
    status: Option<unit::Status>,
    after: Option<&Serial>,
    rows: i64,
) -> QueryBuilder<Postgres> {
    let statuses = unit::Status::ALL.iter().map(|(status, _)| *status);
    let statuses = statuses.filter(|each| status.is_none_or(|status| status == *each)).map(Label::label);
    let mut select = QueryBuilder::new("SELECT unit.* FROM unnest(");
    select.push_bind(statuses.collect::<Vec<_>>());
    select.push(
        ") AS each (status) CROSS JOIN LATERAL (SELECT * FROM unit WHERE unit.status = each.status AND phone_id = ",
    );
    select.push_bind(phone.id);
    if let Some(serial) = after {
        select.push(" AND unit_id > (SELECT unit_id FROM unit WHERE shop_id = ").push_bind(phone.shop_id);
        select.push(" AND serial = ").push_bind(serial.as_str().to_owned()).push(")");
    }
    // A phone's units are inserted one call after another, at times that never fall: this is the order of
    // (create_time, unit_id).
    select
        .push(" ORDER BY unit_id LIMIT ")
        .push_bind(rows)
        .push(") AS unit ORDER BY unit.unit_id LIMIT ")
        .push_bind(rows);
    select
}
