//! What was consumed, as rows.

use uuid::Uuid;

use super::{Tx, micros, one_row};
use crate::{
    inbox::{DeadLetter, Event, Gap, Inbox, Progress},
    store::Error,
};

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
        let complete: Option<i64> =
            sqlx::query_scalar("SELECT through FROM inbox_complete WHERE producer = ? AND epoch = ?")
                .bind(producer)
                .bind(epoch)
                .fetch_optional(self.connection())
                .await?;
        let complete = complete.unwrap_or(0);
        let highest: Option<i64> =
            sqlx::query_scalar("SELECT max(sequence) FROM inbox_tick WHERE producer = ? AND epoch = ?")
                .bind(producer)
                .bind(epoch)
                .fetch_one(self.connection())
                .await?;
        let highest = highest.unwrap_or(0);
        let gaps = gaps_above(self, producer, epoch, complete, limit).await?;
        let now_complete = gaps.first().map_or(highest, |gap| gap.first - 1);
        if now_complete > complete {
            remember_complete(self, producer, epoch, now_complete).await?;
        }
        Ok(Progress { highest, gaps })
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
