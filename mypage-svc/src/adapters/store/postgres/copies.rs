//! Copies as a whole, as rows. Whoever begins one, builds it, gives it up or serves it locks the row of the copy that is
//! built.

use std::time::Duration;

use chassis::store::{
    Error,
    postgres::{Tx, one_row},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    super::copy::{CopyRow, PassedOverRow, ProgressRow, TickedRow},
    KEEPING, queries,
};
use crate::{
    app::ports::{Copies, Step, Ticked},
    domain::{CopyId, PassedOver, Progress, Rebuild},
};

/// The tables whose rows belong to copies, as one deletes some rows of a copy from each: orders before their customers. Along
/// their keys, where what was deleted before is not met again.
pub(super) const CLEARINGS: [&str; 6] = [
    "DELETE FROM my_order WHERE ctid = ANY (ARRAY (\
     SELECT ctid FROM my_order WHERE copy = $1 ORDER BY copy, order_id LIMIT $2))",
    "DELETE FROM my_delivery WHERE ctid = ANY (ARRAY (\
     SELECT ctid FROM my_delivery WHERE copy = $1 ORDER BY copy, order_id LIMIT $2))",
    "DELETE FROM my_message WHERE ctid = ANY (ARRAY (\
     SELECT ctid FROM my_message WHERE copy = $1 ORDER BY copy, order_id, message_id LIMIT $2))",
    "DELETE FROM my_customer WHERE ctid = ANY (ARRAY (\
     SELECT ctid FROM my_customer WHERE copy = $1 ORDER BY copy, customer_id LIMIT $2))",
    "DELETE FROM copy_progress WHERE ctid = ANY (ARRAY (\
     SELECT ctid FROM copy_progress WHERE copy = $1 ORDER BY copy, producer, epoch LIMIT $2))",
    "DELETE FROM copy_passed_over WHERE ctid = ANY (ARRAY (\
     SELECT ctid FROM copy_passed_over WHERE copy = $1 ORDER BY copy, producer, epoch, sequence LIMIT $2))",
];

#[async_trait::async_trait]
impl Copies for Tx {
    async fn stop_keeping(&mut self) -> Result<(), Error> {
        let locked = sqlx::query("SELECT pg_advisory_xact_lock($1, $2)").bind(KEEPING.0).bind(KEEPING.1);
        locked.execute(self.connection()).await?;
        Ok(())
    }

    async fn building(&mut self) -> Result<Option<Rebuild>, Error> {
        rebuild(
            self.connection(),
            "SELECT copy, epoch, create_time, built_time, failure, skipped FROM copy WHERE status = 'BUILDING' \
             FOR NO KEY UPDATE",
        )
        .await
    }

