//! The fast path: a durable pull consumer, acknowledged after the commit.

use std::{sync::Arc, time::Duration};

use async_nats::{
    HeaderMap,
    jetstream::{AckKind, Message, consumer::pull::MessagesError},
};
use futures::{StreamExt, future::join_all};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Consumer,
    handling::{self, Arrival},
    lanes::lanes,
    take_in::{Taken, take_in},
};
use crate::{
    broker::{self, Error},
    inbox::Event,
    refusal::chain,
    relay::publish::headers,
    store::Tx,
};

/// Events handled together, those of different aggregates side by side: they share commits.
const CHUNK: usize = 128;
const BATCH: usize = 256;
const HEARTBEAT: Duration = Duration::from_secs(5);
const EXPIRES: Duration = Duration::from_secs(30);
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Pulls until `drain` is cancelled. Every failure ends in pulling anew.
pub async fn run<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, drain: &CancellationToken) {
    while !drain.is_cancelled() {
        let pause = tokio::select! {
            () = drain.cancelled() => return,
            () = consumer.broker.connected() => match pull(consumer, drain).await {
                Ok(pause) => pause,
                Err(error) => {
                    tracing::warn!(durable = consumer.durable, cause = chain(error.as_ref()), "pulling anew");
                    RETRY_DELAY
                }
            },
        };
        let _drained = tokio::time::timeout(pause, drain.cancelled()).await;
    }
}

/// Pulls until something fails; answers how long to pause where the store is away.
async fn pull<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, drain: &CancellationToken) -> Result<Duration, Error> {
    let subject = broker::subject_of(consumer.producer);
    let durable = consumer.broker.ensure_consumer(&consumer.durable, &subject).await?;
    let messages =
        durable.stream().max_messages_per_batch(BATCH).heartbeat(HEARTBEAT).expires(EXPIRES).messages().await?;
    let mut chunks = messages.ready_chunks(CHUNK);
    loop {
        let chunk = tokio::select! {
            () = drain.cancelled() => return Ok(Duration::ZERO),
            chunk = chunks.next() => chunk,
        };
        let Some(chunk) = chunk else { return Err("the subscription ended".into()) };
        if let Some(pause) = handle(consumer, chunk).await? {
            return Ok(pause);
        }
    }
}

/// Handles what arrived together; answers a pause where the store is away.
async fn handle<T: Tx + ?Sized + 'static>(
    consumer: &Consumer<T>,
    chunk: Vec<Result<Message, MessagesError>>,
) -> Result<Option<Duration>, Error> {
    let mut broken = None;
    let mut arrived = Vec::with_capacity(chunk.len());
    for message in chunk {
        match message {
            Ok(message) => arrived.push(message),
            Err(error) => broken = Some(error),
        }
    }
    let lanes = lanes(arrived, aggregate_of).into_iter().map(|lane| settle_all(consumer, lane));
    let mut pause = None;
    for outcome in join_all(lanes).await {
        pause = outcome?.or(pause);
    }
    match broken {
        Some(error) => Err(error.into()),
        None => Ok(pause),
    }
}

/// Takes messages in, one after another; answers a pause where the store is away.
async fn settle_all<T: Tx + ?Sized + 'static>(
    consumer: &Consumer<T>,
    messages: Vec<Message>,
) -> Result<Option<Duration>, Error> {
    let mut pause = None;
    for message in messages {
        pause = settle(consumer, message).await?.or(pause);
    }
    Ok(pause)
}

/// The aggregate of a message's event; messages that have none are together.
fn aggregate_of(message: &Message) -> Uuid {
    let subject = message.headers.as_ref().and_then(|found| text(found, headers::SUBJECT)?.parse().ok());
    subject.unwrap_or_default()
}

/// Takes one message in and tells the broker what became of it.
async fn settle<T: Tx + ?Sized + 'static>(consumer: &Consumer<T>, message: Message) -> Result<Option<Duration>, Error> {
    let Some(event) = event_of(consumer.producer, &message) else {
        // Without an id and a number there is nothing to remember it by: no producer of this product wrote it.
        tracing::error!(subject = %message.subject, "message without an event's headers, dropped");
        handling::foreign(consumer.producer);
        message.ack_with(AckKind::Term).await?;
        return Ok(None);
    };
    let attempt = message.info().ok().map(|info| info.delivered);
    let arrival = Arrival { consumer: &consumer.durable, producer: consumer.producer, attempt };
    let taken = take_in(&consumer.store, &consumer.handler, consumer.clock.as_ref(), arrival, Arc::new(event)).await;
    match taken {
        Taken::Done => message.ack().await.map(|()| None),
        Taken::Later(delay) => message.ack_with(AckKind::Nak(Some(delay))).await.map(|()| None),
        Taken::StoreAway(delay) => message.ack_with(AckKind::Nak(Some(delay))).await.map(|()| Some(delay)),
    }
}

/// A message as the event of `producer` that it is; none where no producer of this product wrote it.
pub(crate) fn event_of(producer: &str, message: &Message) -> Option<Event> {
    let found = message.headers.as_ref()?;
    if text(found, headers::SOURCE)? != producer {
        return None;
    }
    Some(Event {
        id: text(found, headers::ID)?.parse().ok()?,
        producer: producer.to_owned(),
        epoch: text(found, headers::EPOCH)?.parse().ok()?,
        sequence: text(found, headers::SEQUENCE)?.parse().ok().filter(|sequence| *sequence > 0)?,
        kind: text(found, headers::TYPE)?.to_owned(),
        aggregate_id: text(found, headers::SUBJECT)?.parse().ok()?,
        time: OffsetDateTime::parse(text(found, headers::TIME)?, &Rfc3339).ok()?,
        traceparent: text(found, headers::TRACEPARENT).map(str::to_owned),
        body: message.payload.clone(),
    })
}

fn text<'a>(found: &'a HeaderMap, name: &str) -> Option<&'a str> {
    found.get(name).map(async_nats::HeaderValue::as_str)
}
