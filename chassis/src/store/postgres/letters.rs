//! Dead letters as rows.

use sqlx::{FromRow, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{Tx, reads::Reads};
use crate::{
    dead_letter::{Dropped, Kept, Mend, Query, Read},
    inbox::{DeadLetter, Event},
    store::{Error, columns},
};

/// Of a list's rows: the body is left out.
const LISTED: &str = "event_id, producer, epoch, sequence, kind, aggregate_id, event_time, traceparent, ''::bytea AS body, \
     cause, attempts, create_time, drop_reason, dropped_by, drop_time";

#[async_trait::async_trait]
impl Mend for Tx {
    async fn take_letter(&mut self, event_id: Uuid) -> Result<Option<DeadLetter>, Error> {
        let taken = sqlx::query_as("DELETE FROM dead_letter WHERE event_id = $1 AND status = 'WAITING' RETURNING *");
        let row: Option<Row> = taken.bind(event_id).fetch_optional(self.connection()).await?;
        Ok(row.map(|Row(kept)| kept.letter))
    }

    async fn fail_letter(&mut self, event_id: Uuid, cause: &str) -> Result<Option<i64>, Error> {
        let attempts = sqlx::query_scalar(
            "UPDATE dead_letter SET cause = $1, attempts = attempts + 1 WHERE event_id = $2 AND status = 'WAITING' \
             RETURNING attempts",
        );
        Ok(attempts.bind(cause).bind(event_id).fetch_optional(self.connection()).await?)
    }

    async fn drop_letter(&mut self, event_id: Uuid, dropped: &Dropped) -> Result<bool, Error> {
        let written = sqlx::query(
            "UPDATE dead_letter SET status = 'DROPPED', drop_reason = $1, dropped_by = $2, drop_time = $3 \
             WHERE event_id = $4 AND status = 'WAITING'",
        )
        .bind(&dropped.reason)
        .bind(&dropped.by)
        .bind(dropped.time)
        .bind(event_id)
        .execute(self.connection())
        .await?;
        Ok(written.rows_affected() == 1)
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn letters(&self, query: &Query) -> Result<Vec<Kept>, Error> {
        let rows: Vec<Row> = list(query).build_query_as().fetch_all(self.pool()).await?;
        Ok(rows.into_iter().map(|Row(kept)| kept).collect())
    }

    async fn letter(&self, event_id: Uuid) -> Result<Option<Kept>, Error> {
        let found = sqlx::query_as("SELECT * FROM dead_letter WHERE event_id = $1").bind(event_id);
        let row: Option<Row> = found.fetch_optional(self.pool()).await?;
        Ok(row.map(|Row(kept)| kept))
    }

    async fn waiting(&self) -> Result<i64, Error> {
        let waiting = sqlx::query_scalar("SELECT count(*) FROM dead_letter WHERE status = 'WAITING'");
        Ok(waiting.fetch_one(self.pool()).await?)
    }
}

fn list(asked: &Query) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(format!("SELECT {LISTED} FROM dead_letter WHERE TRUE"));
    if let Some(producer) = &asked.producer {
        query.push(" AND producer = ").push_bind(producer.clone());
    }
    if let Some(standing) = asked.standing {
        query.push(" AND status = ").push_bind(columns::standing(standing));
    }
    if let Some((time, event_id)) = asked.after {
        query.push(" AND (create_time, event_id) > (").push_bind(time);
        query.push(", ").push_bind(event_id).push(")");
    }
    query.push(" ORDER BY create_time, event_id LIMIT ").push_bind(asked.rows);
    query
}

struct Row(Kept);

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let event = Event {
            id: row.try_get("event_id")?,
            producer: row.try_get("producer")?,
            epoch: row.try_get("epoch")?,
            sequence: row.try_get("sequence")?,
            kind: row.try_get("kind")?,
            aggregate_id: row.try_get("aggregate_id")?,
            time: row.try_get("event_time")?,
            traceparent: row.try_get("traceparent")?,
            body: row.try_get::<Vec<u8>, _>("body")?.into(),
        };
        let (cause, attempts, time) = (row.try_get("cause")?, row.try_get("attempts")?, row.try_get("create_time")?);
        let dropped =
            columns::dropped(row.try_get("drop_reason")?, row.try_get("dropped_by")?, row.try_get("drop_time")?)?;
        Ok(Self(Kept { letter: DeadLetter { event, cause, attempts, time }, dropped }))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::{
        dead_letter::Standing,
        store::postgres::plans::{Filled, reads_along},
    };

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let mut filled = Filled::new().await;
        let (producer, standing) = (Some("p7".to_owned()), Some(Standing::Waiting));
        let after = Some((OffsetDateTime::UNIX_EPOCH + Duration::minutes(20), Uuid::nil()));
        for (producer, standing, index) in [
            (None, None, "dead_letter_by_time"),
            (None, standing, "dead_letter_by_"),
            (producer.clone(), None, "dead_letter_by_producer"),
            (producer, standing, "dead_letter_by_producer"),
        ] {
            let plan = filled.plan(list(&Query { producer, standing, after, rows: 10 })).await;
            reads_along(&plan, &[index]);
        }
    }
}
