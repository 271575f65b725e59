//! Events that were passed over, once more: what the served copy has, the next one must not lack.

use std::sync::Arc;

use chassis::store;

use super::{super::project::keep, BuildCopy, Error, Pass, faults};
use crate::domain::{CopyId, Heard, PassedOver};

impl BuildCopy {
    /// Takes events in that were passed over; gives the copy up where one of them still cannot be.
    pub(super) async fn try_again(&self, copy: CopyId, events: Vec<PassedOver>) -> Result<Pass, Error> {
        for event in events {
            let taken_in = match self.ask_again(&event).await? {
                Ok(heard) => self.take_in_again(copy, &event, heard).await?.map_err(|fault| fault.to_string()),
                Err(cause) => Err(cause),
            };
            if let Err(cause) = taken_in {
                let PassedOver { producer, sequence, event_id, .. } = &event;
                let failure = format!(
                    "event {event_id}, number {sequence} of {producer}, is on the page that is served and cannot be taken \
                     in any more: {cause}"
                );
                return self.give_up(copy, failure).await;
            }
        }
        Ok(Pass::Behind)
    }

    /// What an event carries, or why that cannot be told.
    async fn ask_again(&self, event: &PassedOver) -> Result<Result<Option<Heard>, String>, Error> {
        let Some(producer) = self.producers.iter().find(|producer| producer.name() == event.producer) else {
            return Ok(Err("its producer is not known".to_owned()));
        };
        let told = producer.read(event.epoch, event.sequence - 1, 1).await?;
        let told = told.into_iter().find(|told| told.event_id == event.event_id);
        Ok(told.map_or_else(|| Err("its producer does not have it".to_owned()), |told| told.heard))
    }

    async fn take_in_again(
        &self,
        copy: CopyId,
        event: &PassedOver,
        heard: Option<Heard>,
    ) -> Result<Result<(), store::Error>, Error> {
        let carried = Arc::new((event.clone(), heard));
        let unit = self.leased(move |tx| {
            let carried = Arc::clone(&carried);
            Box::pin(async move {
                let (event, heard) = &*carried;
                if let Some(heard) = heard {
                    keep(tx, copy, heard).await?;
                }
                Ok(tx.note_taken_in(copy, &event.producer, event.epoch, event.sequence).await?)
            })
        });
        faults(unit.await)
    }

    async fn give_up(&self, copy: CopyId, failure: String) -> Result<Pass, Error> {
        tracing::error!(epoch = %copy.epoch, failure, "rebuild given up");
        let (now, failure) = (self.clock.now(), Arc::new(failure));
        let given_up = self.leased(move |tx| {
            let failure = Arc::clone(&failure);
            Box::pin(async move { Ok(tx.give_up(copy, &failure, now).await?) })
        });
        given_up.await.map(|()| Pass::Failed)
    }
}
