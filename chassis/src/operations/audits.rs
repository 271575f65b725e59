//! What people changed.

use prost::Message as _;
use proto::ops::v1::{AuditRecord, ListAuditRecordsRequest, ListAuditRecordsResponse};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{MAX_ANSWER_BYTES, Operations};
use crate::{
    audit::{Entry, Query},
    page::{self, Cursor, Page},
    refusal::{Refusal, Violations},
    store::Tx,
    wire::timestamp,
};

impl<T: Tx + ?Sized + 'static> Operations<T> {
    pub(super) async fn audit_records(
        &self,
        request: ListAuditRecordsRequest,
    ) -> Result<ListAuditRecordsResponse, Refusal> {
        let mut violations = Violations::default();
        let since = violations.check("since_time", since(&request.since_time)).flatten();
        page::check_size(&mut violations, request.page_size);
        violations.finish()?;
        let filter = format!("audit of {:?} by {:?} since {since:?}", request.subject_id, request.actor_id);
        let mut page = Page::parse(request.page_size, &request.page_token, &filter)?;
        let query = Query {
            subject_id: Some(request.subject_id).filter(|id| !id.is_empty()),
            actor_id: Some(request.actor_id).filter(|id| !id.is_empty()),
            since,
            after: page.after_uuid()?,
            rows: page.rows(),
        };
        let found = self.reads.records(&query).await?;
        let mut found: Vec<_> =
            found.into_iter().map(|entry| (Cursor::new(entry.time, entry.id), record(entry))).collect();
        page.bound(&found, MAX_ANSWER_BYTES, |(_, record)| record.encoded_len());
        let next_page_token = page.finish(&mut found, &filter, |(place, _)| place.clone());
        Ok(ListAuditRecordsResponse { records: found.into_iter().map(|(_, record)| record).collect(), next_page_token })
    }
}

fn since(text: &str) -> Result<Option<OffsetDateTime>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let time = OffsetDateTime::parse(text, &Rfc3339);
    time.map(Some).map_err(|_wrong| "must be a time such as 2026-11-23T09:00:00Z, or empty")
}

fn record(entry: Entry) -> AuditRecord {
    AuditRecord {
        record_id: entry.id.to_string(),
        actor_role: entry.actor_role,
        actor_id: entry.actor_id,
        action: entry.action,
        subject_kind: entry.subject_kind,
        subject_id: entry.subject_id,
        changes: entry.changes.into_iter().map(Into::into).collect(),
        traceparent: entry.traceparent.unwrap_or_default(),
        create_time: Some(timestamp(entry.time)),
    }
}
