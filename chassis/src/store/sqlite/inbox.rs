//! What was consumed, as rows.

use uuid::Uuid;

use super::{Tx, micros, one_row, reads::Reads};
use crate::{
    inbox::{DeadLetter, Event, Gap, Inbox, Progress, Read, Seen},
    store::Error,
};

const COMPLETE: &str = "SELECT through FROM inbox_complete WHERE producer = ? AND epoch = ?";
const HIGHEST: &str = "SELECT max(sequence) FROM inbox_tick WHERE producer = ? AND epoch = ?";
const BETWEEN: &str =
    "SELECT count(*) FROM inbox_tick WHERE producer = ? AND epoch = ? AND sequence > ? AND sequence <= ?";
/// From one epoch of a producer to the next, without a look at their numbers.
const HIGHEST_OF_ANY: &str = "WITH RECURSIVE known (epoch) AS \
     (SELECT min(epoch) FROM inbox_tick WHERE producer = ?1 UNION ALL \
      SELECT (SELECT min(epoch) FROM inbox_tick WHERE producer = ?1 AND epoch > known.epoch) FROM known \
      WHERE known.epoch IS NOT NULL) \
     SELECT max((SELECT max(sequence) FROM inbox_tick WHERE producer = ?1 AND epoch = known.epoch)) FROM known";

#[async_trait::async_trait]
impl Inbox for Tx {
    async fn admit(&mut self, event: &Event) -> Result<bool, Error> {
        sqlx::query("INSERT INTO inbox_tick (producer, epoch, sequence) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(&event.producer)
            .bind(event.epoch)
            .bind(event.sequence)
            .execute(self.connection())
            .await?;
        let written = sqlx::query("INSERT INTO inbox_event (event_id) VALUES (?) ON CONFLICT DO NOTHING")
            .bind(event.id)
            .execute(self.connection())
            .await?;
        Ok(written.rows_affected() == 1)
    }

    async fn pass_over(&mut self, producer: &str, epoch: Uuid, lost: Gap) -> Result<(), Error> {
        sqlx::query(
            "WITH RECURSIVE lost (sequence) AS (SELECT ?3 UNION ALL SELECT sequence + 1 FROM lost WHERE sequence < ?4) \
             INSERT INTO inbox_tick (producer, epoch, sequence) SELECT ?1, ?2, sequence FROM lost WHERE TRUE \
             ON CONFLICT DO NOTHING",
        )
        .bind(producer)
        .bind(epoch)
        .bind(lost.first)
        .bind(lost.last)
        .execute(self.connection())
        .await?;
        Ok(())
    }

    async fn count_failure(&mut self, event_id: Uuid) -> Result<i64, Error> {
        let failures = sqlx::query_scalar(
            "INSERT INTO inbox_failure (event_id, failures) VALUES (?, 1) \
             ON CONFLICT (event_id) DO UPDATE SET failures = failures + 1 RETURNING failures",
        )
        .bind(event_id)
        .fetch_one(self.connection())
        .await?;
        Ok(failures)
    }

    async fn put_aside(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        let event = &letter.event;
        let written = sqlx::query(
            "INSERT INTO dead_letter (event_id, producer, epoch, sequence, kind, aggregate_id, event_time, traceparent, \
             body, cause, attempts, create_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(event.id)
        .bind(&event.producer)
        .bind(event.epoch)
        .bind(event.sequence)
        .bind(&event.kind)
        .bind(event.aggregate_id)
        .bind(micros(event.time))
        .bind(&event.traceparent)
        .bind(event.body.as_ref())
        .bind(&letter.cause)
        .bind(letter.attempts)
        .bind(micros(letter.time))
        .execute(self.connection())
        .await?;
        one_row(&written, "dead letter")
    }

    async fn progress(&mut self, producer: &str, epoch: Uuid, limit: u32) -> Result<Progress, Error> {
        let complete = sqlx::query_scalar(COMPLETE).bind(producer).bind(epoch);
        let complete: Option<i64> = complete.fetch_optional(self.connection()).await?;
        let complete = complete.unwrap_or(0);
        let highest = sqlx::query_scalar(HIGHEST).bind(producer).bind(epoch);
        let highest: Option<i64> = highest.fetch_one(self.connection()).await?;
        let highest = highest.unwrap_or(0);
        let above = sqlx::query_scalar(BETWEEN).bind(producer).bind(epoch).bind(complete).bind(highest);
        let above: i64 = above.fetch_one(self.connection()).await?;
        let gaps = gaps_above(self, producer, epoch, complete, limit).await?;
        let now_complete = gaps.first().map_or(highest, |gap| gap.first - 1);
        if now_complete > complete {
            remember_complete(self, producer, epoch, now_complete).await?;
        }
        Ok(Progress { highest, gaps, seen: complete + above })
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn seen(&self, producer: &str, epoch: Uuid, head: i64) -> Result<Seen, Error> {
        let mut transaction = self.pool.begin().await?;
        let complete = sqlx::query_scalar(COMPLETE).bind(producer).bind(epoch);
        let complete: Option<i64> = complete.fetch_optional(&mut *transaction).await?;
        let complete = complete.unwrap_or(0).min(head);
        let highest = sqlx::query_scalar(HIGHEST).bind(producer).bind(epoch);
        let highest: Option<i64> = highest.fetch_one(&mut *transaction).await?;
        let above = sqlx::query_scalar(BETWEEN).bind(producer).bind(epoch).bind(complete).bind(head);
        let above: i64 = above.fetch_one(&mut *transaction).await?;
        Ok(Seen { highest: highest.unwrap_or(0), count: complete + above })
    }

    async fn highest(&self, producer: &str) -> Result<i64, Error> {
        let highest: Option<i64> = sqlx::query_scalar(HIGHEST_OF_ANY).bind(producer).fetch_one(&self.pool).await?;
        Ok(highest.unwrap_or(0))
    }
}

async fn gaps_above(tx: &mut Tx, producer: &str, epoch: Uuid, complete: i64, limit: u32) -> Result<Vec<Gap>, Error> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT previous + 1, sequence - 1 FROM \
         (SELECT sequence, lag(sequence, 1, ?3) OVER (ORDER BY sequence) AS previous FROM inbox_tick \
          WHERE producer = ?1 AND epoch = ?2 AND sequence > ?3) \
         WHERE sequence > previous + 1 ORDER BY sequence LIMIT ?4",
    )
    .bind(producer)
    .bind(epoch)
    .bind(complete)
    .bind(limit)
    .fetch_all(tx.connection())
    .await?;
    Ok(rows.into_iter().map(|(first, last)| Gap { first, last }).collect())
}

async fn remember_complete(tx: &mut Tx, producer: &str, epoch: Uuid, through: i64) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO inbox_complete (producer, epoch, through) VALUES (?, ?, ?) \
         ON CONFLICT (producer, epoch) DO UPDATE SET through = excluded.through",
    )
    .bind(producer)
    .bind(epoch)
    .bind(through)
    .execute(tx.connection())
    .await?;
    one_row(&written, "mark of completeness")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::plans::plan_of;

    #[tokio::test]
    async fn what_was_seen_is_read_along_its_keys() {
        for query in [COMPLETE, HIGHEST, BETWEEN, HIGHEST_OF_ANY] {
            let plan = plan_of(query).await;
            assert!(!plan.contains("SCAN inbox"), "{plan}");
        }
    }
}
