//! Reading a service's own events out of the stream, to compare them with what the service knows of them.

use std::time::Duration;

use async_nats::jetstream::{
    Message,
    consumer::{AckPolicy, Consumer, DeliverPolicy, pull},
};
use futures::TryStreamExt;

use super::{Broker, Error};

/// Messages fetched at once at most.
const FETCH: usize = 500;
/// How long a fetch may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the broker keeps a reading that was given up.
const FORGET: Duration = Duration::from_mins(1);

/// Which of a service's own events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// All that the stream holds, in its order.
    All,
    /// The last of each kind.
    LastOfEachKind,
}

/// A reading of a service's own events.
pub struct ReadBack {
    consumer: Consumer<pull::Config>,
    left: u64,
}

impl Broker {
    /// Reads the events that `service` published, whose context is `context`, as far as there are any now.
    ///
    /// # Errors
    /// The broker is away or refuses.
    pub async fn read_back(&self, service: &str, context: &str, which: Own) -> Result<ReadBack, Error> {
        let stream = self.ensure_stream().await?;
        let name = format!("{service}_own");
        // One that an interrupted reading left stands where that one ended.
        let _missing = stream.delete_consumer(&name).await;
        let config = pull::Config {
            name: Some(name.clone()),
            filter_subject: format!("tword.{context}.v1.*"),
            deliver_policy: match which {
                Own::All => DeliverPolicy::All,
                Own::LastOfEachKind => DeliverPolicy::LastPerSubject,
            },
            ack_policy: AckPolicy::None,
            inactive_threshold: FORGET,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(config).await?;
        let left = consumer.cached_info().num_pending;
        Ok(ReadBack { consumer, left })
    }
}

impl ReadBack {
    /// The next messages; none at the end.
    ///
    /// # Errors
    /// The broker is away, or brings less than it has.
    pub async fn next(&mut self) -> Result<Vec<Message>, Error> {
        if self.left == 0 {
            return Ok(Vec::new());
        }
        // No more than there are: a fetch waits for all that it asks for.
        let wanted = usize::try_from(self.left).map_or(FETCH, |left| left.min(FETCH));
        let fetched = self.consumer.batch().max_messages(wanted).expires(PATIENCE).messages().await?;
        let messages: Vec<Message> = fetched.try_collect().await?;
        if messages.is_empty() {
            return Err(format!("{} events of the stream did not come", self.left).into());
        }
        self.left = self.left.saturating_sub(messages.len() as u64);
        Ok(messages)
    }
}
