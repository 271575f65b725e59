//! Hands one recipient's messages to their channel and records what became of them.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chassis::{refusal::chain, store, trace};
use futures::FutureExt;
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Limits, Means,
    lanes::{Delivered, Outcome},
    receivers::Pace,
    record::{Attempt, End, Recorder},
};
use crate::{
    app::ports::{Channel, ChannelError, Envelope},
    domain::{ChannelName, Message, Target, message::Advice, message::State},
};

pub(super) struct Post {
    pub(super) name: ChannelName,
    pub(super) channel: Option<Arc<dyn Channel>>,
    /// Who holds the messages that are sent here.
    pub(super) holder: Uuid,
    pub(super) means: Means,
    pub(super) limits: Limits,
    pub(super) recorder: Recorder,
    /// Set while records fail: then no lane sends anything more.
    pub(super) stopped: AtomicBool,
}

impl Post {
    /// Sends messages of one recipient that were taken, in their order, and records all of them in one transaction. It stops
    /// early at the first that is not taken, where they take long, and where records fail: what is left is given back and
    /// stays due, and so does what was sent and can never be recorded. Answers how the receiver took them and what could not be recorded.
    ///
    /// # Errors
    /// The database failed before anything was sent.
    pub(super) async fn deliver(self: Arc<Self>, messages: Vec<Message>) -> Outcome {
        let began = Instant::now();
        let (mut attempts, mut pace) = (Vec::with_capacity(messages.len()), Pace::Quick);
        let mut untried = messages.into_iter();
        while !self.stopped.load(Ordering::Acquire) {
            let Some(message) = untried.next() else { break };
            let attempted =
                trace::continued("send message", message.traceparent.as_deref(), self.attempt(&message)).await;
            let (end, its_pace) = match attempted {
                Ok(Some(ended)) => ended,
                // It was erased, or this process stood still for so long that another may send it.
                Ok(None) => continue,
                // What was sent so far is recorded all the same.
                Err(error) if attempts.is_empty() => return Err(error),
                Err(_failed) => break,
            };
            let (message_id, earlier) = (message.id, message.attempts);
            attempts.push(Attempt { message_id, earlier, time: self.means.clock.now(), end });
            if pace != Pace::Slow || its_pace == Pace::Away {
                pace = its_pace;
            }
            if matches!(end, End::Missed(_)) || began.elapsed() >= self.limits.attempt_timeout {
                break;
            }
        }
        let left = self.recorder.record(attempts).await;
        if left.error.is_some() {
            self.stopped.store(true, Ordering::Release);
        }
        // What is held back is not sent here again; whatever else is for its recipient does not wait for the hold's end.
        let refused = left.refused.iter().map(|attempt| attempt.message_id);
        self.recorder.give_back(untried.map(|message| message.id).chain(refused).collect(), self.holder).await;
        Ok(Delivered { pace, left })
    }

    /// One attempt, timed and counted; none where the message is not held until that has ended for certain.
    async fn attempt(&self, message: &Message) -> Result<Option<(End, Pace)>, store::Error> {
        let ended = self.means.clock.now() + self.limits.attempt_timeout;
        let target = self.means.reads.target(message.id, self.holder, ended).await?;
        let Some(target) = target else { return Ok(None) };
        if target.channel() != self.name {
            self.count(End::Moved);
            return Ok(Some((End::Moved, Pace::Quick)));
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
        Ok(Some((end, pace)))
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
}
