//! A producer, its consumer, and an operator of both.

use chassis::{outbox::NewEvent, store};
use prost::{Message, Name};
use proto::ops::v1::{
    ListDeadLettersRequest, ListDeadLettersResponse, LoggedEvent, RedriveDeadLettersRequest,
    RedriveDeadLettersResponse, operations_service_client::OperationsServiceClient, redrive_outcome::Result as Outcome,
};
use time::OffsetDateTime;
use tonic::{Request, transport::Channel};
use uuid::Uuid;

use crate::{
    events::{
        broker::Broker,
        pair::{Heard, Running, consumer, producer, until},
    },
    people,
};

/// The operator's subject.
pub const OPERATOR: &str = "operator-1";

pub struct World {
    pub broker: Broker,
    pub left: Running,
    pub right: Running,
    pub heard: Heard,
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(Broker::started()).await
    }

    pub async fn start_with(broker: Broker) -> Self {
        let heard = Heard::default();
        let left = producer(&broker).await;
        let right = consumer(&broker, &left, &heard).await;
        Self { broker, left, right, heard }
    }

    /// Has the consumer put so many events aside: aggregates 1 to `count`, of which nothing can be decoded.
    pub async fn poison(&self, count: u128) -> Vec<String> {
        for aggregate in 1..=count {
            append(&self.left, aggregate, b"garbage").await;
        }
        let count = usize::try_from(count).expect("few");
        let listed =
            until(async || Some(self.list().await.dead_letters).filter(|letters| letters.len() == count)).await;
        // By what they are of: they may have been put aside in another turn.
        let mut letters: Vec<_> = listed.into_iter().map(|letter| (letter.aggregate_id, letter.event_id)).collect();
        letters.sort();
        letters.into_iter().map(|(_, event_id)| event_id).collect()
    }

    /// The consumer's dead letters.
    pub async fn list(&self) -> ListDeadLettersResponse {
        let request = asked(ListDeadLettersRequest::default());
        client(&self.right).list_dead_letters(request).await.expect("a list").into_inner()
    }

    /// Handles dead letters once more; answers the result of each, in their order, and how many still wait.
    pub async fn redrive(&self, event_ids: &[String]) -> (Vec<(String, Outcome)>, i64) {
        let request = RedriveDeadLettersRequest { event_ids: event_ids.to_vec(), producer: String::new() };
        let answer = client(&self.right).redrive_dead_letters(asked(request)).await.expect("an answer").into_inner();
        let waiting = answer.waiting;
        (outcomes(answer), waiting)
    }
}

pub fn outcomes(answer: RedriveDeadLettersResponse) -> Vec<(String, Outcome)> {
    answer.outcomes.into_iter().map(|outcome| (outcome.event_id.clone(), outcome.result())).collect()
}

/// A request of the operator.
pub fn asked<M>(message: M) -> Request<M> {
    people::request(OPERATOR, "operator", message)
}

pub fn client(service: &Running) -> OperationsServiceClient<Channel> {
    let channel = Channel::from_shared(service.url.clone()).expect("a URL").connect_lazy();
    OperationsServiceClient::new(channel)
}

/// Appends the first event of an aggregate, of a type that the contracts do not know.
pub async fn append(producer: &Running, aggregate: u128, body: &[u8]) {
    append_of(producer, aggregate, 1, "tword.left.v1.Happened", body.to_vec()).await;
}

/// Appends an event of an aggregate, of a type that the contracts know.
pub async fn append_known(producer: &Running, aggregate: u128, version: i64, event: &LoggedEvent) {
    append_of(producer, aggregate, version, &LoggedEvent::full_name(), event.encode_to_vec()).await;
}

async fn append_of(producer: &Running, aggregate: u128, version: i64, kind: &str, body: Vec<u8>) {
    let event = NewEvent {
        kind: kind.to_owned(),
        aggregate_id: Uuid::from_u128(aggregate),
        version,
        time: OffsetDateTime::UNIX_EPOCH,
        traceparent: None,
        body,
    };
    let unit = producer.store.run(move |tx| {
        let event = event.clone();
        Box::pin(async move { tx.append(event).await })
    });
    let appended: Result<(), store::Error> = unit.await;
    appended.expect("appended");
}
