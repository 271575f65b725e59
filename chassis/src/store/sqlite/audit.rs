//! The audit as rows.

use prost::Message;
use proto::ops::v1::{AuditRecord, FieldChange};
use uuid::Uuid;

use super::{Tx, micros, one_row};
use crate::{
    audit::{Audit, Record},
    store::Error,
    trace,
};

#[async_trait::async_trait]
impl Audit for Tx {
    async fn audit(&mut self, record: &Record) -> Result<(), Error> {
        let changes = record.changes.iter().cloned().map(|change| FieldChange {
            field: change.name,
            before: change.before,
            after: change.after,
            personal: change.personal,
        });
        let changes = AuditRecord { changes: changes.collect(), ..Default::default() };
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
        .bind(changes.encode_to_vec())
        .bind(trace::current())
        .bind(micros(record.time))
        .execute(self.connection())
        .await?;
        one_row(&written, "audit record")
    }
}
