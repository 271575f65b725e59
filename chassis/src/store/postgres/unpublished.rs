//! What waits in the outbox and what happened to one aggregate, as rows.

use sqlx::{FromRow, Row as _, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

use super::reads::Reads;
use crate::{
    outbox::{Backlog, Read, Unpublished, Version},
    store::Error,
};

/// What is numbered and not marked is a batch or two of the relay; it may stand behind what committed late.
const UNPUBLISHED: &str = "SELECT * FROM \
     ((SELECT position, event_id, sequence, kind, aggregate_id, time FROM outbox \
       WHERE epoch = (SELECT epoch FROM relay) AND sequence > (SELECT published_through FROM relay) AND position > $1) \
      UNION ALL \
      (SELECT position, event_id, NULL, kind, aggregate_id, time FROM outbox \
       WHERE sequence IS NULL AND position > $1 ORDER BY position LIMIT $2)) AS waiting \
     ORDER BY position LIMIT $2";

/// A longer backlog is counted as so many.
const COUNTED: i64 = 1_000_000;

const BACKLOG: &str = "SELECT next_sequence - 1 - published_through \
     + (SELECT count(*) FROM (SELECT 1 FROM outbox WHERE sequence IS NULL LIMIT $1) AS unnumbered), \
     least((SELECT time FROM outbox WHERE epoch = relay.epoch AND sequence > relay.published_through ORDER BY sequence LIMIT 1), \
           (SELECT time FROM outbox WHERE sequence IS NULL ORDER BY position LIMIT 1)) FROM relay";

/// Two at least; then they end with the first one that no longer fits.
const VERSIONS: &str = "SELECT event_id, version, kind, time, traceparent, body FROM \
     (SELECT *, sum(octet_length(body)) OVER (ORDER BY version) AS bytes, row_number() OVER (ORDER BY version) AS place \
      FROM (SELECT * FROM outbox WHERE aggregate_id = $1 AND version > $2 ORDER BY version LIMIT $3) AS found) AS sized \
     WHERE bytes - octet_length(body) <= $4 OR place <= 2 ORDER BY version";

#[async_trait::async_trait]
impl Read for Reads {
    async fn unpublished(&self, after: i64, rows: i64) -> Result<Vec<Unpublished>, Error> {
        let found: Vec<Waiting> = sqlx::query_as(UNPUBLISHED).bind(after).bind(rows).fetch_all(self.pool()).await?;
        Ok(found.into_iter().map(|Waiting(event)| event).collect())
    }

    async fn backlog(&self) -> Result<Backlog, Error> {
        let backlog: (i64, Option<OffsetDateTime>) =
            sqlx::query_as(BACKLOG).bind(COUNTED).fetch_one(self.pool()).await?;
        Ok(Backlog { count: backlog.0, oldest: backlog.1 })
    }

    async fn versions(
        &self,
        aggregate_id: Uuid,
        after: i64,
        rows: i64,
        max_bytes: usize,
    ) -> Result<Vec<Version>, Error> {
        let max_bytes = i64::try_from(max_bytes).unwrap_or(i64::MAX);
        let query = sqlx::query_as(VERSIONS).bind(aggregate_id).bind(after).bind(rows).bind(max_bytes);
        let found: Vec<Row> = query.fetch_all(self.pool()).await?;
        Ok(found.into_iter().map(|Row(event)| event).collect())
    }
}

struct Waiting(Unpublished);

impl FromRow<'_, PgRow> for Waiting {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Unpublished {
            position: row.try_get("position")?,
            id: row.try_get("event_id")?,
            sequence: row.try_get("sequence")?,
            kind: row.try_get("kind")?,
            aggregate_id: row.try_get("aggregate_id")?,
            time: row.try_get("time")?,
        }))
    }
}

struct Row(Version);

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Version {
            id: row.try_get("event_id")?,
            version: row.try_get("version")?,
            kind: row.try_get("kind")?,
            time: row.try_get("time")?,
            traceparent: row.try_get("traceparent")?,
            body: row.try_get("body")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::plans::{Filled, Values, reads_along};

    #[tokio::test]
    async fn what_waits_is_read_along_its_indices() {
        let mut filled = Filled::new().await;
        let both = ["outbox_by_sequence", "outbox_unnumbered"];
        let first = Values::default().with(0_i64).with(50_i64);
        reads_along(&filled.plan_of(UNPUBLISHED, first).await, &both);
        reads_along(&filled.plan_of(BACKLOG, Values::default().with(COUNTED)).await, &both);
    }

    #[tokio::test]
    async fn an_aggregates_events_are_read_along_its_versions() {
        let mut filled = Filled::new().await;
        let values = Values::default().with(Uuid::nil()).with(0_i64).with(50_i64).with(1_000_i64);
        reads_along(&filled.plan_of(VERSIONS, values).await, &["outbox_aggregate_id_version_key"]);
    }
}
