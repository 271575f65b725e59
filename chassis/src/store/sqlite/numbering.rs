//! The relay's lease and numbers as rows.

use std::time::Duration;

use futures::{Stream, TryStreamExt};
use sqlx::{FromRow, Row, sqlite::SqliteRow};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, micros, reads::Reads, time_of};
use crate::{
    outbox::LoggedEvent,
    relay::{self, Head, MAX_BATCH_BYTES, Numbered, Numbering, Term},
    store::{Error, meters},
};

#[async_trait::async_trait]
impl Numbering for Tx {
    async fn lease(
        &mut self,
        holder: Uuid,
        now: OffsetDateTime,
        time_to_live: Duration,
    ) -> Result<Option<Term>, Error> {
        let term: Option<i64> = sqlx::query_scalar(
            "UPDATE relay SET term = term + (holder IS NOT ?1), holder = ?1, lease_until = ?2 \
             WHERE holder IS ?1 OR holder IS NULL OR lease_until <= ?3 RETURNING term",
        )
        .bind(holder)
        .bind(micros(now + time_to_live))
        .bind(micros(now))
        .fetch_optional(self.connection())
        .await?;
        Ok(term.map(Term))
    }

    async fn release(&mut self, term: Term) -> Result<(), Error> {
        sqlx::query("UPDATE relay SET holder = NULL, lease_until = 0 WHERE term = ?")
            .bind(term.0)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn number(&mut self, term: Term, published: i64, limit: u32) -> Result<Option<Numbered>, Error> {
        let relay: Option<(Uuid, i64, i64)> = sqlx::query_as(
            "UPDATE relay SET published_through = max(published_through, ?2) WHERE term = ?1 \
             RETURNING epoch, next_sequence, published_through",
        )
        .bind(term.0)
        .bind(published)
        .fetch_optional(self.connection())
        .await?;
        let Some((epoch, next, published_through)) = relay else { return Ok(None) };
        let waiting = next - 1 - published_through;
        let room = i64::from(limit).saturating_sub(waiting).max(0);
        let given = give_numbers(self, epoch, next, room).await?;
        sqlx::query("UPDATE relay SET next_sequence = next_sequence + ? WHERE term = ?")
            .bind(given)
            .bind(term.0)
            .execute(self.connection())
            .await?;
        let rows = sqlx::query_as(SELECT_EVENTS).bind(epoch).bind(published_through).bind(limit);
        let events = bounded(rows.fetch(self.connection()), MAX_BATCH_BYTES).await?;
        Ok(Some(Numbered { epoch, events }))
    }
}

async fn give_numbers(tx: &mut Tx, epoch: Uuid, next: i64, room: i64) -> Result<i64, Error> {
    let numbered = sqlx::query(
        "UPDATE outbox SET epoch = ?1, sequence = ?2 + waiting.place FROM \
         (SELECT position, row_number() OVER (ORDER BY position) - 1 AS place FROM \
          (SELECT position FROM outbox WHERE sequence IS NULL ORDER BY position LIMIT ?3)) AS waiting \
         WHERE outbox.position = waiting.position",
    )
    .bind(epoch)
    .bind(next)
    .bind(room)
    .execute(tx.connection())
    .await?;
    i64::try_from(numbered.rows_affected()).map_err(Error::inconsistent)
}

/// In the order in which they began.
const EPOCHS: &str = "SELECT epoch, head FROM (SELECT number, epoch, head FROM ended_epoch UNION ALL \
     SELECT NULL, epoch, next_sequence - 1 FROM relay) AS every ORDER BY number NULLS LAST";

const SELECT_EVENTS: &str = "SELECT event_id, sequence, kind, aggregate_id, time, traceparent, body FROM outbox \
     WHERE epoch = ? AND sequence > ? ORDER BY sequence LIMIT ?";

struct Logged(LoggedEvent);

impl FromRow<'_, SqliteRow> for Logged {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(LoggedEvent {
            id: row.try_get("event_id")?,
            sequence: row.try_get("sequence")?,
            kind: row.try_get("kind")?,
            aggregate_id: row.try_get("aggregate_id")?,
            time: time_of(row.try_get("time")?)?,
            traceparent: row.try_get("traceparent")?,
            body: row.try_get("body")?,
        }))
    }
}

/// The first events, up to `max_bytes` of bodies, one at least; the rest is not read.
async fn bounded(
    mut rows: impl Stream<Item = Result<Logged, sqlx::Error>> + Unpin,
    max_bytes: usize,
) -> Result<Vec<LoggedEvent>, Error> {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while let Some(Logged(event)) = rows.try_next().await? {
        bytes += event.body.len();
        if bytes > max_bytes && !events.is_empty() {
            break;
        }
        events.push(event);
    }
    Ok(events)
}

#[async_trait::async_trait]
impl relay::Log for Reads {
    async fn appended(&self) {
        self.wake.notified().await;
    }

    async fn epochs(&self) -> Result<Vec<Head>, Error> {
        let epochs: Vec<(Uuid, i64)> = sqlx::query_as(EPOCHS).fetch_all(&self.pool).await?;
        Ok(epochs.into_iter().map(|(epoch, sequence)| Head { epoch, sequence }).collect())
    }

    async fn unnumbered(&self) -> Result<bool, Error> {
        let waits = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox WHERE sequence IS NULL)");
        Ok(waits.fetch_one(&self.pool).await?)
    }

    async fn read(&self, epoch: Uuid, after: i64, limit: u32, max_bytes: usize) -> Result<Vec<LoggedEvent>, Error> {
        let rows = sqlx::query_as(SELECT_EVENTS).bind(epoch).bind(after).bind(limit).fetch(&self.pool);
        bounded(rows, max_bytes).await
    }

    async fn stopped(&self) {
        self.writer.stopped().await;
    }

    fn measure(&self) {
        let (waiting, limit) = self.writer.waiting();
        meters::queue(waiting, limit);
        meters::readers(self.pool.size(), self.pool.num_idle());
    }

    async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT singleton FROM relay").execute(&self.pool).await?;
        Ok(())
    }
}
