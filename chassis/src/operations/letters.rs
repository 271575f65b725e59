//! Dead letters: listed, read, given up.

use prost::Message as _;
use proto::ops::v1::{
    DeadLetter, DropDeadLetterRequest, DropDeadLetterResponse, GetDeadLetterRequest, GetDeadLetterResponse,
    ListDeadLettersRequest, ListDeadLettersResponse, dead_letter::Status,
};
use uuid::Uuid;

use super::{ACTOR_ROLE, MAX_ANSWER_BYTES, Operations, payload};
use crate::{
    audit::{Fields, Record},
    auth::Person,
    dead_letter::{Dropped, Kept, Query, Standing},
    page::{self, Cursor, Page},
    refusal::{Refusal, Violations},
    store::{self, Tx},
    wire::{self, timestamp},
};

/// Characters that the reason of a drop has at most.
const MAX_REASON: usize = 500;
/// What a dead letter is in audit records.
pub const SUBJECT_KIND: &str = "dead_letter";

impl<T: Tx + ?Sized + 'static> Operations<T> {
    pub(super) async fn letters(&self, request: ListDeadLettersRequest) -> Result<ListDeadLettersResponse, Refusal> {
        let mut violations = Violations::default();
        violations.check("producer", self.known_producer(&request.producer));
        let standing = violations.check("status", standing(request.status));
        page::check_size(&mut violations, request.page_size);
        violations.finish()?;
        let filter = format!("dead letters of {:?} at {}", request.producer, request.status);
        let mut page = Page::parse(request.page_size, &request.page_token, &filter)?;
        let query = Query {
            producer: Some(request.producer).filter(|producer| !producer.is_empty()),
            standing: standing.flatten(),
            after: page.after_uuid()?,
            rows: page.rows(),
        };
        let found = self.reads.letters(&query).await?;
        let told = |kept: &Kept| (Cursor::new(kept.letter.time, kept.letter.event.id), wire_letter(kept));
        let mut found: Vec<_> = found.iter().map(told).collect();
        page.bound(&found, MAX_ANSWER_BYTES, |(_, letter)| letter.encoded_len());
        let next_page_token = page.finish(&mut found, &filter, |(place, _)| place.clone());
        let dead_letters = found.into_iter().map(|(_, letter)| letter).collect();
        Ok(ListDeadLettersResponse { dead_letters, next_page_token })
    }

    pub(super) async fn letter(&self, request: &GetDeadLetterRequest) -> Result<GetDeadLetterResponse, Refusal> {
        let mut violations = Violations::default();
        let event_id = violations.check("event_id", wire::uuid(&request.event_id));
        violations.finish()?;
        Ok(GetDeadLetterResponse { dead_letter: Some(self.whole(event_id.unwrap_or_default()).await?) })
    }

    pub(super) async fn drop_letter(
        &self,
        by: Person,
        request: &DropDeadLetterRequest,
    ) -> Result<DropDeadLetterResponse, Refusal> {
        let mut violations = Violations::default();
        let event_id = violations.check("event_id", wire::uuid(&request.event_id)).unwrap_or_default();
        let reason = violations.check("reason", reason(&request.reason)).unwrap_or_default();
        violations.finish()?;
        let dropped = Dropped { reason, by: by.subject, time: self.clock.now() };
        let unit = self.store.run(move |tx| {
            let dropped = dropped.clone();
            Box::pin(async move {
                if tx.drop_letter(event_id, &dropped).await? {
                    tx.audit(&record(event_id, &dropped)).await?;
                }
                Ok::<_, store::Error>(())
            })
        });
        unit.await?;
        // One that was dropped before is answered as it is, and so is one that never was.
        Ok(DropDeadLetterResponse { dead_letter: Some(self.whole(event_id).await?) })
    }

    /// A letter with its payload.
    async fn whole(&self, event_id: Uuid) -> Result<DeadLetter, Refusal> {
        let kept = self.reads.letter(event_id).await?.ok_or_else(|| Refusal::not_found("dead letter"))?;
        let event = &kept.letter.event;
        Ok(DeadLetter { payload: payload::decode(&event.kind, &event.body), ..wire_letter(&kept) })
    }
}

fn standing(status: i32) -> Result<Option<Standing>, &'static str> {
    match Status::try_from(status) {
        Ok(Status::Unspecified) => Ok(None),
        Ok(Status::Waiting) => Ok(Some(Standing::Waiting)),
        Ok(Status::Dropped) => Ok(Some(Standing::Dropped)),
        Err(_unknown) => Err("must be STATUS_WAITING or STATUS_DROPPED, or be left out"),
    }
}

fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let fits = (1..=MAX_REASON).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err("must be 1 to 500 characters on one line") }
}

fn record(event_id: Uuid, dropped: &Dropped) -> Record {
    let before = Fields::default().with("status", "WAITING");
    let after = Fields::default().with("status", "DROPPED").with("drop_reason", &dropped.reason);
    Record {
        actor_role: ACTOR_ROLE,
        actor_id: dropped.by.clone(),
        action: "DropDeadLetter",
        subject_kind: SUBJECT_KIND,
        subject_id: event_id.to_string(),
        changes: before.changes(&after),
        time: dropped.time,
    }
}

/// A letter without its payload.
fn wire_letter(kept: &Kept) -> DeadLetter {
    let (letter, event) = (&kept.letter, &kept.letter.event);
    let status = match kept.standing() {
        Standing::Waiting => Status::Waiting,
        Standing::Dropped => Status::Dropped,
    };
    DeadLetter {
        event_id: event.id.to_string(),
        producer: event.producer.clone(),
        epoch: event.epoch.to_string(),
        sequence: event.sequence,
        r#type: event.kind.clone(),
        aggregate_id: event.aggregate_id.to_string(),
        event_time: Some(timestamp(event.time)),
        cause: letter.cause.clone(),
        attempts: letter.attempts,
        create_time: Some(timestamp(letter.time)),
        status: status.into(),
        drop_reason: kept.dropped.as_ref().map(|dropped| dropped.reason.clone()).unwrap_or_default(),
        traceparent: event.traceparent.clone().unwrap_or_default(),
        payload: None,
    }
}
