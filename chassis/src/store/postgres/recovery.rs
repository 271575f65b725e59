//! Taking a database back, as rows.

use uuid::Uuid;

use super::{Tx, reads::Reads};
use crate::{
    inbox::Event,
    recovery::{Known, Loss, Read, Recovery, Standing},
    store::{Error, one_row},
};

#[async_trait::async_trait]
impl Recovery for Tx {
    async fn recognise(&mut self, event: &Event) -> Result<Known, Error> {
        let number: Option<Option<i64>> = sqlx::query_scalar("SELECT sequence FROM outbox WHERE event_id = $1")
            .bind(event.id)
            .fetch_optional(self.connection())
            .await?;
        match number {
            None => return Ok(Known::No),
            Some(Some(_number)) => return Ok(Known::Yes),
            Some(None) => {}
        }
        let numbered =
            sqlx::query("UPDATE outbox SET epoch = $1, sequence = $2 WHERE event_id = $3 AND sequence IS NULL")
                .bind(event.epoch)
                .bind(event.sequence)
                .bind(event.id)
                .execute(self.connection())
                .await?;
        one_row(numbered.rows_affected(), "event")?;
        go_behind(self, event).await?;
        Ok(Known::Yes)
    }

    async fn put_back(&mut self, event: &Event, version: i64) -> Result<u64, Error> {
        let undone = sqlx::query("DELETE FROM outbox WHERE aggregate_id = $1 AND version >= $2 AND sequence IS NULL")
            .bind(event.aggregate_id)
            .bind(version)
            .execute(self.connection())
            .await?;
        let written = sqlx::query(
            "INSERT INTO outbox (event_id, kind, aggregate_id, version, time, traceparent, body, epoch, sequence) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(event.id)
        .bind(&event.kind)
        .bind(event.aggregate_id)
        .bind(version)
        .bind(event.time)
        .bind(&event.traceparent)
        .bind(event.body.as_ref())
        .bind(event.epoch)
        .bind(event.sequence)
        .execute(self.connection())
        .await?;
        one_row(written.rows_affected(), "event")?;
        go_behind(self, event).await?;
        Ok(undone.rows_affected())
    }

    async fn begin_epoch(&mut self, epoch: Uuid) -> Result<(), Error> {
        let ended = "INSERT INTO ended_epoch (epoch, head) SELECT epoch, next_sequence - 1 FROM relay";
        one_row(sqlx::query(ended).execute(self.connection()).await?.rows_affected(), "ended epoch")?;
        let begun = sqlx::query("UPDATE relay SET epoch = $1, next_sequence = 1, published_through = 0").bind(epoch);
        one_row(begun.execute(self.connection()).await?.rows_affected(), "epoch")
    }

    async fn keep_loss(&mut self, loss: &Loss) -> Result<(), Error> {
        sqlx::query("INSERT INTO recovery_loss (subject, what) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(&loss.subject)
            .bind(&loss.what)
            .execute(self.connection())
            .await?;
        Ok(())
    }

    async fn stand(&mut self, standing: Standing) -> Result<(), Error> {
        let written = sqlx::query("UPDATE relay SET standing = $1").bind(standing.name());
        one_row(written.execute(self.connection()).await?.rows_affected(), "standing")
    }
}

/// The next number lies behind the event's, and it counts as published.
async fn go_behind(tx: &mut Tx, event: &Event) -> Result<(), Error> {
    let moved = sqlx::query(
        "UPDATE relay SET next_sequence = greatest(next_sequence, $2 + 1), published_through = greatest(published_through, $2) \
         WHERE epoch = $1",
    )
    .bind(event.epoch)
    .bind(event.sequence)
    .execute(tx.connection())
    .await?;
    one_row(moved.rows_affected(), "current epoch")
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn standing(&self) -> Result<Standing, Error> {
        let name: String = sqlx::query_scalar("SELECT standing FROM relay").fetch_one(self.pool()).await?;
        Standing::parse(&name)
    }

    async fn losses(&self, after: Option<&Loss>, rows: i64) -> Result<Vec<Loss>, Error> {
        let (subject, what) = after.map_or(("", ""), |loss| (&loss.subject, &loss.what));
        let listed = sqlx::query_as(
            "SELECT subject, what FROM recovery_loss WHERE (subject, what) > ($1, $2) ORDER BY subject, what LIMIT $3",
        );
        let found: Vec<(String, String)> = listed.bind(subject).bind(what).bind(rows).fetch_all(self.pool()).await?;
        Ok(found.into_iter().map(|(subject, what)| Loss { subject, what }).collect())
    }
}
