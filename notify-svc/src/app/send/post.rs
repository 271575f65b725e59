//! Hands one recipient's messages to their channels and records what became of them.

use std::{collections::BTreeMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use chassis::{clock::Clock, refusal::chain, store, store::Store, trace};
use futures::FutureExt;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::Limits;
use crate::{
    app::ports::{Channel, ChannelError, Envelope, Texts, Tx},
    domain::{ChannelName, Message, Retry, message},
};

/// How long a lane stays shut whose messages the database takes no record of, though it is there.
const SHUT: Duration = Duration::from_mins(1);

/// The channels that this service serves.
pub type Channels = BTreeMap<ChannelName, Arc<dyn Channel>>;

pub(super) struct Post {
    pub(super) store: Store<dyn Tx>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) texts: Arc<dyn Texts>,
    pub(super) channels: Channels,
    pub(super) limits: Limits,
    pub(super) roll: fn() -> f64,
}

/// What became of one attempt.
#[derive(Clone, Copy)]
struct Attempt {
    message_id: Uuid,
    time: OffsetDateTime,
    sent: bool,
    roll: f64,
}

impl Post {
    /// Sends messages of one recipient, in their order, and records all of them in one transaction. It stops early at the
    /// first that is not taken and where they take long: what is left stays due.
    ///
    /// # Errors
    /// The database failed, for whomever it was meant. Where the record itself is at fault, this recipient alone waits.
    pub(super) async fn deliver(self: Arc<Self>, messages: Vec<Message>) -> Result<(), store::Error> {
        let began = Instant::now();
        let mut attempts = Vec::with_capacity(messages.len());
        for message in messages {
            let sent = trace::continued(message.traceparent.as_deref(), self.attempt(&message)).await;
            attempts.push(Attempt { message_id: message.id, time: self.clock.now(), sent, roll: (self.roll)() });
            if !sent || began.elapsed() >= self.limits.attempt_timeout {
                break;
            }
        }
        match self.record(attempts).await {
            Err(error @ (store::Error::Inconsistent(_) | store::Error::Panicked)) => {
                tracing::error!(cause = chain(&error), "messages were sent that cannot be recorded; their lane waits");
                tokio::time::sleep(SHUT).await;
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn attempt(&self, message: &Message) -> bool {
        let handed = AssertUnwindSafe(self.hand_over(message)).catch_unwind();
        let outcome = match tokio::time::timeout(self.limits.attempt_timeout, handed).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Err(ChannelError::Panicked),
            Err(_elapsed) => Err(ChannelError::Late),
        };
        if let Err(error) = &outcome {
            tracing::warn!(
                message_id = %message.id,
                order_id = %message.order_id,
                channel = message.channel.name(),
                attempts = message.attempts + 1,
                cause = chain(error),
                "message not sent"
            );
        }
        outcome.is_ok()
    }

    async fn hand_over(&self, message: &Message) -> Result<(), ChannelError> {
        let Some(text) = self.texts.text(message)? else { return Ok(()) };
        let name = message.channel;
        let channel = self.channels.get(&name).ok_or(ChannelError::Unserved(name.name()))?;
        let envelope = Envelope {
            message_id: message.id,
            order_id: message.order_id,
            recipient: message.recipient.clone(),
            template: message.template,
            channel: name,
            language: message.language,
            text,
        };
        channel.send(&envelope).await
    }

    async fn record(&self, attempts: Vec<Attempt>) -> Result<(), store::Error> {
        let (attempts, retry): (Arc<[Attempt]>, Retry) = (attempts.into(), self.limits.retry);
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
}

async fn record(tx: &mut (dyn Tx + 'static), attempt: Attempt, retry: &Retry) -> Result<(), store::Error> {
    let Some(message) = tx.message(attempt.message_id).await? else {
        return Err(store::Error::inconsistent("a message that was sent is gone"));
    };
    let outcome = if attempt.sent {
        message.sent(attempt.time).map(|(message, event)| (message, Some(event)))
    } else {
        message.missed(attempt.time, retry, attempt.roll)
    };
    match outcome {
        Ok((message, event)) => tx.record_attempt(&message, event).await,
        // Another replica sent it at the same time: the first outcome stands.
        Err(message::Error::Sent | message::Error::Failed) => Ok(()),
    }
}
