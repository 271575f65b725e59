//! `ReadEvents`: consumers pull from here what the broker lost.

mod reader;

use std::sync::Arc;

use proto::ops::v1::{
    EpochHead, LoggedEvent, ReadEventsRequest, ReadEventsResponse, event_log_service_server::EventLogService,
};
use tonic::{Request, Response, Status};

use crate::{
    auth::{Allow, Rule},
    outbox,
    recovery::{Halt, past_head},
    refusal::{Refusal, Violations},
    relay::{Head, Log},
    wire::{self, timestamp},
};

pub use reader::{Heads, Reader};

const DEFAULT_LIMIT: i32 = 200;
const MAX_LIMIT: i32 = 1_000;
/// Bodies in one answer end at about this many bytes, well below what a client decodes.
const MAX_BYTES: usize = 1024 * 1024;

/// Who may read: services, none else.
pub const RULES: &[Rule] = &[Rule { method: "/tword.ops.v1.EventLogService/ReadEvents", allow: Allow::AnyService }];

/// Serves one producer's log.
pub struct EventLog {
    log: Arc<dyn Log>,
    halt: Halt,
}

impl EventLog {
    /// Serves `log`; a consumer that knows more of it than it holds halts the process.
    pub(crate) fn new(log: Arc<dyn Log>, halt: Halt) -> Self {
        Self { log, halt }
    }

    async fn read(&self, request: ReadEventsRequest) -> Result<ReadEventsResponse, Refusal> {
        let mut violations = Violations::default();
        let epoch = match request.epoch.as_str() {
            "" => None,
            text => violations.check("epoch", wire::uuid(text)),
        };
        if request.after_sequence < 0 {
            violations.add("after_sequence", "must not be negative");
        }
        violations.finish()?;

        // Asked first: what is numbered in between is in the heads then.
        let unnumbered = self.log.unnumbered().await?;
        let epochs = self.log.epochs().await?;
        if let Some(found) = epoch.and_then(|epoch| past_head(epoch, request.after_sequence, &epochs)) {
            self.halt.now(found);
        }
        let Some(head) = chosen(&epochs, epoch) else { return Err(Refusal::not_found("epoch")) };
        let events = match limit(request.limit) {
            0 => Vec::new(),
            limit => self.log.read(head.epoch, request.after_sequence, limit, MAX_BYTES).await?,
        };
        Ok(ReadEventsResponse {
            events: events.into_iter().map(logged).collect(),
            epoch: head.epoch.to_string(),
            head: head.sequence,
            epochs: epochs.iter().map(epoch_head).collect(),
            unnumbered,
        })
    }
}

#[tonic::async_trait]
impl EventLogService for EventLog {
    async fn read_events(&self, request: Request<ReadEventsRequest>) -> Result<Response<ReadEventsResponse>, Status> {
        Ok(Response::new(self.read(request.into_inner()).await?))
    }
}

fn chosen(epochs: &[Head], epoch: Option<uuid::Uuid>) -> Option<Head> {
    match epoch {
        None => epochs.last().copied(),
        Some(epoch) => epochs.iter().find(|head| head.epoch == epoch).copied(),
    }
}

fn limit(asked: i32) -> u32 {
    let limit = if asked == 0 { DEFAULT_LIMIT } else { asked.min(MAX_LIMIT) };
    u32::try_from(limit).unwrap_or(0)
}

fn logged(event: outbox::LoggedEvent) -> LoggedEvent {
    LoggedEvent {
        event_id: event.id.to_string(),
        sequence: event.sequence,
        r#type: event.kind,
        aggregate_id: event.aggregate_id.to_string(),
        event_time: Some(timestamp(event.time)),
        traceparent: event.traceparent.unwrap_or_default(),
        body: event.body.into(),
    }
}

fn epoch_head(head: &Head) -> EpochHead {
    EpochHead { epoch: head.epoch.to_string(), head: head.sequence }
}
