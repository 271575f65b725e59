//! Serving a copy, once it has heard what the live consumers have.

use std::sync::Arc;

use chassis::{relay::Head, store};
use futures::future::try_join_all;

use super::{
    super::ports::{Away, Producer, Ticked, Tx},
    BuildCopy, EVENTS, Error, LEASE, Pass,
    batch::Batch,
};
use crate::domain::CopyId;

/// A producer, and an epoch of it with the number up to which the copy has taken it in.
type Reached = (Arc<dyn Producer>, Head);

/// Why a copy was not served.
enum Unserved {
    /// The live consumers have heard more.
    Behind,
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unserved {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl BuildCopy {
    /// Takes in what came last, and serves the copy where it has heard, of each producer's epochs, what the live consumers
    /// have: all in one transaction, for the live consumers never rest. They hear later than the log can be read.
    pub(super) async fn serve(&self, copy: CopyId, reached: Vec<Reached>) -> Result<Pass, Error> {
        let last = try_join_all(reached.iter().map(|reached| newest(copy, reached))).await?;
        let last: Arc<Vec<Batch>> = Arc::new(last.into_iter().flatten().collect());
        let (holder, now, watches) = (self.holder, self.clock.now(), self.watches.clone());
        let unit = self.store.run(move |tx| {
            let (last, watches) = (Arc::clone(&last), watches.clone());
            Box::pin(async move {
                tx.lease_building(holder, now, LEASE).await?.ok_or(Error::Lost)?;
                // Served first: whoever keeps waits from here on, and so nothing more is heard. Undone if it is behind.
                tx.serve(copy, now).await?;
                for batch in last.iter() {
                    batch.keep(tx).await?;
                }
                if !has_heard(tx, copy).await? {
                    return Err(Unserved::Behind);
                }
                tx.after_commit(Box::new(move || watches.switched(copy)));
                Ok(())
            })
        });
        match unit.await {
            Ok(()) => {
                tracing::info!(epoch = %copy.epoch, "rebuilt copy is served");
                Ok(Pass::Served)
            }
            // What breaks a rule of the database is found out and passed over by the next pass, event by event.
            Err(Unserved::Behind | Unserved::Failed(Error::Store(store::Error::Inconsistent(_)))) => Ok(Pass::Behind),
            Err(Unserved::Failed(error)) => Err(error),
        }
    }
}

/// What an epoch has after what was taken in.
async fn newest(copy: CopyId, (producer, reached): &Reached) -> Result<Option<Batch>, Away> {
    let told = producer.read(reached.epoch, reached.sequence, EVENTS).await?;
    Ok(Batch::new(copy, producer.name(), *reached, reached.sequence, told))
}

/// Whether a copy has taken in all that the live consumers have heard.
async fn has_heard<T: Tx + ?Sized>(tx: &mut T, copy: CopyId) -> Result<bool, store::Error> {
    let progress = tx.progress_of(copy).await?;
    let through = |ticked: &Ticked| {
        let same = progress.iter().find(|of| of.producer == ticked.producer && of.epoch == ticked.epoch);
        same.map_or(0, |of| of.through)
    };
    Ok(tx.ticked().await?.iter().all(|ticked| ticked.highest <= through(ticked)))
}
