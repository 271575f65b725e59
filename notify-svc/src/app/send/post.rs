//! Hands one recipient's messages to their channel and records what became of them.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chassis::{refusal::chain, store, trace};
use futures::FutureExt;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::{Limits, Means, lanes::Outcome, receivers::Pace};
use crate::{
    app::ports::{Channel, ChannelError, Envelope, Tx},
    domain::{ChannelName, Message, Retry, Target, message, message::Advice, message::State},
};

/// How long a lane stays shut whose messages the database takes no record of, though it is there.
const SHUT: Duration = Duration::from_mins(1);

pub(super) struct Post {
    pub(super) name: ChannelName,
    pub(super) channel: Option<Arc<dyn Channel>>,
    pub(super) means: Means,
    pub(super) limits: Limits,
}

/// What became of one attempt.
#[derive(Clone, Copy)]
struct Attempt {
    message_id: Uuid,
    time: OffsetDateTime,
    end: End,
}

#[derive(Clone, Copy)]
enum End {
    Sent,
    Missed(Advice),
    Nowhere,
}

impl End {
    fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Missed(_) => "missed",
            Self::Nowhere => "nowhere",
        }
    }
}

impl Post {
    /// Sends messages of one recipient, in their order, and records all of them in one transaction. It stops early at the
    /// first that is not taken and where they take long: what is left stays due. Answers how the receiver took them.
    ///
    /// # Errors
    /// The database failed, for whomever it was meant. Where the record itself is at fault, this recipient alone waits.
    pub(super) async fn deliver(self: Arc<Self>, messages: Vec<Message>) -> Outcome {
        let began = Instant::now();
        let (mut attempts, mut pace) = (Vec::with_capacity(messages.len()), Pace::Quick);
        for message in messages {
            let attempted =
                trace::continued("send message", message.traceparent.as_deref(), self.attempt(&message)).await;
            let (end, its_pace) = match attempted {
                Ok(ended) => ended,
                // What was sent so far is recorded all the same.
                Err(error) if attempts.is_empty() => return Err(error),
                Err(_failed) => break,
            };
            attempts.push(Attempt { message_id: message.id, time: self.means.clock.now(), end });
            if pace != Pace::Slow || its_pace == Pace::Away {
                pace = its_pace;
            }
            if matches!(end, End::Missed(_)) || began.elapsed() >= self.limits.attempt_timeout {
                break;
            }
        }
        match self.record(attempts).await {
            Err(error @ (store::Error::Inconsistent(_) | store::Error::Panicked)) => {
                tracing::error!(cause = chain(&error), "messages were sent that cannot be recorded; their lane waits");
                tokio::time::sleep(SHUT).await;
                Ok(pace)
            }
            outcome => outcome.map(|()| pace),
        }
    }

    /// One attempt, timed and counted.
    async fn attempt(&self, message: &Message) -> Result<(End, Pace), store::Error> {
        let contact = self.means.reads.contact(&message.recipient).await?;
        let target = contact.map_or(Target::Log, |contact| contact.target);
        // What goes to the log needs no contact: a message of that channel goes there whatever was set since.
        let target = if self.name == ChannelName::Log { Target::Log } else { target };
        if target.channel() != self.name {
            tracing::warn!(message_id = %message.id, channel = self.name.name(), "message has nowhere to go any more");
            self.count(End::Nowhere);
            return Ok((End::Nowhere, Pace::Quick));
        }
        let began = Instant::now();
        let outcome = self.in_time(message, target).await;
        let took = began.elapsed();
        let (end, pace) = match outcome {
            Ok(()) => (End::Sent, self.pace(took)),
            Err(error) => {
                self.tell(message, &error);
                let wait = if let ChannelError::Refused { wait, .. } = error { wait } else { Duration::ZERO };
                let advice = Advice { roll: (self.means.roll)(), wait };
                let away = matches!(error, ChannelError::Late | ChannelError::Unreachable(_));
                (End::Missed(advice), if away { Pace::Away } else { self.pace(took) })
            }
        };
        metrics::histogram!("tword_message_attempt_seconds", "channel" => self.name.name()).record(took);
        self.count(end);
        Ok((end, pace))
    }

    async fn in_time(&self, message: &Message, target: Target) -> Result<(), ChannelError> {
        let handed = AssertUnwindSafe(self.hand_over(message, target)).catch_unwind();
        match tokio::time::timeout(self.limits.attempt_timeout, handed).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(ChannelError::Panicked),
            Err(_elapsed) => Err(ChannelError::Late),
        }
    }

    async fn hand_over(&self, message: &Message, target: Target) -> Result<(), ChannelError> {
        let (State::Pending { change, .. }, Some(words)) = (&message.state, self.means.texts.words(message)?) else {
            return Ok(());
        };
        let channel = self.channel.as_ref().ok_or(ChannelError::Unserved(self.name.name()))?;
        let envelope = Envelope {
            message_id: message.id,
            order_id: message.order_id,
            recipient: message.recipient.clone(),
            target,
            template: message.template,
            change: change.clone(),
            create_time: message.create_time,
            language: message.language,
            words,
        };
        channel.send(&envelope).await
    }

    /// A receiver that takes a fifth of the time that it may take is slow.
    fn pace(&self, took: Duration) -> Pace {
        if took > self.limits.attempt_timeout / 5 { Pace::Slow } else { Pace::Quick }
    }

    fn tell(&self, message: &Message, error: &ChannelError) {
        tracing::warn!(
            message_id = %message.id,
            order_id = %message.order_id,
            channel = self.name.name(),
            attempts = message.attempts + 1,
            cause = chain(error),
            "message not sent"
        );
    }

    fn count(&self, end: End) {
        let labels = [("channel", self.name.name()), ("outcome", end.name())];
        metrics::counter!("tword_message_attempts_total", &labels).increment(1);
    }

    async fn record(&self, attempts: Vec<Attempt>) -> Result<(), store::Error> {
        let (attempts, retry): (Arc<[Attempt]>, Retry) = (attempts.into(), self.limits.retry);
        self.means
            .store
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
}

async fn record(tx: &mut (dyn Tx + 'static), attempt: Attempt, retry: &Retry) -> Result<(), store::Error> {
    let Some(before) = tx.message(attempt.message_id).await? else {
        return Err(store::Error::inconsistent("a message that was sent is gone"));
    };
    let message = before.clone();
    let outcome = match attempt.end {
        End::Sent => message.sent(attempt.time).map(|(message, event)| (message, Some(event))),
        End::Missed(advice) => message.missed(attempt.time, retry, advice),
        End::Nowhere => message.led_nowhere(attempt.time).map(|(message, event)| (message, Some(event))),
    };
    match outcome {
        Ok((after, event)) => tx.update(&before, &after, event).await,
        // Another replica sent it, or an operator erased it, at the same time: the first outcome stands.
        Err(message::Error::Sent | message::Error::Failed | message::Error::Erased) => Ok(()),
        Err(message::Error::Pending) => Err(store::Error::inconsistent("a message that waits refuses an outcome")),
    }
}
