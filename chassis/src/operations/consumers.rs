//! How far the service lags behind each producer. A producer or a broker that is away is told as that, soon.

use std::time::Duration;

use futures::future::{join, try_join_all};
use proto::ops::v1::{ConsumerLag, ListConsumersResponse};

use super::{Consumed, Operations};
use crate::{
    deadline,
    event_log::Reader,
    refusal::{Refusal, chain},
    relay::Head,
    store::Tx,
    wire::timestamp,
};

/// How long a producer or the broker is waited for: all are asked at once.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is told of the broker where it cannot be asked.
const UNKNOWN: i64 = -1;

impl<T: Tx + ?Sized + 'static> Operations<T> {
    pub(super) async fn consumers(&self) -> Result<ListConsumersResponse, Refusal> {
        let consumers = try_join_all(self.consumed.iter().map(|consumed| self.lag(consumed))).await?;
        Ok(ListConsumersResponse { consumers })
    }

    async fn lag(&self, consumed: &Consumed<T>) -> Result<ConsumerLag, Refusal> {
        let both = Box::pin(join(self.head(consumed), self.held(consumed)));
        let (head, (pending, unacknowledged)) = both.await;
        let lag = ConsumerLag {
            producer: consumed.producer.to_owned(),
            caught_up_time: consumed.caught_up.since().map(timestamp),
            producer_answers: head.is_some(),
            pending,
            unacknowledged,
            ..ConsumerLag::default()
        };
        let Some(Head { epoch, sequence: head }) = head else {
            return Ok(ConsumerLag { highest: self.reads.highest(consumed.producer).await?, ..lag });
        };
        let seen = self.reads.seen(consumed.producer, epoch, head).await?;
        let missing = (head - seen.count).max(0);
        Ok(ConsumerLag { epoch: epoch.to_string(), head, highest: seen.highest, missing, ..lag })
    }

    /// The producer's head in its current epoch; none where it does not answer.
    async fn head(&self, consumed: &Consumed<T>) -> Option<Head> {
        let producer = Reader::new(consumed.producer, &self.mesh);
        match deadline::within(PATIENCE, producer.heads()).await {
            Ok(Ok(producer)) => producer.heads.last().copied(),
            Ok(Err(error)) => {
                tracing::info!(producer = consumed.producer, cause = chain(error.as_ref()), "producer does not answer");
                None
            }
            Err(_spent) => None,
        }
    }

    /// What the broker holds for the consumer, and what it handed over and heard no more of.
    async fn held(&self, consumed: &Consumed<T>) -> (i64, i64) {
        let Some(durable) = self.broker.consumer(&consumed.durable, PATIENCE).await else { return (UNKNOWN, UNKNOWN) };
        let pending = i64::try_from(durable.num_pending).unwrap_or(i64::MAX);
        (pending, i64::try_from(durable.num_ack_pending).unwrap_or(i64::MAX))
    }
}
