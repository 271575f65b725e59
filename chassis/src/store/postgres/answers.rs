//! Recorded answers as rows.

use time::OffsetDateTime;

use super::{Tx, one_row};
use crate::{
    idempotency::{Answers, Recorded, Request, Scope},
    store::Error,
};

/// Whoever comes second with a key waits until the first one has ended, and sees its answer then.
const ALONE: &str =
    "SELECT pg_advisory_xact_lock(hashtextextended(concat_ws(chr(31), $1::text, $2::text, $3::text, $4::text), 0))";

#[async_trait::async_trait]
impl Answers for Tx {
    async fn recorded(&mut self, scope: &Scope) -> Result<Option<Recorded>, Error> {
        sqlx::query(ALONE)
            .bind(&scope.issuer)
            .bind(&scope.subject)
            .bind(&scope.method)
            .bind(&scope.key)
            .execute(self.connection())
            .await?;
        let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "SELECT request_hash, answer FROM answer WHERE issuer = $1 AND subject = $2 AND method = $3 AND key = $4",
        )
        .bind(&scope.issuer)
        .bind(&scope.subject)
        .bind(&scope.method)
        .bind(&scope.key)
        .fetch_optional(self.connection())
        .await?;
        row.map(|(hash, answer)| {
            let hash = hash.try_into().map_err(|_length| Error::inconsistent("a request hash is not 32 bytes"))?;
            Ok(Recorded { hash, answer })
        })
        .transpose()
    }

    async fn record(&mut self, request: &Request, answer: &[u8]) -> Result<(), Error> {
        let written = sqlx::query(
            "INSERT INTO answer (issuer, subject, method, key, request_hash, answer, create_time) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&request.scope.issuer)
        .bind(&request.scope.subject)
        .bind(&request.scope.method)
        .bind(&request.scope.key)
        .bind(request.hash.as_slice())
        .bind(answer)
        .bind(request.time)
        .execute(self.connection())
        .await?;
        one_row(&written, "answer")
    }

    async fn forget(&mut self, before: OffsetDateTime, limit: u32) -> Result<u64, Error> {
        // Replicas that forget at the same time share the work.
        let deleted = sqlx::query(FORGET).bind(before).bind(i64::from(limit)).execute(self.connection()).await?;
        Ok(deleted.rows_affected())
    }
}

/// The rows are locked when they are found, so each is where it was.
const FORGET: &str = "DELETE FROM answer WHERE ctid = ANY (ARRAY \
     (SELECT ctid FROM answer WHERE create_time < $1 ORDER BY create_time LIMIT $2 FOR UPDATE SKIP LOCKED))";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::postgres::plans::{Filled, Values, reads_along};

    #[tokio::test]
    async fn old_answers_are_found_along_their_times() {
        let before = OffsetDateTime::UNIX_EPOCH + time::Duration::minutes(5);
        let values = Values::default().with(before).with(100_i64);
        reads_along(&Filled::new().await.plan_of(FORGET, values).await, &["answer_by_time"]);
    }
}
