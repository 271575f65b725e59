//! All that ever happened to one aggregate.

use prost::Message as _;
use proto::ops::v1::{AggregateEvent, ListAggregateEventsRequest, ListAggregateEventsResponse};

use super::{MAX_ANSWER_BYTES, Operations, payload};
use crate::{
    outbox::Version,
    page::{self, Cursor, Page},
    refusal::{Refusal, Violations},
    store::Tx,
    wire::{self, timestamp},
};

/// Bodies that one page is made of, in bytes together.
const MAX_BODY_BYTES: usize = 1024 * 1024;

impl<T: Tx + ?Sized + 'static> Operations<T> {
    pub(super) async fn aggregate_events(
        &self,
        request: &ListAggregateEventsRequest,
    ) -> Result<ListAggregateEventsResponse, Refusal> {
        let mut violations = Violations::default();
        let aggregate_id = violations.check("aggregate_id", wire::uuid(&request.aggregate_id)).unwrap_or_default();
        page::check_size(&mut violations, request.page_size);
        violations.finish()?;
        let filter = format!("events of {aggregate_id}");
        let mut page = Page::parse(request.page_size, &request.page_token, &filter)?;
        let after = page.after_number()?;
        let versions = self.reads.versions(aggregate_id, after, page.rows(), MAX_BODY_BYTES).await?;
        // By bodies as the store bounds them, and then by what they become.
        page.bound(&versions, MAX_BODY_BYTES, |version| version.body.len());
        let mut found: Vec<_> = versions.into_iter().map(|version| (version.time, event(version))).collect();
        page.bound(&found, MAX_ANSWER_BYTES, |(_, event)| event.encoded_len());
        let place = |(time, event): &(_, AggregateEvent)| Cursor { time: *time, id: event.version.to_string() };
        let next_page_token = page.finish(&mut found, &filter, place);
        Ok(ListAggregateEventsResponse { events: found.into_iter().map(|(_, event)| event).collect(), next_page_token })
    }
}

fn event(version: Version) -> AggregateEvent {
    AggregateEvent {
        event_id: version.id.to_string(),
        version: version.version,
        payload: payload::decode(&version.kind, &version.body),
        r#type: version.kind,
        event_time: Some(timestamp(version.time)),
        traceparent: version.traceparent.unwrap_or_default(),
    }
}
