//! Producers' logs, asked through the mesh.

use chassis::{client::Mesh, event_log::Reader, relay::Head};
use uuid::Uuid;

use super::events;
use crate::app::ports::{Away, Producer, Told};

/// One producer's log.
pub struct ProducerLog {
    reader: Reader,
}

impl ProducerLog {
    /// The log of `producer`, such as `order`.
    pub fn new(producer: &'static str, mesh: &Mesh) -> Self {
        Self { reader: Reader::new(producer, mesh) }
    }
}

#[async_trait::async_trait]
impl Producer for ProducerLog {
    fn name(&self) -> &'static str {
        self.reader.producer()
    }

    async fn heads(&self) -> Result<Vec<Head>, Away> {
        let heads = self.reader.heads().await.map_err(|source| Away { producer: self.name(), source })?;
        Ok(heads.heads)
    }

    async fn read(&self, epoch: Uuid, after: i64, limit: u32) -> Result<Vec<Told>, Away> {
        let events = self.reader.read(epoch, after, limit).await;
        let events = events.map_err(|source| Away { producer: self.name(), source })?;
        let told = events.into_iter().map(|event| Told {
            sequence: event.sequence,
            event_id: event.id,
            heard: events::heard(&event).map_err(|failure| failure.to_string()),
        });
        Ok(told.collect())
    }
}
