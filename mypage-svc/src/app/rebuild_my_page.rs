//! Asks for my page to be built anew.

use std::sync::Arc;

use chassis::{
    audit::{Fields, Record},
    clock::Clock,
    store::{Error, Store},
};
use tokio::sync::Notify;
use uuid::Uuid;

use super::ports::Tx;
use crate::domain::Rebuild;

/// Begins rebuilds.
#[derive(Clone)]
pub struct RebuildMyPage {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
    wake: Arc<Notify>,
}

impl RebuildMyPage {
    /// Begins them in `store`, and notifies `wake` of it.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>, wake: Arc<Notify>) -> Self {
        Self { store, clock, wake }
    }

    /// Begins a rebuild for an operator, or answers the one that runs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, operator_id: &str) -> Result<Rebuild, Error> {
        let (now, epoch, actor_id) = (self.clock.now(), Uuid::now_v7(), operator_id.to_owned());
        let wake = Arc::clone(&self.wake);
        let unit = self.store.run(move |tx| {
            let (actor_id, wake) = (actor_id.clone(), Arc::clone(&wake));
            Box::pin(async move {
                if let Some(running) = tx.building().await? {
                    return Ok::<_, Error>(running);
                }
                let rebuild = tx.begin_copy(epoch, now).await?;
                tx.audit(&Record {
                    actor_role: "OPERATOR",
                    actor_id,
                    action: "RebuildMyPage",
                    subject_kind: "rebuild",
                    subject_id: epoch.to_string(),
                    changes: Fields::default().changes(&Fields::default().with("status", "RUNNING")),
                    time: now,
                })
                .await?;
                tx.after_commit(Box::new(move || wake.notify_one()));
                Ok(rebuild)
            })
        });
        unit.await
    }
}
