//! The service's own events that the broker has not got.

use proto::ops::v1::{ListUnpublishedRequest, ListUnpublishedResponse, UnpublishedEvent};

use super::Operations;
use crate::{
    outbox::Unpublished,
    page::{Cursor, Page},
    refusal::Refusal,
    store::Tx,
    wire::timestamp,
};

const FILTER: &str = "unpublished events";

impl<T: Tx + ?Sized + 'static> Operations<T> {
    pub(super) async fn unpublished(
        &self,
        request: &ListUnpublishedRequest,
    ) -> Result<ListUnpublishedResponse, Refusal> {
        let page = Page::parse(request.page_size, &request.page_token, FILTER)?;
        let after = page.after_number()?;
        let mut found = self.reads.unpublished(after, page.rows()).await?;
        let place = |event: &Unpublished| Cursor { time: event.time, id: event.position.to_string() };
        let next_page_token = page.finish(&mut found, FILTER, place);
        let broker_connected = self.broker.is_connected();
        Ok(ListUnpublishedResponse {
            events: found.into_iter().map(event).collect(),
            next_page_token,
            broker_connected,
        })
    }
}

fn event(event: Unpublished) -> UnpublishedEvent {
    UnpublishedEvent {
        event_id: event.id.to_string(),
        sequence: event.sequence.unwrap_or(0),
        r#type: event.kind,
        aggregate_id: event.aggregate_id.to_string(),
        event_time: Some(timestamp(event.time)),
    }
}
