//! What was consumed, as rows.

use uuid::Uuid;

use super::{Tx, one_row, reads::Reads};
use crate::{
    inbox::{DeadLetter, Event, Gap, Inbox, Progress, Read, Seen},
    store::Error,
};

/// Where another unit takes the same event in, this waits for its outcome.
const ADMIT: &str = "WITH tick AS (INSERT INTO inbox_tick (producer, epoch, sequence) VALUES ($1, $2, $3) \
     ON CONFLICT DO NOTHING) INSERT INTO inbox_event (event_id) VALUES ($4) ON CONFLICT DO NOTHING";
/// What is complete, and the highest number.
const MARKS: &str = "SELECT coalesce((SELECT through FROM inbox_complete WHERE producer = $1 AND epoch = $2), 0), \
     coalesce((SELECT max(sequence) FROM inbox_tick WHERE producer = $1 AND epoch = $2), 0)";
const BETWEEN: &str =
    "SELECT count(*) FROM inbox_tick WHERE producer = $1 AND epoch = $2 AND sequence > $3 AND sequence <= $4";
const GAPS: &str = "SELECT previous + 1, sequence - 1 FROM \
     (SELECT sequence, lag(sequence, 1, $3) OVER (ORDER BY sequence) AS previous FROM inbox_tick \
      WHERE producer = $1 AND epoch = $2 AND sequence > $3) AS ticks \
     WHERE sequence > previous + 1 ORDER BY sequence LIMIT $4";
/// The marks, and the count between what is complete and a head, as of one moment.
const SEEN: &str = "WITH marks AS \
     (SELECT least(coalesce((SELECT through FROM inbox_complete WHERE producer = $1 AND epoch = $2), 0), $3) AS complete) \
     SELECT coalesce((SELECT max(sequence) FROM inbox_tick WHERE producer = $1 AND epoch = $2), 0), \
     complete + (SELECT count(*) FROM inbox_tick \
                 WHERE producer = $1 AND epoch = $2 AND sequence > complete AND sequence <= $3) FROM marks";
/// From one epoch of a producer to the next, without a look at their numbers.
const HIGHEST_OF_ANY: &str = "WITH RECURSIVE known (epoch) AS \
     ((SELECT epoch FROM inbox_tick WHERE producer = $1 ORDER BY epoch LIMIT 1) UNION ALL \
      SELECT (SELECT epoch FROM inbox_tick WHERE producer = $1 AND epoch > known.epoch ORDER BY epoch LIMIT 1) FROM known \
      WHERE known.epoch IS NOT NULL) \
     SELECT max((SELECT max(sequence) FROM inbox_tick WHERE producer = $1 AND epoch = known.epoch)) FROM known \
     WHERE known.epoch IS NOT NULL";

#[async_trait::async_trait]
impl Inbox for Tx {
    async fn admit(&mut self, event: &Event) -> Result<bool, Error> {
        let admit = sqlx::query(ADMIT).bind(&event.producer).bind(event.epoch).bind(event.sequence).bind(event.id);
        Ok(admit.execute(self.connection()).await?.rows_affected() == 1)
    }

    async fn pass_over(&mut self, producer: &str, epoch: Uuid, lost: Gap) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO inbox_tick (producer, epoch, sequence) \
             SELECT $1, $2, sequence FROM generate_series($3::bigint, $4::bigint) AS lost (sequence) ON CONFLICT DO NOTHING",
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
            "INSERT INTO inbox_failure (event_id, failures) VALUES ($1, 1) \
             ON CONFLICT (event_id) DO UPDATE SET failures = inbox_failure.failures + 1 RETURNING failures",
        );
        Ok(failures.bind(event_id).fetch_one(self.connection()).await?)
    }

    async fn put_aside(&mut self, letter: &DeadLetter) -> Result<(), Error> {
        let event = &letter.event;
        let written = sqlx::query(
            "INSERT INTO dead_letter (event_id, producer, epoch, sequence, kind, aggregate_id, event_time, traceparent, \
             body, cause, attempts, create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        )
        .bind(event.id)
        .bind(&event.producer)
        .bind(event.epoch)
        .bind(event.sequence)
        .bind(&event.kind)
        .bind(event.aggregate_id)
        .bind(event.time)
        .bind(&event.traceparent)
        .bind(event.body.as_ref())
        .bind(&letter.cause)
        .bind(letter.attempts)
        .bind(letter.time)
        .execute(self.connection())
        .await?;
        one_row(&written, "dead letter")
    }

    async fn progress(&mut self, producer: &str, epoch: Uuid, limit: u32) -> Result<Progress, Error> {
        let marks = sqlx::query_as(MARKS).bind(producer).bind(epoch);
        let (complete, highest): (i64, i64) = marks.fetch_one(self.connection()).await?;
        let above = sqlx::query_scalar(BETWEEN).bind(producer).bind(epoch).bind(complete).bind(highest);
        let above: i64 = above.fetch_one(self.connection()).await?;
        let gaps = sqlx::query_as(GAPS).bind(producer).bind(epoch).bind(complete).bind(i64::from(limit));
        let gaps: Vec<(i64, i64)> = gaps.fetch_all(self.connection()).await?;
        let gaps: Vec<Gap> = gaps.into_iter().map(|(first, last)| Gap { first, last }).collect();
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
        let seen = sqlx::query_as(SEEN).bind(producer).bind(epoch).bind(head);
        let (highest, count) = seen.fetch_one(self.pool()).await?;
        Ok(Seen { highest, count })
    }

    async fn highest(&self, producer: &str) -> Result<i64, Error> {
        let highest: Option<i64> = sqlx::query_scalar(HIGHEST_OF_ANY).bind(producer).fetch_one(self.pool()).await?;
        Ok(highest.unwrap_or(0))
    }
}

/// Replicas sweep side by side: a mark never goes back.
async fn remember_complete(tx: &mut Tx, producer: &str, epoch: Uuid, through: i64) -> Result<(), Error> {
    let written = sqlx::query(
        "INSERT INTO inbox_complete (producer, epoch, through) VALUES ($1, $2, $3) \
         ON CONFLICT (producer, epoch) DO UPDATE SET through = greatest(inbox_complete.through, excluded.through)",
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
    use crate::store::postgres::plans::{Filled, Values, reads_along};

    #[tokio::test]
    async fn what_was_seen_is_read_along_its_keys() {
        let mut filled = Filled::new().await;
        let epoch = Uuid::from_u128(1);
        let of = || Values::default().with("p1").with(epoch);
        for (query, values) in [
            (MARKS, of()),
            (BETWEEN, of().with(4_000_i64).with(4_100_i64)),
            (GAPS, of().with(4_900_i64).with(64_i64)),
            (SEEN, of().with(4_990_i64)),
            (HIGHEST_OF_ANY, Values::default().with("p1")),
        ] {
            reads_along(&filled.plan_of(query, values).await, &["inbox_tick_pkey"]);
        }
    }
}
