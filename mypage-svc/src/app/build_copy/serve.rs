//! Serving a copy, once it has heard what the live consumers have.

use std::{sync::Arc, time::Duration};

use chassis::{relay::Head, store};
use futures::future::try_join_all;
use tokio::time::{Instant, timeout_at};

use super::{
    super::{
        announced::Announced,
        ports::{Away, Producer, Tx},
    },
    BuildCopy, EVENTS, Error, Pass,
    batch::Batch,
};
use crate::domain::{CopyId, PassedOver};

/// Events that the switching transaction reads itself at most, since the live consumers have heard of them meanwhile.
const LAST_EVENTS: u32 = 2_000;
/// How long it reads at most: everybody who writes waits for it.
const LAST_READS: Duration = Duration::from_secs(1);
/// Events passed over that are looked at once more at a time.
const UNACCOUNTED: u32 = 100;

/// A producer, and an epoch of it with the number up to which the copy has taken it in.
type Reached = (Arc<dyn Producer>, Head);

/// Why a copy was not served.
enum Unserved {
    /// The live consumers have heard more.
    Behind,
    /// It lacks what the served copy has.
    Unaccounted(Vec<PassedOver>),
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unserved {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl BuildCopy {
    /// Takes in what came last, and serves the copy where it has heard, of each producer's epochs, what the live consumers
    /// have, and lacks nothing to which they gave its effect: all in one transaction, for the live consumers never rest.
    /// They hear later than the log can be read.
    pub(super) async fn serve(&self, copy: CopyId, reached: Vec<Reached>) -> Result<Pass, Error> {
        let last = try_join_all(reached.iter().map(|reached| newest(copy, reached))).await?;
        let last: Arc<Vec<Batch>> = Arc::new(last.into_iter().flatten().collect());
        let producers: Arc<[Arc<dyn Producer>]> = self.producers.clone().into();
        let now = self.clock.now();
        // Whoever keeps waits from the begin on, and so nothing more is heard.
        let unit = self.leased_after(
            |tx| tx.stop_keeping(),
            move |tx| {
                let (last, producers) = (Arc::clone(&last), Arc::clone(&producers));
                Box::pin(async move {
                    // Undone if it is behind.
                    tx.serve(copy, now).await?;
                    for batch in last.iter() {
                        batch.keep(tx).await?;
                    }
                    take_in_rest(tx, copy, &producers).await?;
                    let unaccounted = tx.unaccounted(copy, UNACCOUNTED).await?;
                    if !unaccounted.is_empty() {
                        return Err(Unserved::Unaccounted(unaccounted));
                    }
                    Announced::Switched { copy: copy.number }.say_after(tx);
                    Ok(())
                })
            },
        );
        match unit.await {
            Ok(()) => {
                tracing::info!(epoch = %copy.epoch, "rebuilt copy is served");
                Ok(Pass::Served)
            }
            // What breaks a rule of the database is found out and passed over by the next pass, event by event.
            Err(Unserved::Behind | Unserved::Failed(Error::Store(store::Error::Inconsistent(_)))) => Ok(Pass::Behind),
            Err(Unserved::Unaccounted(events)) => self.try_again(copy, events).await,
            Err(Unserved::Failed(error)) => Err(error),
        }
    }
}

/// What an epoch has after what was taken in.
async fn newest(copy: CopyId, (producer, reached): &Reached) -> Result<Option<Batch>, Away> {
    let told = producer.read(reached.epoch, reached.sequence, EVENTS).await?;
    Ok(Batch::new(copy, producer.name(), *reached, reached.sequence, told))
}

/// Takes in whatever the live consumers have heard beyond the copy, bounded in number and time.
async fn take_in_rest<T: Tx + ?Sized>(
    tx: &mut T,
    copy: CopyId,
    producers: &[Arc<dyn Producer>],
) -> Result<(), Unserved> {
    let (progress, deadline) = (tx.progress_of(copy).await?, Instant::now() + LAST_READS);
    let mut left = LAST_EVENTS;
    for ticked in tx.ticked().await? {
        let same = progress.iter().find(|of| of.producer == ticked.producer && of.epoch == ticked.epoch);
        let mut through = same.map_or(0, |of| of.through);
        let head = Head { epoch: ticked.epoch, sequence: ticked.highest };
        while through < ticked.highest {
            let producer = producers.iter().find(|producer| producer.name() == ticked.producer);
            let producer = producer.filter(|_| left > 0).ok_or(Unserved::Behind)?;
            let told = timeout_at(deadline, producer.read(ticked.epoch, through, left.min(EVENTS)));
            let told = told.await.map_err(|_late| Unserved::Behind)??;
            left = left.saturating_sub(u32::try_from(told.len()).unwrap_or(u32::MAX));
            let batch = Batch::new(copy, producer.name(), head, through, told).ok_or(Unserved::Behind)?;
            through = batch.through();
            batch.keep(tx).await?;
        }
    }
    Ok(())
}
