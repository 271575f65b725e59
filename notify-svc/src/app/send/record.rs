//! Records what became of attempts, and keeps what could not be recorded.

use std::sync::Arc;

use chassis::{
    refusal::chain,
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    app::{bell, ports::Tx},
    domain::{Message, Retry, message, message::Advice},
};

/// Attempts that are recorded in one transaction.
const BATCH: usize = 64;
/// Messages that are held back at most. Where there are more, nothing is sent any more.
const MOST_REFUSED: usize = 1_000;

/// What became of one attempt.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) message_id: Uuid,
    /// Those before it, by which it is recorded once though the record is tried again.
    pub(super) earlier: u32,
    pub(super) time: OffsetDateTime,
    pub(super) end: End,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Sent,
    Missed(Advice),
    /// Its recipient's contact points to another channel now.
    Moved,
}

impl End {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Missed(_) => "missed",
            Self::Moved => "moved",
        }
    }
}

/// What is left of attempts after recording.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Those that the database could not record now, and why.
    pub(super) unrecorded: Vec<Attempt>,
    pub(super) error: Option<store::Error>,
    /// Those whose own record is at fault.
    pub(super) refused: Vec<Attempt>,
}

/// Records in one store.
pub(super) struct Recorder {
    pub(super) store: Store<dyn Tx>,
    pub(super) retry: Retry,
}

impl Recorder {
    /// Records attempts in one transaction; each in its own where one of them is at fault. Whoever locks several messages
    /// does so by their ids.
    pub(super) async fn record(&self, mut attempts: Vec<Attempt>) -> Left {
        if attempts.is_empty() {
            return Left::default();
        }
        attempts.sort_by_key(|attempt| attempt.message_id);
        match self.together(attempts.clone()).await {
            Ok(()) => Left::default(),
            Err(error) if is_the_records_fault(&error) => self.one_by_one(&attempts).await,
            Err(error) => Left { unrecorded: attempts, error: Some(error), ..Left::default() },
        }
    }

    async fn one_by_one(&self, attempts: &[Attempt]) -> Left {
        let mut left = Left::default();
        for (index, attempt) in attempts.iter().enumerate() {
            match self.together(vec![*attempt]).await {
                Ok(()) => {}
                Err(error) if is_the_records_fault(&error) => {
                    let (message_id, cause) = (attempt.message_id, chain(&error));
                    tracing::error!(%message_id, cause, "message has an outcome that cannot be recorded; it is held back");
                    left.refused.push(*attempt);
                }
                Err(error) => {
                    left.unrecorded.extend_from_slice(&attempts[index..]);
                    left.error = Some(error);
                    break;
                }
            }
        }
        left
    }

