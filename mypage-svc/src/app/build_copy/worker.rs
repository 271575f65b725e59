//! Builds whatever is to be built, for as long as the process runs.

use std::{sync::Arc, time::Duration};

use chassis::refusal::chain;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{BuildCopy, Pass};

/// How often it is looked whether another process left something to build.
const LOOK: Duration = Duration::from_secs(2);
/// How long a producer or the database that was away is left alone.
const RETRY: Duration = Duration::from_secs(1);
/// How long the live consumers go on before their newest events are read.
const BEHIND: Duration = Duration::from_millis(10);

impl BuildCopy {
    /// Builds until `drain` is cancelled, and looks for something to build once `wake` is notified.
    pub async fn work(self, wake: Arc<Notify>, drain: CancellationToken) {
        let mut failing = false;
        while !drain.is_cancelled() {
            let pause = match self.run(&drain).await {
                Ok(Pass::Idle | Pass::Stopped) => LOOK,
                Ok(Pass::Behind) => BEHIND,
                Ok(Pass::Served | Pass::Failed) => Duration::ZERO,
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(cause = chain(&error), "rebuild waits, it is tried again");
                    }
                    drain.run_until_cancelled(tokio::time::sleep(RETRY)).await;
                    continue;
                }
            };
            failing = false;
            tokio::select! {
                () = drain.cancelled() => {}
                () = wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(error) = self.release().await {
            tracing::debug!(cause = chain(&error), "lease on the rebuild was not given back, it ends by itself");
        }
    }
}