    async fn begin_copy(&mut self, epoch: Uuid, now: OffsetDateTime) -> Result<Rebuild, Error> {
        // Of two who begin one at once, one breaks a rule here; its unit runs again and sees the other's.
        let number = sqlx::query_scalar(
            "INSERT INTO copy (copy, epoch, status, create_time) SELECT max(copy) + 1, $1, 'BUILDING', $2 FROM copy \
             RETURNING copy",
        );
        let number = number.bind(epoch).bind(now).fetch_one(self.connection()).await?;
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
            "UPDATE copy SET holder = $1, lease_until = $2 \
             WHERE status = 'BUILDING' AND (holder IS NULL OR holder = $1 OR lease_until <= $3)",
        );
        let leased = leased.bind(holder).bind(now + time_to_live).bind(now).execute(self.connection()).await?;
        Ok(leased.rows_affected() > 0)
    }

    async fn release_building(&mut self, holder: Uuid) -> Result<(), Error> {
        sqlx::query("UPDATE copy SET holder = NULL, lease_until = NULL WHERE status = 'BUILDING' AND holder = $1")
            .bind(holder)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn note_step(&mut self, copy: CopyId, step: &Step) -> Result<(), Error> {
        let written = "INSERT INTO copy_progress (copy, producer, epoch, through, head) \
             SELECT $1, $2, $3, $5, $6 WHERE $4 = 0::bigint \
             ON CONFLICT (copy, producer, epoch) DO UPDATE SET through = excluded.through, head = excluded.head \
             WHERE copy_progress.through = $4";
        let updated = "UPDATE copy_progress SET through = $5, head = $6 \
             WHERE copy = $1 AND producer = $2 AND epoch = $3 AND through = $4";
        let noted = sqlx::query(if step.from == 0 { written } else { updated })
            .bind(copy.number)
            .bind(step.producer)
            .bind(step.epoch)
            .bind(step.from)
            .bind(step.through)
            .bind(step.head)
            .execute(self.connection())
            .await?;
        one_row(&noted, "step")?;
        pass_over(self, copy, step).await
    }

    async fn progress_of(&mut self, copy: CopyId) -> Result<Vec<Progress>, Error> {
        Ok(progress(self.connection(), copy.number).await?.into_iter().map(Progress::from).collect())
    }

    async fn building_past(&mut self, producer: &str, epoch: Uuid, sequence: i64) -> Result<Option<CopyId>, Error> {
        let building: Option<(i64, Uuid)> = sqlx::query_as(
            "SELECT c.copy, c.epoch FROM copy c JOIN copy_progress p ON p.copy = c.copy \
             WHERE c.status = 'BUILDING' AND p.producer = $1 AND p.epoch = $2 AND p.through >= $3 \
             FOR NO KEY UPDATE OF c",
        )
        .bind(producer)
        .bind(epoch)
        .bind(sequence)
        .fetch_optional(self.connection())
        .await?;
        Ok(building.map(|(number, epoch)| CopyId { number, epoch }))
    }

    async fn note_taken_in(&mut self, copy: CopyId, producer: &str, epoch: Uuid, sequence: i64) -> Result<(), Error> {
        let taken_in = sqlx::query(
            "DELETE FROM copy_passed_over WHERE copy = $1 AND producer = $2 AND epoch = $3 AND sequence = $4",
        );
        let taken_in = taken_in.bind(copy.number).bind(producer).bind(epoch).bind(sequence);
        if taken_in.execute(self.connection()).await?.rows_affected() == 0 {
            Ok(())
        } else {
            count(self, copy, -1).await
        }
    }

    async fn unaccounted(&mut self, copy: CopyId, limit: u32) -> Result<Vec<PassedOver>, Error> {
        let rows: Vec<PassedOverRow> = sqlx::query_as(
            "SELECT producer, epoch, sequence, event_id FROM copy_passed_over p WHERE copy = $1 \
             AND EXISTS (SELECT 1 FROM inbox_event i WHERE i.event_id = p.event_id) \
             AND NOT EXISTS (SELECT 1 FROM dead_letter d WHERE d.event_id = p.event_id) LIMIT $2",
        )
        .bind(copy.number)
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await?;
        Ok(rows.into_iter().map(PassedOver::from).collect())
    }

    async fn give_up(&mut self, copy: CopyId, failure: &str, now: OffsetDateTime) -> Result<(), Error> {
        let given_up = sqlx::query(
            "UPDATE copy SET status = 'RETIRED', failure = $1, built_time = $2, holder = NULL, lease_until = NULL \
             WHERE copy = $3 AND status = 'BUILDING'",
        );
        let given_up = given_up.bind(failure).bind(now).bind(copy.number).execute(self.connection()).await?;
        one_row(&given_up, "copy being built")
    }

    async fn ticked(&mut self) -> Result<Vec<Ticked>, Error> {
        let rows: Vec<TickedRow> = sqlx::query_as(queries::TICKED).fetch_all(self.connection()).await?;
        Ok(rows.into_iter().map(Ticked::from).collect())
    }

    async fn serve(&mut self, copy: CopyId, now: OffsetDateTime) -> Result<(), Error> {
        let retired = sqlx::query("UPDATE copy SET status = 'RETIRED' WHERE status = 'SERVED'");
        one_row(&retired.execute(self.connection()).await?, "served copy")?;
        let served = sqlx::query(
            "UPDATE copy SET status = 'SERVED', built_time = $1, holder = NULL, lease_until = NULL \
             WHERE copy = $2 AND status = 'BUILDING'",
        );
        let served = served.bind(now).bind(copy.number).execute(self.connection()).await?;
        one_row(&served, "built copy")
    }

    async fn rename_served(&mut self, epoch: Uuid) -> Result<(), Error> {
        let renamed = sqlx::query("UPDATE copy SET epoch = $1 WHERE status = 'SERVED'").bind(epoch);
        one_row(&renamed.execute(self.connection()).await?, "served copy")
    }

    async fn clear_retired(&mut self, limit: u32) -> Result<bool, Error> {
        // What another process is clearing is left to it.
        let retired = sqlx::query_scalar(
            "SELECT copy FROM copy WHERE status = 'RETIRED' ORDER BY copy LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED",
        );
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
        let cleared = sqlx::query("UPDATE copy SET status = 'CLEARED' WHERE copy = $1 AND status = 'RETIRED'");
        one_row(&cleared.bind(copy).execute(self.connection()).await?, "retired copy")?;
        Ok(true)
    }

    async fn note_as_of(&mut self, time: OffsetDateTime) -> Result<(), Error> {
        sqlx::query(
            "UPDATE as_of SET time = $1 WHERE (time IS NULL OR time < $1) \
             AND NOT EXISTS (SELECT 1 FROM dead_letter WHERE status = 'WAITING')",
        )
        .bind(time)
        .execute(self.connection())
        .await?;
        Ok(())
    }
}

