//! Recorded answers as rows.

use time::OffsetDateTime;

use super::{Tx, micros, one_row};
use crate::{
    idempotency::{Answers, Recorded, Request, Scope},
    store::Error,
};

#[async_trait::async_trait]
impl Answers for Tx {
    async fn recorded(&mut self, scope: &Scope) -> Result<Option<Recorded>, Error> {
        let row: Option<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "SELECT request_hash, answer FROM answer WHERE issuer = ? AND subject = ? AND method = ? AND key = ?",
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
            "INSERT INTO answer (issuer, subject, method, key, request_hash, answer, create_time) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&request.scope.issuer)
        .bind(&request.scope.subject)
        .bind(&request.scope.method)
        .bind(&request.scope.key)
        .bind(request.hash.as_slice())
        .bind(answer)
        .bind(micros(request.time))
        .execute(self.connection())
        .await?;
        one_row(&written, "answer")
    }

    async fn forget(&mut self, before: OffsetDateTime, limit: u32) -> Result<u64, Error> {
        let deleted = sqlx::query(
            "DELETE FROM answer WHERE (issuer, subject, method, key) IN \
             (SELECT issuer, subject, method, key FROM answer WHERE create_time < ? ORDER BY create_time LIMIT ?)",
        )
        .bind(micros(before))
        .bind(limit)
        .execute(self.connection())
        .await?;
        Ok(deleted.rows_affected())
    }
}
