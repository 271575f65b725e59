//! Work that is done again and again.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Cause;
use crate::refusal::chain;

/// Sweeps at once and every `period` until `drain`; a sweep that has begun is finished.
pub(super) async fn every<F>(name: &'static str, period: Duration, sweep: F, drain: CancellationToken)
where
    F: Fn() -> BoxFuture<'static, Result<(), Cause>>,
{
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut trouble = Trouble::default();
    while drain.run_until_cancelled(ticks.tick()).await.is_some() {
        let outcome = sweep().await;
        match (trouble.observe(outcome.is_ok()), outcome) {
            (Some(Change::Began), Err(error)) => {
                tracing::error!(sweep = name, cause = chain(&*error), "sweep fails; it is tried again");
            }
            (Some(Change::Over { failures }), _) => tracing::info!(sweep = name, failures, "sweep works again"),
            (Some(Change::Began) | None, _) => {}
        }
    }
}

/// A run of failures, told of when it begins and when it is over.
#[derive(Default)]
struct Trouble {
    failures: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Change {
    Began,
    Over { failures: u64 },
}

impl Trouble {
    fn observe(&mut self, succeeded: bool) -> Option<Change> {
        match (succeeded, self.failures) {
            (true, 0) => None,
            (true, failures) => {
                self.failures = 0;
                Some(Change::Over { failures })
            }
            (false, failures) => {
                self.failures = failures.saturating_add(1);
                (failures == 0).then_some(Change::Began)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn trouble_is_told_once_and_so_is_its_end() {
        let mut trouble = Trouble::default();
        let told: Vec<_> = [true, false, false, true, true, false].into_iter().map(|ok| trouble.observe(ok)).collect();
        let over = Change::Over { failures: 2 };
        assert_eq!(told, [None, Some(Change::Began), None, Some(over), None, Some(Change::Began)]);
    }

    #[tokio::test]
    async fn a_failing_sweep_goes_on_until_the_drain() {
        let (swept, mut sweeps) = mpsc::unbounded_channel();
        let drain = CancellationToken::new();
        let sweep = move || -> BoxFuture<'static, Result<(), Cause>> {
            let told = swept.send(());
            Box::pin(async move {
                told?;
                Err("on purpose".into())
            })
        };
        let running = tokio::spawn(every("test", Duration::from_millis(1), sweep, drain.clone()));
        for _ in 0..3 {
            sweeps.recv().await.expect("a sweep");
        }
        drain.cancel();
        running.await.expect("a normal end");
    }
}