    async fn together(&self, attempts: Vec<Attempt>) -> Result<(), store::Error> {
        let (attempts, retry): (Arc<[Attempt]>, Retry) = (attempts.into(), self.retry);
        self.store
            .run(move |tx| {
                let attempts = Arc::clone(&attempts);
                Box::pin(async move {
                    for attempt in attempts.iter() {
                        record(tx, *attempt, &retry).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Gives back what was taken and has no outcome. Where that fails, it is due again once the hold on it ends.
    pub(super) async fn give_back(&self, messages: Vec<Uuid>, holder: Uuid) {
        if messages.is_empty() {
            return;
        }
        let messages: Arc<[Uuid]> = messages.into();
        let given_back: Result<(), store::Error> = self
            .store
            .run(move |tx| {
                let messages = Arc::clone(&messages);
                Box::pin(async move { tx.give_back(&messages, holder).await })
            })
            .await;
        if let Err(error) = given_back {
            tracing::debug!(cause = chain(&error), "messages were not given back, the hold on them ends by itself");
        }
    }
}

fn is_the_records_fault(error: &store::Error) -> bool {
    match error {
        store::Error::Inconsistent(_) | store::Error::Panicked => true,
        store::Error::Unavailable(_) | store::Error::Unknown => false,
    }
}

async fn record(tx: &mut (dyn Tx + 'static), attempt: Attempt, retry: &Retry) -> Result<(), store::Error> {
    let Some(before) = tx.message(attempt.message_id).await? else {
        return Err(store::Error::inconsistent("a message that was sent is gone"));
    };
    let outcome = match attempt.end {
        End::Sent => before.clone().sent(attempt.time).map(|(message, event)| (message, Some(event))),
        // The first record of it, whose commit was not known of, holds.
        End::Missed(_) if before.attempts != attempt.earlier => return Ok(()),
        End::Missed(advice) => before.clone().missed(attempt.time, retry, advice),
        End::Moved => {
            bell::ring_after(tx);
            redirected(tx, &before).await?.map(|message| (message, None))
        }
    };
    match outcome {
        Ok((after, event)) => tx.update(&before, &after, event).await,
        // Another replica sent it, or an operator erased it, at the same time: the first outcome stands.
        Err(message::Error::Sent | message::Error::Failed | message::Error::Erased) => Ok(()),
        Err(message::Error::Pending) => Err(store::Error::inconsistent("a message that waits refuses an outcome")),
    }
}

/// The contact is read again: what holds is what it says when this is written.
async fn redirected(
    tx: &mut (dyn Tx + 'static),
    message: &Message,
) -> Result<Result<Message, message::Error>, store::Error> {
    let contact = tx.contact(&message.recipient).await?;
    Ok(message.clone().redirected(contact.as_ref()))
}

/// What is not recorded yet, and what never will be. Nothing is sent while there is something unrecorded, so that there
/// is never more of it than all lanes bring.
#[derive(Default)]
pub(super) struct Backlog {
    unrecorded: Vec<Attempt>,
    refused: Vec<Uuid>,
}

impl Backlog {
    /// Whether all that can be recorded is.
    pub(super) fn is_clear(&self) -> bool {
        self.unrecorded.is_empty()
    }

    /// The messages that are not sent again.
    pub(super) fn refused(&self) -> &[Uuid] {
        &self.refused
    }

    /// Keeps what is left of attempts.
    ///
    /// # Errors
    /// Some of it is to be recorded later.
    pub(super) fn keep(&mut self, left: Left) -> Result<(), store::Error> {
        let Left { unrecorded, mut error, refused } = left;
        self.unrecorded.extend(unrecorded);
        for attempt in refused {
            if self.refused.len() < MOST_REFUSED {
                self.refused.push(attempt.message_id);
            } else {
                self.unrecorded.push(attempt);
                error.get_or_insert_with(|| store::Error::inconsistent("too many messages cannot be recorded"));
            }
        }
        error.map_or(Ok(()), Err)
    }

    /// Tries again to record what is not. Nothing is lost where it is ended early.
    ///
    /// # Errors
    /// Some of it still is not.
    pub(super) async fn catch_up(&mut self, recorder: &Recorder) -> Result<(), store::Error> {
        while !self.unrecorded.is_empty() {
            let batch = self.unrecorded[..self.unrecorded.len().min(BATCH)].to_vec();
            let tried = batch.len();
            let left = recorder.record(batch).await;
            self.unrecorded.drain(..tried);
            self.keep(left)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bounded_number_is_held_back_and_the_rest_stops_sending() {
        let attempt = |number| Attempt {
            message_id: Uuid::from_u128(number),
            earlier: 0,
            time: OffsetDateTime::UNIX_EPOCH,
            end: End::Sent,
        };
        let refused =
            |numbers: std::ops::Range<u128>| Left { refused: numbers.map(attempt).collect(), ..Left::default() };
        let mut backlog = Backlog::default();
        let most = MOST_REFUSED as u128;
        backlog.keep(refused(0..most)).expect("held back");
        assert!(backlog.is_clear() && backlog.refused().len() == MOST_REFUSED);
        backlog.keep(refused(most..most + 1)).expect_err("too many");
        assert!(!backlog.is_clear() && backlog.refused().len() == MOST_REFUSED);
    }
}
