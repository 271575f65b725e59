//! Copies as a whole, as rows.

use std::time::Duration;

use chassis::store::{
    Error,
    sqlite::{Tx, micros, one_row},
};
use sqlx::SqliteConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::super::copy::{CopyRow, PassedOverRow, ProgressRow, TickedRow};
use crate::{
    app::ports::{Copies, Step, Ticked},
    domain::{CopyId, PassedOver, Progress, Rebuild},
};

/// The tables whose rows belong to copies, as one deletes some rows of a copy from each.
const CLEARINGS: [&str; 6] = [
    "DELETE FROM my_order WHERE (copy, order_id) IN (SELECT copy, order_id FROM my_order WHERE copy = ? LIMIT ?)",
    "DELETE FROM my_delivery WHERE (copy, order_id) IN (SELECT copy, order_id FROM my_delivery WHERE copy = ? LIMIT ?)",
    "DELETE FROM my_message WHERE (copy, order_id, message_id) IN \
     (SELECT copy, order_id, message_id FROM my_message WHERE copy = ? LIMIT ?)",
    "DELETE FROM my_customer WHERE (copy, customer_id) IN \
     (SELECT copy, customer_id FROM my_customer WHERE copy = ? LIMIT ?)",
    "DELETE FROM copy_progress WHERE (copy, producer, epoch) IN \
     (SELECT copy, producer, epoch FROM copy_progress WHERE copy = ? LIMIT ?)",
    "DELETE FROM copy_passed_over WHERE (copy, producer, epoch, sequence) IN \
     (SELECT copy, producer, epoch, sequence FROM copy_passed_over WHERE copy = ? LIMIT ?)",
];

/// The highest number that was ticked of the last epoch, and of the last one before another.
const LAST_TICK: &str =
    "SELECT producer, epoch, sequence FROM inbox_tick ORDER BY producer DESC, epoch DESC, sequence DESC LIMIT 1";
const TICK_BEFORE: &str = "SELECT producer, epoch, sequence FROM inbox_tick WHERE (producer, epoch) < (?, ?) \
     ORDER BY producer DESC, epoch DESC, sequence DESC LIMIT 1";

#[async_trait::async_trait]
impl Copies for Tx {
    async fn stop_keeping(&mut self) -> Result<(), Error> {
        Ok(())
    }

    async fn building(&mut self) -> Result<Option<Rebuild>, Error> {
        rebuild(
            self.connection(),
            "SELECT copy, epoch, create_time, built_time, failure, skipped FROM copy WHERE status = 'BUILDING'",
        )
        .await
    }

    async fn begin_copy(&mut self, epoch: Uuid, now: OffsetDateTime) -> Result<Rebuild, Error> {
        let number = sqlx::query_scalar(
            "INSERT INTO copy (copy, epoch, status, create_time) SELECT max(copy) + 1, ?, 'BUILDING', ? FROM copy \
             RETURNING copy",
        );
        let number = number.bind(epoch).bind(micros(now)).fetch_one(self.connection()).await?;
        Ok(Rebuild {
            copy: CopyId { number, epoch },
            create_time: now,
            served_time: None,
            failure: None,
            passed_over: 0,
            progress: Vec::new(),
        })
    }

    async fn lease_building(
        &mut self,
        holder: Uuid,
        now: OffsetDateTime,
        time_to_live: Duration,
    ) -> Result<bool, Error> {
        let leased = sqlx::query(
            "UPDATE copy SET holder = ?1, lease_until = ?2 \
             WHERE status = 'BUILDING' AND (holder IS NULL OR holder = ?1 OR lease_until <= ?3)",
        )
        .bind(holder)
        .bind(micros(now + time_to_live))
        .bind(micros(now))
        .execute(self.connection())
        .await?;
        Ok(leased.rows_affected() > 0)
    }

