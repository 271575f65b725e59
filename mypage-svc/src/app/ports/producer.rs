//! Producers, as whoever builds a copy from all events asks them.

use chassis::relay::Head;
use uuid::Uuid;

use crate::domain::Heard;

/// The producer did not answer.
#[derive(Debug, thiserror::Error)]
#[error("{producer} could not be asked for its events")]
pub struct Away {
    /// The producer.
    pub producer: &'static str,
    /// Why.
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// What an event tells.
#[derive(Clone, Debug)]
pub struct Told {
    /// Its number in its epoch.
    pub sequence: i64,
    /// Its id.
    pub event_id: Uuid,
    /// What it carries, if it is of interest here, or why it makes no sense.
    pub heard: Result<Option<Heard>, String>,
}

/// One producer's record of its events.
#[async_trait::async_trait]
pub trait Producer: Send + Sync {
    /// Its name, such as `order`.
    fn name(&self) -> &'static str;

    /// Each epoch with its highest number.
    ///
    /// # Errors
    /// It did not answer.
    async fn heads(&self) -> Result<Vec<Head>, Away>;

    /// At most `limit` events of an epoch after a number, in order and without a gap.
    ///
    /// # Errors
    /// It did not answer.
    async fn read(&self, epoch: Uuid, after: i64, limit: u32) -> Result<Vec<Told>, Away>;
}
