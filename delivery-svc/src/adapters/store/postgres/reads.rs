//! Reads, on connections that cannot write.

use async_trait::async_trait;
use chassis::store::Error;
use sqlx::PgPool;
use uuid::Uuid;

use super::{AddressedRow, statements};
use crate::{
    adapters::store::row::SELECT_ADDRESSED_BY_ID,
    app::{self, list_deliveries::Query, ports::Addressed},
    domain::{delivery::Status, named::Named},
};

/// Deliveries, read.
pub struct Reads(PgPool);

impl Reads {
    /// Reads through connections that can only read.
    pub fn new(pool: PgPool) -> Self {
        Self(pool)
    }
}

#[async_trait]
impl app::Read for Reads {
    async fn delivery(&self, id: Uuid) -> Result<Option<Addressed>, Error> {
        let row: Option<AddressedRow> = sqlx::query_as(SELECT_ADDRESSED_BY_ID).bind(id).fetch_optional(&self.0).await?;
        row.map(TryInto::try_into).transpose()
    }

    async fn deliveries(&self, asked: &Query) -> Result<Vec<Addressed>, Error> {
        let rows: Vec<AddressedRow> = statements::list(asked).build_query_as().fetch_all(&self.0).await?;
        rows.into_iter().map(TryInto::try_into).collect()
    }

    async fn addressed(&self, customer_id: &str) -> Result<u32, Error> {
        let count: i64 = sqlx::query_scalar(statements::ADDRESSED).bind(customer_id).fetch_one(&self.0).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    async fn standing(&self, status: Status, most: u32) -> Result<u32, Error> {
        let query = sqlx::query_scalar(statements::STANDING).bind(status.name()).bind(i64::from(most));
        let count: i64 = query.fetch_one(&self.0).await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}
