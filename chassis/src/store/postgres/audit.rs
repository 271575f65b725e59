//! The audit as rows.

use sqlx::{FromRow, Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use super::{Tx, one_row, reads::Reads};
use crate::{
    audit::{Audit, Entry, Query, Read, Record},
    store::{Error, columns},
    trace,
};

#[async_trait::async_trait]
impl Audit for Tx {
    async fn audit(&mut self, record: &Record) -> Result<(), Error> {
        let written = sqlx::query(
            "INSERT INTO audit (record_id, actor_role, actor_id, action, subject_kind, subject_id, changes, traceparent, \
             create_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(Uuid::now_v7())
        .bind(record.actor_role)
        .bind(&record.actor_id)
        .bind(record.action)
        .bind(record.subject_kind)
        .bind(&record.subject_id)
        .bind(columns::changes(record))
        .bind(trace::current())
        .bind(record.time)
        .execute(self.connection())
        .await?;
        one_row(&written, "audit record")
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn records(&self, query: &Query) -> Result<Vec<Entry>, Error> {
        let rows: Vec<Row> = list(query).build_query_as().fetch_all(self.pool()).await?;
        Ok(rows.into_iter().map(|Row(entry)| entry).collect())
    }
}

fn list(asked: &Query) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(
        "SELECT record_id, actor_role, actor_id, action, subject_kind, subject_id, changes, traceparent, create_time \
         FROM audit WHERE TRUE",
    );
    if let Some(subject_id) = &asked.subject_id {
        query.push(" AND subject_id = ").push_bind(subject_id.clone());
    }
    if let Some(actor_id) = &asked.actor_id {
        query.push(" AND actor_id = ").push_bind(actor_id.clone());
    }
    // A later page begins later than that.
    if let (Some(since), None) = (asked.since, asked.after) {
        query.push(" AND create_time >= ").push_bind(since);
    }
    if let Some((time, record_id)) = asked.after {
        query.push(" AND (create_time, record_id) > (").push_bind(time);
        query.push(", ").push_bind(record_id).push(")");
    }
    query.push(" ORDER BY create_time, record_id LIMIT ").push_bind(asked.rows);
    query
}

struct Row(Entry);

impl FromRow<'_, PgRow> for Row {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Entry {
            id: row.try_get("record_id")?,
            actor_role: row.try_get("actor_role")?,
            actor_id: row.try_get("actor_id")?,
            action: row.try_get("action")?,
            subject_kind: row.try_get("subject_kind")?,
            subject_id: row.try_get("subject_id")?,
            changes: columns::changed(row.try_get("changes")?)?,
            traceparent: row.try_get("traceparent")?,
            time: row.try_get("create_time")?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use time::{Duration, OffsetDateTime};

    use super::*;
    use crate::store::postgres::plans::{Filled, reads_along};

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let mut filled = Filled::new().await;
        let (subject, actor) = (Some("s7".to_owned()), Some("a7".to_owned()));
        let after = Some((OffsetDateTime::UNIX_EPOCH + Duration::hours(1), Uuid::nil()));
        let since = Some(OffsetDateTime::UNIX_EPOCH + Duration::hours(1));
        for (subject_id, actor_id, index) in [
            (None, None, "audit_by_time"),
            (subject.clone(), None, "audit_by_subject"),
            (None, actor, "audit_by_actor"),
        ] {
            for (since, after) in [(None, after), (since, None)] {
                let (subject_id, actor_id) = (subject_id.clone(), actor_id.clone());
                let query = list(&Query { subject_id, actor_id, since, after, rows: 10 });
                reads_along(&filled.plan(query).await, &[index]);
            }
        }
    }
}
