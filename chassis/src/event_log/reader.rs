//! Reading a producer's log from outside: what repair and whoever builds anew from all events ask by.

use std::time::Duration;

use proto::ops::v1::{self as wire, event_log_service_client::EventLogServiceClient};
use uuid::Uuid;

use crate::{broker::Error, client::Mesh, deadline, inbox::Event, relay::Head, wire::time};

/// How long one read may take.
const READ_DEADLINE: Duration = Duration::from_secs(5);

/// How far a producer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// Every epoch with its highest number, the current one last.
    pub heads: Vec<Head>,
    /// Whether nothing waits to be numbered: what waits, no head tells of.
    pub all_numbered: bool,
}

/// Reads one producer's log.
#[derive(Clone)]
pub struct Reader {
    producer: &'static str,
    mesh: Mesh,
}

impl Reader {
    /// Reads the log of `producer`, such as `order`, through the mesh.
    pub fn new(producer: &'static str, mesh: &Mesh) -> Self {
        Self { producer, mesh: mesh.to(producer) }
    }

    /// Whose log it is.
    pub fn producer(&self) -> &'static str {
        self.producer
    }

    /// How far the producer has come.
    ///
    /// # Errors
    /// The producer did not answer, or not in time.
    pub async fn heads(&self) -> Result<Heads, Error> {
        let request = wire::ReadEventsRequest { epoch: String::new(), after_sequence: 0, limit: -1 };
        let answer = self.ask(request).await?;
        let heads = answer.epochs.into_iter().map(|head| Ok(Head { epoch: head.epoch.parse()?, sequence: head.head }));
        Ok(Heads { heads: heads.collect::<Result<_, Error>>()?, all_numbered: !answer.unnumbered })
    }

    /// At most `limit` events of `epoch` after `after`, in order and without a gap; none where there are no more. The
    /// producer bounds their bytes, so there may be more where fewer than `limit` came.
    ///
    /// # Errors
    /// The producer did not answer, or not in time, or what it answered makes no sense.
    pub async fn read(&self, epoch: Uuid, after: i64, limit: u32) -> Result<Vec<Event>, Error> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let request = wire::ReadEventsRequest { epoch: epoch.to_string(), after_sequence: after, limit };
        let answer = self.ask(request).await?;
        answer.events.into_iter().map(|event| event_of(self.producer, epoch, event)).collect()
    }

    async fn ask(&self, request: wire::ReadEventsRequest) -> Result<wire::ReadEventsResponse, Error> {
        let mut client = EventLogServiceClient::new(self.mesh.clone());
        Ok(deadline::within(READ_DEADLINE, client.read_events(request)).await??.into_inner())
    }
}

fn event_of(producer: &str, epoch: Uuid, event: wire::LoggedEvent) -> Result<Event, Error> {
    Ok(Event {
        id: event.event_id.parse()?,
        producer: producer.to_owned(),
        epoch,
        sequence: event.sequence,
        kind: event.r#type,
        aggregate_id: event.aggregate_id.parse()?,
        time: time(event.event_time.as_ref()).ok_or("an event has no time")?,
        traceparent: Some(event.traceparent).filter(|traceparent| !traceparent.is_empty()),
        body: event.body,
    })
}
