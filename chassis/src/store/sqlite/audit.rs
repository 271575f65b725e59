//! The audit as rows.

use sqlx::{FromRow, QueryBuilder, Row as _, Sqlite, sqlite::SqliteRow};
use uuid::Uuid;

use super::{Tx, micros, one_row, reads::Reads, time_of};
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
             create_time) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(Uuid::now_v7())
        .bind(record.actor_role)
        .bind(&record.actor_id)
        .bind(record.action)
        .bind(record.subject_kind)
        .bind(&record.subject_id)
        .bind(columns::changes(record))
        .bind(trace::current())
        .bind(micros(record.time))
        .execute(self.connection())
        .await?;
        one_row(&written, "audit record")
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn records(&self, query: &Query) -> Result<Vec<Entry>, Error> {
        let rows: Vec<Row> = list(query).build_query_as().fetch_all(&self.pool).await?;
        Ok(rows.into_iter().map(|Row(entry)| entry).collect())
    }
}

fn list(asked: &Query) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "SELECT record_id, actor_role, actor_id, action, subject_kind, subject_id, changes, traceparent, create_time \
         FROM audit WHERE TRUE",
    );
    if let Some(subject_id) = &asked.subject_id {
        query.push(" AND subject_id = ").push_bind(subject_id.clone());
    }
    if let Some(actor_id) = &asked.actor_id {
        // What was done to one thing is less than what one person did: `+` keeps SQLite from that index.
        let column = if asked.subject_id.is_some() { "+actor_id" } else { "actor_id" };
        query.push(" AND ").push(column).push(" = ").push_bind(actor_id.clone());
    }
    // A later page begins later than that.
    if let (Some(since), None) = (asked.since, asked.after) {
        query.push(" AND create_time >= ").push_bind(micros(since));
    }
    if let Some((time, record_id)) = asked.after {
        query.push(" AND (create_time, record_id) > (").push_bind(micros(time));
        query.push(", ").push_bind(record_id).push(")");
    }
    query.push(" ORDER BY create_time, record_id LIMIT ").push_bind(asked.rows);
    query
}

struct Row(Entry);

impl FromRow<'_, SqliteRow> for Row {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self(Entry {
            id: row.try_get("record_id")?,
            actor_role: row.try_get("actor_role")?,
            actor_id: row.try_get("actor_id")?,
            action: row.try_get("action")?,
            subject_kind: row.try_get("subject_kind")?,
            subject_id: row.try_get("subject_id")?,
            changes: columns::changed(row.try_get("changes")?)?,
            traceparent: row.try_get("traceparent")?,
            time: time_of(row.try_get("create_time")?)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::store::sqlite::plans::plan;

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let (subject, actor) = (Some("7".to_owned()), Some("kim".to_owned()));
        let after = Some((OffsetDateTime::UNIX_EPOCH, Uuid::nil()));
        let since = Some(OffsetDateTime::UNIX_EPOCH);
        for (subject_id, actor_id, index) in [
            (None, None, "audit_by_time"),
            (subject.clone(), None, "audit_by_subject"),
            (None, actor.clone(), "audit_by_actor"),
            (subject, actor, "audit_by_subject"),
        ] {
            for (since, after) in [(None, after), (since, None)] {
                let (subject_id, actor_id) = (subject_id.clone(), actor_id.clone());
                let plan = plan(&list(&Query { subject_id, actor_id, since, after, rows: 10 })).await;
                let index = format!("USING INDEX {index} (");
                assert!(plan.contains(&index) && plan.contains("create_time"), "{plan}");
                assert!(!plan.contains("B-TREE"), "{plan}");
            }
        }
    }
}