    async fn release_building(&mut self, holder: Uuid) -> Result<(), Error> {
        sqlx::query("UPDATE copy SET holder = NULL, lease_until = 0 WHERE status = 'BUILDING' AND holder = ?")
            .bind(holder)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn note_step(&mut self, copy: CopyId, step: &Step) -> Result<(), Error> {
        let written = sqlx::query(
            "INSERT INTO copy_progress (copy, producer, epoch, through, head) SELECT ?1, ?2, ?3, ?5, ?6 WHERE ?4 = 0 \
             ON CONFLICT (copy, producer, epoch) DO UPDATE SET through = excluded.through, head = excluded.head \
             WHERE through = ?4",
        );
        let updated = sqlx::query(
            "UPDATE copy_progress SET through = ?5, head = ?6 \
             WHERE copy = ?1 AND producer = ?2 AND epoch = ?3 AND through = ?4",
        );
        let statement = if step.from == 0 { written } else { updated };
        let noted = statement
            .bind(copy.number)
            .bind(step.producer)
            .bind(step.epoch)
            .bind(step.from)
            .bind(step.through)
            .bind(step.head)
            .execute(self.connection())
            .await?;
        one_row(&noted, "step")?;
        for (sequence, event_id) in &step.passed_over {
            let noted = sqlx::query(
                "INSERT INTO copy_passed_over (copy, producer, epoch, sequence, event_id) VALUES (?, ?, ?, ?, ?)",
            );
            let noted = noted.bind(copy.number).bind(step.producer).bind(step.epoch).bind(sequence).bind(event_id);
            one_row(&noted.execute(self.connection()).await?, "event passed over")?;
            count(self, copy, 1).await?;
        }
        Ok(())
    }

    async fn progress_of(&mut self, copy: CopyId) -> Result<Vec<Progress>, Error> {
        Ok(progress(self.connection(), copy.number).await?.into_iter().map(Progress::from).collect())
    }

    async fn building_past(&mut self, producer: &str, epoch: Uuid, sequence: i64) -> Result<Option<CopyId>, Error> {
        let building: Option<(i64, Uuid)> = sqlx::query_as(
            "SELECT c.copy, c.epoch FROM copy c JOIN copy_progress p ON p.copy = c.copy \
             WHERE c.status = 'BUILDING' AND p.producer = ? AND p.epoch = ? AND p.through >= ?",
        )
        .bind(producer)
        .bind(epoch)
        .bind(sequence)
        .fetch_optional(self.connection())
        .await?;
        Ok(building.map(|(number, epoch)| CopyId { number, epoch }))
    }

    async fn note_taken_in(&mut self, copy: CopyId, producer: &str, epoch: Uuid, sequence: i64) -> Result<(), Error> {
        let taken_in =
            sqlx::query("DELETE FROM copy_passed_over WHERE copy = ? AND producer = ? AND epoch = ? AND sequence = ?");
        let taken_in = taken_in.bind(copy.number).bind(producer).bind(epoch).bind(sequence);
        if taken_in.execute(self.connection()).await?.rows_affected() == 0 {
            Ok(())
        } else {
            count(self, copy, -1).await
        }
    }

    async fn unaccounted(&mut self, copy: CopyId, limit: u32) -> Result<Vec<PassedOver>, Error> {
        let rows: Vec<PassedOverRow> = sqlx::query_as(
            "SELECT producer, epoch, sequence, event_id FROM copy_passed_over p WHERE copy = ? \
             AND EXISTS (SELECT 1 FROM inbox_event i WHERE i.event_id = p.event_id) \
             AND NOT EXISTS (SELECT 1 FROM dead_letter d WHERE d.event_id = p.event_id) LIMIT ?",
        )
        .bind(copy.number)
        .bind(limit)
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(PassedOver::from).collect())
    }

    async fn give_up(&mut self, copy: CopyId, failure: &str, now: OffsetDateTime) -> Result<(), Error> {
        let given_up = sqlx::query(
            "UPDATE copy SET status = 'RETIRED', failure = ?, built_time = ?, holder = NULL, lease_until = 0 \
             WHERE copy = ? AND status = 'BUILDING'",
        );
        let given_up = given_up.bind(failure).bind(micros(now)).bind(copy.number).execute(self.connection()).await?;
        one_row(&given_up, "copy being built")
    }

