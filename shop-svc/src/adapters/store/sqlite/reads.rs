//! The read port over SQLite: connections that cannot write.

use chassis::store::{Error, sqlite::micros};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};
use uuid::Uuid;

use super::{histories, orders, phones, shops, units};
use crate::{
    adapters::store::labels::Label,
    app::{History, Orders, Read, Slice, StockedPhone},
    domain::{Phone, Serial, Shop, Stock, Unit, order, unit},
};

/// Reads committed rows.
#[derive(Clone, Debug)]
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
    async fn shop(&self, shop_id: Uuid) -> Result<Option<Shop>, Error> {
        shops::find(&self.pool, shop_id).await
    }

    async fn shops(&self, slice: Slice) -> Result<Vec<Shop>, Error> {
        let mut select = QueryBuilder::<Sqlite>::new("SELECT * FROM shop");
        if let Some((time, id)) = slice.after {
            select.push(" WHERE (create_time, shop_id) > (").push_bind(micros(time)).push(", ");
            select.push_bind(id).push(")");
        }
        select.push(" ORDER BY create_time, shop_id LIMIT ").push_bind(slice.rows);
        let rows: Vec<shops::Row> = select.build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Shop::try_from).collect()
    }

    async fn phone(&self, shop_id: Uuid, phone_id: Uuid) -> Result<Option<StockedPhone>, Error> {
        phones::find_stocked(&self.pool, shop_id, phone_id).await
    }

    async fn phones(&self, shop_id: Uuid, slice: Slice) -> Result<Vec<StockedPhone>, Error> {
        let mut select = QueryBuilder::<Sqlite>::new(
            "SELECT phone.*, currency_code, available, reserved, sold, withdrawn \
             FROM phone JOIN shop USING (shop_id) JOIN stock USING (phone_id) WHERE phone.shop_id = ",
        );
        select.push_bind(shop_id);
        if let Some((time, id)) = slice.after {
            select.push(" AND (phone.create_time, phone.phone_id) > (").push_bind(micros(time)).push(", ");
            select.push_bind(id).push(")");
        }
        select.push(" ORDER BY phone.create_time, phone.phone_id LIMIT ").push_bind(slice.rows);
        let rows: Vec<phones::Row> = select.build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(StockedPhone::try_from).collect()
    }

    async fn units(
        &self,
        phone: &Phone,
        status: Option<unit::Status>,
        after: Option<&Serial>,
        rows: i64,
    ) -> Result<Vec<Unit>, Error> {
        let mut select = QueryBuilder::<Sqlite>::new("SELECT * FROM unit WHERE phone_id = ");
        select.push_bind(phone.id);
        if let Some(status) = status {
            select.push(" AND status = ").push_bind(status.label());
        }
        if let Some(serial) = after {
            select.push(" AND unit_id > (SELECT unit_id FROM unit WHERE shop_id = ").push_bind(phone.shop_id);
            select.push(" AND serial = ").push_bind(serial.as_str()).push(")");
        }
        // A phone's units are inserted at times that never fall: this is the order of (create_time, unit_id).
        select.push(" ORDER BY unit_id LIMIT ").push_bind(rows);
        let rows: Vec<units::Row> = select.build_query_as().fetch_all(&self.pool).await?;
        rows.into_iter().map(Unit::try_from).collect()
    }

    async fn history(&self, shop_id: Uuid, serial: &Serial, after: i64, rows: i64) -> Result<Option<History>, Error> {
        let mut snapshot = self.pool.begin().await?;
        let unit: Option<units::Row> = sqlx::query_as("SELECT * FROM unit WHERE shop_id = ? AND serial = ?")
            .bind(shop_id)
            .bind(serial.as_str())
            .fetch_optional(&mut *snapshot)
            .await?;
        let Some(unit) = unit else { return Ok(None) };
        let entries = histories::list(&mut snapshot, unit.unit_id, after, rows).await?;
        snapshot.rollback().await?;
        Ok(Some(History { unit: unit.try_into()?, entries }))
    }

    async fn stock_of_all(&self) -> Result<Stock, Error> {
        phones::stock_of_all(&self.pool).await
    }

    async fn orders(&self, shop_id: Uuid, status: Option<order::Status>, slice: Slice) -> Result<Orders, Error> {
        let mut snapshot = self.pool.begin().await?;
        let orders = orders::list(&mut snapshot, shop_id, status, slice).await?;
        snapshot.rollback().await?;
        Ok(orders)
    }
}
