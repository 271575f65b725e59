//! What waits in the outbox and what happened to one aggregate, as rows.

use futures::TryStreamExt;
use sqlx::{FromRow, Row as _, sqlite::SqliteRow};
use uuid::Uuid;

use super::{reads::Reads, time_of};
use crate::{
    outbox::{Backlog, Read, Unpublished, Version},
    store::Error,
};

/// What is numbered and not marked comes before what is not numbered: numbers are given along the positions.
const UNPUBLISHED: &str = "SELECT * FROM \
     (SELECT position, event_id, sequence, kind, aggregate_id, time FROM outbox \
      WHERE epoch = (SELECT epoch FROM relay) AND sequence > (SELECT published_through FROM relay) AND position > ?1 \
      ORDER BY sequence LIMIT ?2) \
     UNION ALL SELECT * FROM \
     (SELECT position, event_id, NULL, kind, aggregate_id, time FROM outbox \
      WHERE sequence IS NULL AND position > ?1 ORDER BY position LIMIT ?2) \
     LIMIT ?2";

/// Positions have no gap: rows are never deleted, and what is rolled back gives its positions back. So the first and the
/// last one without a number tell how many there are.
const COUNT: &str = "SELECT next_sequence - 1 - published_through \
     + coalesce((SELECT max(position) FROM outbox WHERE sequence IS NULL) \
              - (SELECT min(position) FROM outbox WHERE sequence IS NULL) + 1, 0) FROM relay";

const VERSIONS: &str = "SELECT event_id, version, kind, time, traceparent, body FROM outbox \
     WHERE aggregate_id = ? AND version > ? ORDER BY version LIMIT ?";

#[async_trait::async_trait]
impl Read for Reads {
    async fn unpublished(&self, after: i64, rows: i64) -> Result<Vec<Unpublished>, Error> {
        let found: Vec<Waiting> = sqlx::query_as(UNPUBLISHED).bind(after).bind(rows).fetch_all(&self.pool).await?;
        Ok(found.into_iter().map(|Waiting(event)| event).collect())
    }

    async fn backlog(&self) -> Result<Backlog, Error> {
        let mut transaction = self.pool.begin().await?;
        let count = sqlx::query_scalar(COUNT).fetch_one(&mut *transaction).await?;
        let first: Option<Waiting> =
            sqlx::query_as(UNPUBLISHED).bind(0).bind(1).fetch_optional(&mut *transaction).await?;
        Ok(Backlog { count, oldest: first.map(|Waiting(event)| event.time) })
    }

    async fn versions(
        &self,
        aggregate_id: Uuid,
        after: i64,
        rows: i64,
        max_bytes: usize,
    ) -> Result<Vec<Version>, Error> {
        let query = sqlx::query_as(VERSIONS).bind(aggregate_id).bind(after).bind(rows);
        let (mut found, mut events, mut bytes) = (query.fetch(&self.pool), Vec::new(), 0);
        while (bytes <= max_bytes || events.len() < 2)
            && let Some(Row(event)) = found.try_next().await?
        {
            bytes += event.body.len();
            events.push(event);
        }
        Ok(events)
    }
}

struct Waiting(Unpublished);

impl FromRow<'_, SqliteRow> for Waiting {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Unpublished {
            position: row.try_get("position")?,
            id: row.try_get("event_id")?,
            sequence: row.try_get("sequence")?,
            kind: row.try_get("kind")?,
            aggregate_id: row.try_get("aggregate_id")?,
            time: time_of(row.try_get("time")?)?,
        }))
    }
}

struct Row(Version);

impl FromRow<'_, SqliteRow> for Row {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Version {
            id: row.try_get("event_id")?,
            version: row.try_get("version")?,
            kind: row.try_get("kind")?,
            time: time_of(row.try_get("time")?)?,
            traceparent: row.try_get("traceparent")?,
            body: row.try_get("body")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plans::plan_of;

    #[tokio::test]
    async fn what_waits_is_read_along_its_indices() {
        let unpublished = plan_of(UNPUBLISHED).await;
        assert!(
            !unpublished.contains("SCAN outbox") || unpublished.contains("SCAN outbox USING INDEX"),
            "{unpublished}"
        );
        for index in ["outbox_by_sequence (epoch=? AND sequence>?)", "outbox_unnumbered (position>?)"] {
            assert!(unpublished.contains(index), "{index} in {unpublished}");
        }
        let count = plan_of(COUNT).await;
        assert_eq!(count.matches("SEARCH outbox USING INDEX outbox_unnumbered").count(), 2, "{count}");
    }

    #[tokio::test]
    async fn an_aggregates_events_are_read_along_its_versions() {
        let plan = plan_of(VERSIONS).await;
        assert!(plan.contains("(aggregate_id=? AND version>?)") && !plan.contains("B-TREE"), "{plan}");
    }
}