    async fn ticked(&mut self) -> Result<Vec<Ticked>, Error> {
        let mut ticked: Vec<Ticked> = Vec::new();
        loop {
            let next = match ticked.last() {
                None => sqlx::query_as(LAST_TICK),
                Some(last) => sqlx::query_as(TICK_BEFORE).bind(&last.producer).bind(last.epoch),
            };
            let next: Option<TickedRow> = next.fetch_optional(self.connection()).await?;
            let Some(next) = next else { return Ok(ticked) };
            ticked.push(next.into());
        }
    }

    async fn serve(&mut self, copy: CopyId, now: OffsetDateTime) -> Result<(), Error> {
        let retired = sqlx::query("UPDATE copy SET status = 'RETIRED' WHERE status = 'SERVED'");
        one_row(&retired.execute(self.connection()).await?, "served copy")?;
        let served = sqlx::query(
            "UPDATE copy SET status = 'SERVED', built_time = ?, holder = NULL, lease_until = 0 \
             WHERE copy = ? AND status = 'BUILDING'",
        );
        let served = served.bind(micros(now)).bind(copy.number).execute(self.connection()).await?;
        one_row(&served, "built copy")
    }

    async fn rename_served(&mut self, epoch: Uuid) -> Result<(), Error> {
        let renamed = sqlx::query("UPDATE copy SET epoch = ? WHERE status = 'SERVED'").bind(epoch);
        one_row(&renamed.execute(self.connection()).await?, "served copy")
    }

    async fn clear_retired(&mut self, limit: u32) -> Result<bool, Error> {
        let retired = sqlx::query_scalar("SELECT copy FROM copy WHERE status = 'RETIRED' ORDER BY copy LIMIT 1");
        let retired: Option<i64> = retired.fetch_optional(self.connection()).await?;
        let Some(copy) = retired else { return Ok(false) };
        let mut left = u64::from(limit);
        for clearing in CLEARINGS {
            let limit = i64::try_from(left).unwrap_or(i64::MAX);
            let deleted = sqlx::query(clearing).bind(copy).bind(limit).execute(self.connection()).await?;
            left = left.saturating_sub(deleted.rows_affected());
            if left == 0 {
                return Ok(true);
            }
        }
        let cleared = sqlx::query("UPDATE copy SET status = 'CLEARED' WHERE copy = ? AND status = 'RETIRED'");
        one_row(&cleared.bind(copy).execute(self.connection()).await?, "retired copy")?;
        Ok(true)
    }

    async fn note_as_of(&mut self, time: OffsetDateTime) -> Result<(), Error> {
        sqlx::query(
            "UPDATE as_of SET time = ?1 WHERE (time IS NULL OR time < ?1) \
             AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE status = 'WAITING')",
        )
        .bind(micros(time))
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// Counts events that a copy has passed over, or has taken in after all.
async fn count(tx: &mut Tx, copy: CopyId, events: i64) -> Result<(), Error> {
    let counted = sqlx::query("UPDATE copy SET skipped = skipped + ? WHERE copy = ?");
    one_row(&counted.bind(events).bind(copy.number).execute(tx.connection()).await?, "copy")
}

/// The one rebuild that `query` finds, with its progress.
pub(super) async fn rebuild(connection: &mut SqliteConnection, query: &'static str) -> Result<Option<Rebuild>, Error> {
    let row: Option<CopyRow<i64>> = sqlx::query_as(query).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let progress = progress(connection, row.copy).await?;
    row.rebuild(progress).map(Some)
}

async fn progress(connection: &mut SqliteConnection, copy: i64) -> Result<Vec<ProgressRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT producer, epoch, through, head FROM copy_progress WHERE copy = ? ORDER BY producer, epoch",
    );
    Ok(rows.bind(copy).fetch_all(connection).await?)
}
