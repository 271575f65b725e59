//! Handling dead letters once more, by the handler that failed on them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use proto::ops::v1::{
    RedriveDeadLettersRequest, RedriveDeadLettersResponse, RedriveOutcome, redrive_outcome::Result as Outcome,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ACTOR_ROLE, Operations, letters::SUBJECT_KIND};
use crate::{
    audit::{Fields, Record},
    auth::Person,
    consumer::{Failure, Handler},
    dead_letter::{Kept, Query, Standing},
    deadline,
    inbox::Event,
    refusal::{Refusal, Violations, chain},
    store::{self, Tx},
    trace::{self, Context},
    wire,
};

/// Letters that one call handles at most.
const MAX_LETTERS: usize = 200;
/// A letter is not begun when less than this is left of the call's deadline: what was done is to be told.
const RESERVE: Duration = Duration::from_secs(1);

impl<T: Tx + ?Sized + 'static> Operations<T> {
    pub(super) async fn redrive(
        &self,
        by: &Person,
        request: &RedriveDeadLettersRequest,
    ) -> Result<RedriveDeadLettersResponse, Refusal> {
        let mut violations = Violations::default();
        violations.check("producer", self.known_producer(&request.producer));
        let named = named(violations, &request.event_ids)?;
        let mut letters =
            if named.is_empty() { self.oldest(&request.producer).await? } else { self.those(&named).await? };
        // The oldest event first, and those of one producer as it numbered them.
        letters.sort_by_key(|event| (event.time, event.epoch, event.sequence));
        let unknown = named.into_iter().filter(|id| letters.iter().all(|event| event.id != *id)).collect::<Vec<_>>();
        let mut outcomes = Vec::with_capacity(letters.len() + unknown.len());
        for event in &letters {
            if deadline::remaining().is_some_and(|left| left < RESERVE) {
                break;
            }
            outcomes.push(self.handle_again(by, event).await?);
        }
        outcomes.extend(unknown.into_iter().map(|event_id| outcome(event_id, Outcome::NotFound, String::new())));
        Ok(RedriveDeadLettersResponse { outcomes, waiting: self.reads.waiting().await? })
    }

    /// The oldest letters that wait.
    async fn oldest(&self, producer: &str) -> Result<Vec<Event>, Refusal> {
        let producer = Some(producer.to_owned()).filter(|producer| !producer.is_empty());
        let rows = i64::try_from(MAX_LETTERS).unwrap_or(i64::MAX);
        let query = Query { producer, standing: Some(Standing::Waiting), after: None, rows };
        Ok(self.reads.letters(&query).await?.into_iter().map(|kept| kept.letter.event).collect())
    }

    /// Those of the named letters that wait.
    async fn those(&self, named: &BTreeSet<Uuid>) -> Result<Vec<Event>, Refusal> {
        let mut found = Vec::with_capacity(named.len());
        for id in named {
            let kept = self.reads.letter(*id).await?.filter(|kept| kept.standing() == Standing::Waiting);
            found.extend(kept.map(|Kept { letter, .. }| Event { body: bytes::Bytes::new(), ..letter.event }));
        }
        Ok(found)
    }

    /// Handles one letter, in the trace of its event.
    async fn handle_again(&self, by: &Person, event: &Event) -> Result<RedriveOutcome, Refusal> {
        let handler = self.consumed.iter().find(|consumed| consumed.producer == event.producer);
        let handler = handler.map(|consumed| Arc::clone(&consumed.handler));
        let mending =
            Mending { event_id: event.id, by: by.subject.clone(), time: self.clock.now(), call: trace::here() };
        let effect = self.effect(handler, mending.clone());
        let again = format!("handle {} again", event.kind);
        let failure = match trace::continued(&again, event.traceparent.as_deref(), effect).await {
            Ok(true) => {
                tracing::info!(event_id = %event.id, kind = event.kind, "dead letter handled");
                return Ok(outcome(event.id, Outcome::Handled, String::new()));
            }
            Ok(false) => return Ok(outcome(event.id, Outcome::NotFound, String::new())),
            Err(Failure::Store(error @ (store::Error::Unavailable(_) | store::Error::Unknown))) => {
                return Err(error.into());
            }
            Err(failure) => failure,
        };
        let cause = chain(&failure);
        tracing::warn!(event_id = %event.id, kind = event.kind, cause, "dead letter failed again");
        if self.note_failure(mending, cause.clone()).await? {
            Ok(outcome(event.id, Outcome::Failed, cause))
        } else {
            Ok(outcome(event.id, Outcome::NotFound, String::new()))
        }
    }

    /// The event's effect, the end of its letter and the record of who ended it, in one transaction; false where the letter
    /// does not wait any more. The event's id stays in the inbox, where it came with the letter.
    async fn effect(&self, handler: Option<Arc<dyn Handler<T>>>, mending: Mending) -> Result<bool, Failure> {
        let unit = self.store.run(move |tx| {
            let (handler, mending) = (handler.clone(), mending.clone());
            Box::pin(async move {
                let Some(letter) = tx.take_letter(mending.event_id).await? else { return Ok(false) };
                let handler = handler.ok_or_else(|| Failure::Fault("nothing here consumes its producer".to_owned()))?;
                handler.handle(tx, &letter.event).await?;
                let before = Fields::default().with("status", "WAITING");
                let after = Fields::default().with("status", "HANDLED");
                let record = mending.record(&before, &after);
                match mending.call {
                    Some(call) => trace::scope(call, tx.audit(&record)).await?,
                    None => tx.audit(&record).await?,
                }
                Ok(true)
            })
        });
        unit.await
    }

    /// Notes that a letter failed again, and who tried; false where it does not wait any more.
    async fn note_failure(&self, mending: Mending, cause: String) -> Result<bool, store::Error> {
        let unit = self.store.run(move |tx| {
            let (mending, cause) = (mending.clone(), cause.clone());
            Box::pin(async move {
                let Some(attempts) = tx.fail_letter(mending.event_id, &cause).await? else { return Ok(false) };
                let before = Fields::default().with("attempts", attempts - 1);
                let after = Fields::default().with("attempts", attempts);
                tx.audit(&mending.record(&before, &after)).await?;
                Ok(true)
            })
        });
        unit.await
    }
}

/// Who has a letter handled again, and when.
#[derive(Clone)]
struct Mending {
    event_id: Uuid,
    by: String,
    time: OffsetDateTime,
    /// The record belongs to the call, the effect to the event.
    call: Option<Context>,
}

impl Mending {
    fn record(&self, before: &Fields, after: &Fields) -> Record {
        Record {
            actor_role: ACTOR_ROLE,
            actor_id: self.by.clone(),
            action: "RedriveDeadLetters",
            subject_kind: SUBJECT_KIND,
            subject_id: self.event_id.to_string(),
            changes: before.changes(after),
            time: self.time,
        }
    }
}

fn named(mut violations: Violations, event_ids: &[String]) -> Result<BTreeSet<Uuid>, Refusal> {
    if event_ids.len() > MAX_LETTERS {
        violations.add("event_ids", "must be 200 at most");
    }
    let ids = event_ids.iter().take(MAX_LETTERS).enumerate();
    let ids = ids.filter_map(|(at, id)| violations.check(format!("event_ids[{at}]"), wire::uuid(id))).collect();
    violations.finish()?;
    Ok(ids)
}

fn outcome(event_id: Uuid, result: Outcome, cause: String) -> RedriveOutcome {
    RedriveOutcome { event_id: event_id.to_string(), result: result.into(), cause }
}
