//! Events as rows.

use uuid::Uuid;

use super::{Tx, one_row};
use crate::{
    outbox::{NewEvent, Outbox},
    store::Error,
    trace,
};

#[async_trait::async_trait]
impl Outbox for Tx {
    async fn append(&mut self, event: NewEvent) -> Result<(), Error> {
        let written = sqlx::query(
            "INSERT INTO outbox (event_id, kind, aggregate_id, version, time, traceparent, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(Uuid::now_v7())
        .bind(event.kind)
        .bind(event.aggregate_id)
        .bind(event.version)
        .bind(event.time)
        .bind(event.traceparent.or_else(trace::current))
        .bind(event.body)
        .execute(self.connection())
        .await?;
        self.appended = true;
        one_row(&written, "event")
    }
}
