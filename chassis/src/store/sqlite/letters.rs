//! Dead letters as rows.

use sqlx::{FromRow, QueryBuilder, Row as _, Sqlite, sqlite::SqliteRow};
use uuid::Uuid;

use super::{Tx, micros, one_row, reads::Reads, time_of};
use crate::{
    dead_letter::{Dropped, Kept, Mend, Query, Read},
    inbox::{DeadLetter, Event},
    store::{Error, columns},
};

/// Of a list's rows: the body is left out.
const LISTED: &str = "event_id, producer, epoch, sequence, kind, aggregate_id, event_time, traceparent, x'' AS body, cause, \
     attempts, create_time, drop_reason, dropped_by, drop_time";

#[async_trait::async_trait]
impl Mend for Tx {
    async fn take_letter(&mut self, event_id: Uuid) -> Result<Option<DeadLetter>, Error> {
        let waits = "SELECT * FROM dead_letter WHERE event_id = ? AND status = 'WAITING'";
        let row: Option<Row> = sqlx::query_as(waits).bind(event_id).fetch_optional(self.connection()).await?;
        let Some(Row(kept)) = row else { return Ok(None) };
        let taken = sqlx::query("DELETE FROM dead_letter WHERE event_id = ? AND status = 'WAITING'");
        one_row(&taken.bind(event_id).execute(self.connection()).await?, "dead letter")?;
        Ok(Some(kept.letter))
    }

    async fn fail_letter(&mut self, event_id: Uuid, cause: &str) -> Result<Option<i64>, Error> {
        let attempts = sqlx::query_scalar(
            "UPDATE dead_letter SET cause = ?, attempts = attempts + 1 WHERE event_id = ? AND status = 'WAITING' \
             RETURNING attempts",
        );
        Ok(attempts.bind(cause).bind(event_id).fetch_optional(self.connection()).await?)
    }

    async fn drop_letter(&mut self, event_id: Uuid, dropped: &Dropped) -> Result<bool, Error> {
        let written = sqlx::query(
            "UPDATE dead_letter SET status = 'DROPPED', drop_reason = ?, dropped_by = ?, drop_time = ? \
             WHERE event_id = ? AND status = 'WAITING'",
        )
        .bind(&dropped.reason)
        .bind(&dropped.by)
        .bind(micros(dropped.time))
        .bind(event_id)
        .execute(self.connection())
        .await?;
        Ok(written.rows_affected() == 1)
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn letters(&self, query: &Query) -> Result<Vec<Kept>, Error> {
        let rows: Vec<Row> = list(query).build_query_as().fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|Row(kept)| kept).collect())
    }

    async fn letter(&self, event_id: Uuid) -> Result<Option<Kept>, Error> {
        let found = sqlx::query_as("SELECT * FROM dead_letter WHERE event_id = ?").bind(event_id);
        let row: Option<Row> = found.fetch_optional(&self.pool).await?;
        Ok(row.map(|Row(kept)| kept))
    }

    async fn waiting(&self) -> Result<i64, Error> {
        let waiting = sqlx::query_scalar("SELECT count(*) FROM dead_letter WHERE status = 'WAITING'");
        Ok(waiting.fetch_one(&self.pool).await?)
    }
}

fn list(asked: &Query) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(format!("SELECT {LISTED} FROM dead_letter WHERE TRUE"));
    if let Some(producer) = &asked.producer {
        query.push(" AND producer = ").push_bind(producer.clone());
    }
    if let Some(standing) = asked.standing {
        query.push(" AND status = ").push_bind(columns::standing(standing));
    }
    if let Some((time, event_id)) = asked.after {
        query.push(" AND (create_time, event_id) > (").push_bind(micros(time));
        query.push(", ").push_bind(event_id).push(")");
    }
    query.push(" ORDER BY create_time, event_id LIMIT ").push_bind(asked.rows);
    query
}

struct Row(Kept);

impl FromRow<'_, SqliteRow> for Row {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let event = Event {
            id: row.try_get("event_id")?,
            producer: row.try_get("producer")?,
            epoch: row.try_get("epoch")?,
            sequence: row.try_get("sequence")?,
            kind: row.try_get("kind")?,
            aggregate_id: row.try_get("aggregate_id")?,
            time: time_of(row.try_get("event_time")?)?,
            traceparent: row.try_get("traceparent")?,
            body: row.try_get::<Vec<u8>, _>("body")?.into(),
        };
        let drop_time: Option<i64> = row.try_get("drop_time")?;
        let drop_time = drop_time.map(time_of).transpose()?;
        let dropped = columns::dropped(row.try_get("drop_reason")?, row.try_get("dropped_by")?, drop_time)?;
        let (cause, attempts) = (row.try_get("cause")?, row.try_get("attempts")?);
        let time = time_of(row.try_get("create_time")?)?;
        Ok(Self(Kept { letter: DeadLetter { event, cause, attempts, time }, dropped }))
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::{dead_letter::Standing, store::sqlite::plans::plan};

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let (producer, standing) = (Some("other".to_owned()), Some(Standing::Waiting));
        let after = Some((OffsetDateTime::UNIX_EPOCH, Uuid::nil()));
        for (producer, standing, index) in [
            (None, None, "dead_letter_by_time"),
            (None, standing, "dead_letter_by_status"),
            (producer.clone(), None, "dead_letter_by_producer"),
            (producer, standing, "dead_letter_by_producer_status"),
        ] {
            let plan = plan(&list(&Query { producer, standing, after, rows: 10 })).await;
            assert!(plan.contains(&format!("USING INDEX {index} (")) && !plan.contains("B-TREE"), "{plan}");
        }
    }
}