/// Notes the events of a run that could not be taken in.
async fn pass_over(tx: &mut Tx, copy: CopyId, step: &Step) -> Result<(), Error> {
    if step.passed_over.is_empty() {
        return Ok(());
    }
    let (sequences, event_ids): (Vec<i64>, Vec<Uuid>) = step.passed_over.iter().copied().unzip();
    let noted = sqlx::query(
        "INSERT INTO copy_passed_over (copy, producer, epoch, sequence, event_id) \
         SELECT $1, $2, $3, sequence, event_id FROM unnest($4::bigint[], $5::uuid[]) AS event (sequence, event_id)",
    );
    let noted = noted.bind(copy.number).bind(step.producer).bind(step.epoch).bind(sequences).bind(event_ids);
    let noted = noted.execute(tx.connection()).await?.rows_affected();
    count(tx, copy, i64::try_from(noted).unwrap_or(i64::MAX)).await
}

/// Counts events that a copy has passed over, or has taken in after all.
async fn count(tx: &mut Tx, copy: CopyId, events: i64) -> Result<(), Error> {
    let counted = sqlx::query("UPDATE copy SET skipped = skipped + $1 WHERE copy = $2");
    one_row(&counted.bind(events).bind(copy.number).execute(tx.connection()).await?, "copy")
}

/// The one rebuild that `query` finds, with its progress.
pub(super) async fn rebuild(connection: &mut PgConnection, query: &'static str) -> Result<Option<Rebuild>, Error> {
    let row: Option<CopyRow<OffsetDateTime>> = sqlx::query_as(query).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let progress = progress(connection, row.copy).await?;
    row.rebuild(progress).map(Some)
}

async fn progress(connection: &mut PgConnection, copy: i64) -> Result<Vec<ProgressRow>, Error> {
    let rows = sqlx::query_as(
        "SELECT producer, epoch, through, head FROM copy_progress WHERE copy = $1 ORDER BY producer, epoch",
    );
    Ok(rows.bind(copy).fetch_all(connection).await?)
}
