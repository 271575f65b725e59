//! The relay's lease and numbers as rows.

use std::time::Duration;

use sqlx::{FromRow, Row, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, reads::Reads};
use crate::{
    outbox::LoggedEvent,
    relay::{self, Head, MAX_BATCH_BYTES, Numbered, Numbering, Term},
    store::{Error, meters, one_row},
};

const WAITING: &str = "SELECT position FROM outbox WHERE sequence IS NULL ORDER BY position LIMIT $1";
const NUMBER: &str = "UPDATE outbox SET epoch = $1, sequence = $2 + waiting.place - 1 \
     FROM unnest($3::bigint[]) WITH ORDINALITY AS waiting (position, place) WHERE outbox.position = waiting.position";
/// In the order in which they began.
const EPOCHS: &str = "SELECT epoch, head FROM (SELECT number, epoch, head FROM ended_epoch UNION ALL \
     SELECT NULL, epoch, next_sequence - 1 FROM relay) AS every ORDER BY number NULLS LAST";

/// The first events, up to so many bytes of bodies, one at least; what is not answered does not leave the server.
const SELECT_EVENTS: &str = "SELECT event_id, sequence, kind, aggregate_id, time, traceparent, body FROM \
     (SELECT *, sum(octet_length(body)) OVER (ORDER BY sequence) AS bytes, row_number() OVER (ORDER BY sequence) AS place \
      FROM (SELECT * FROM outbox WHERE epoch = $1 AND sequence > $2 ORDER BY sequence LIMIT $3) AS found) AS sized \
     WHERE bytes <= $4 OR place = 1 ORDER BY sequence";

#[async_trait::async_trait]
impl Numbering for Tx {
    async fn lease(
        &mut self,
        holder: Uuid,
        now: OffsetDateTime,
        time_to_live: Duration,
    ) -> Result<Option<Term>, Error> {
        // The row is locked while somebody numbers: a takeover waits for that.
        let term: Option<i64> = sqlx::query_scalar(
            "UPDATE relay SET term = term + CASE WHEN holder IS DISTINCT FROM $1 THEN 1 ELSE 0 END, holder = $1, \
             lease_until = $2 WHERE holder = $1 OR holder IS NULL OR lease_until <= $3 RETURNING term",
        )
        .bind(holder)
        .bind(now + time_to_live)
        .bind(now)
        .fetch_optional(self.connection())
        .await?;
        Ok(term.map(Term))
    }

    async fn release(&mut self, term: Term) -> Result<(), Error> {
        sqlx::query("UPDATE relay SET holder = NULL, lease_until = 'epoch' WHERE term = $1")
            .bind(term.0)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn number(&mut self, term: Term, published: i64, limit: u32) -> Result<Option<Numbered>, Error> {
        let relay: Option<(Uuid, i64, i64)> = sqlx::query_as(
            "UPDATE relay SET published_through = greatest(published_through, $2) WHERE term = $1 \
             RETURNING epoch, next_sequence, published_through",
        )
        .bind(term.0)
        .bind(published)
        .fetch_optional(self.connection())
        .await?;
        let Some((epoch, next, published_through)) = relay else { return Ok(None) };
        let room = i64::from(limit).saturating_sub(next - 1 - published_through);
        if room > 0 {
            give_numbers(self, term, epoch, next, room).await?;
        }
        let max_bytes = i64::try_from(MAX_BATCH_BYTES).unwrap_or(i64::MAX);
        let events = sqlx::query_as(SELECT_EVENTS).bind(epoch).bind(published_through).bind(i64::from(limit));
        let events: Vec<Logged> = events.bind(max_bytes).fetch_all(self.connection()).await?;
        Ok(Some(Numbered { epoch, events: events.into_iter().map(|Logged(event)| event).collect() }))
    }
}

async fn give_numbers(tx: &mut Tx, term: Term, epoch: Uuid, next: i64, room: i64) -> Result<(), Error> {
    let waiting: Vec<i64> = sqlx::query_scalar(WAITING).bind(room).fetch_all(tx.connection()).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let given = sqlx::query(NUMBER).bind(epoch).bind(next).bind(&waiting).execute(tx.connection()).await?;
    let count = i64::try_from(given.rows_affected()).map_err(Error::inconsistent)?;
    if given.rows_affected() != waiting.len() as u64 {
        return Err(Error::inconsistent(format!("{count} events numbered where {} were waiting", waiting.len())));
    }
    let moved = sqlx::query("UPDATE relay SET next_sequence = next_sequence + $1 WHERE term = $2");
    let moved = moved.bind(count).bind(term.0).execute(tx.connection()).await?;
    one_row(moved.rows_affected(), "lease")
}

struct Logged(LoggedEvent);

impl FromRow<'_, PgRow> for Logged {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(LoggedEvent {
            id: row.try_get("event_id")?,
            sequence: row.try_get("sequence")?,
            kind: row.try_get("kind")?,
            aggregate_id: row.try_get("aggregate_id")?,
            time: row.try_get("time")?,
            traceparent: row.try_get("traceparent")?,
            body: row.try_get("body")?,
        }))
    }
}

#[async_trait::async_trait]
impl relay::Log for Reads {
    async fn appended(&self) {
        self.shared().wake.notified().await;
    }

    async fn epochs(&self) -> Result<Vec<Head>, Error> {
        let epochs: Vec<(Uuid, i64)> = sqlx::query_as(EPOCHS).fetch_all(self.pool()).await?;
        Ok(epochs.into_iter().map(|(epoch, sequence)| Head { epoch, sequence }).collect())
    }

    async fn unnumbered(&self) -> Result<bool, Error> {
        let waits = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM outbox WHERE sequence IS NULL)");
        Ok(waits.fetch_one(self.pool()).await?)
    }

    async fn read(&self, epoch: Uuid, after: i64, limit: u32, max_bytes: usize) -> Result<Vec<LoggedEvent>, Error> {
        let max_bytes = i64::try_from(max_bytes).unwrap_or(i64::MAX);
        let events = sqlx::query_as(SELECT_EVENTS).bind(epoch).bind(after).bind(i64::from(limit)).bind(max_bytes);
        let events: Vec<Logged> = events.fetch_all(self.pool()).await?;
        Ok(events.into_iter().map(|Logged(event)| event).collect())
    }

    /// A failed commit is the server's affair: it recovers, and this process goes on.
    async fn stopped(&self) {
        std::future::pending::<()>().await;
    }

    fn measure(&self) {
        let shared = self.shared();
        let (waiting, limit) = shared.runner.waiting();
        meters::queue(waiting, limit);
        meters::writers(shared.writes.size(), shared.writes.num_idle());
        meters::readers(shared.reads.size(), shared.reads.num_idle());
    }

    async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT singleton FROM relay").execute(self.pool()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::plans::{Filled, Values, reads_along};

    #[tokio::test]
    async fn numbers_are_given_and_read_along_their_indices() {
        let mut filled = Filled::new().await;
        let plan = filled.plan_of(WAITING, Values::default().with(256_i64)).await;
        reads_along(&plan, &["outbox_unnumbered"]);
        let numbers = Values::default().with(Uuid::nil()).with(7_i64).with(vec![4_901_i64, 4_902]);
        reads_along(&filled.plan_of(NUMBER, numbers).await, &["outbox_pkey"]);
        let epoch = Values::default().with(Uuid::nil());
        let events = epoch.with(4_000_i64).with(256_i64).with(1_000_000_i64);
        reads_along(&filled.plan_of(SELECT_EVENTS, events).await, &["outbox_by_sequence"]);
    }
}
