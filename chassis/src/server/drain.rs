//! Stopping: `NOT_SERVING`, serve on while others learn of it, GOAWAY, finish, hard deadline.

use std::{future::Future, sync::Arc, time::Duration};

use futures::{Stream, StreamExt, stream};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The phases of stopping, which each part of a service waits for.
#[derive(Clone, Default)]
pub struct Phases {
    /// Health says `NOT_SERVING`; calls are still taken.
    pub draining: CancellationToken,
    /// No new calls; whatever runs ends as soon as it can.
    pub stopping: CancellationToken,
}

/// How long the phases may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From `NOT_SERVING` to GOAWAY.
    pub delay: Duration,
    /// From GOAWAY to the hard deadline.
    pub timeout: Duration,
}

/// Why the parts of a service were not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

/// Requests to stop, each with its name: SIGTERM and SIGINT.
///
/// # Errors
/// The system refuses to tell of signals.
pub fn signals() -> Result<impl Stream<Item = &'static str> + Send + Unpin, std::io::Error> {
    let terminate = named("SIGTERM", signal(SignalKind::terminate())?);
    let interrupt = named("SIGINT", signal(SignalKind::interrupt())?);
    Ok(stream::select(terminate, interrupt))
}

fn named(name: &'static str, signal: Signal) -> impl Stream<Item = &'static str> + Send + Unpin {
    Box::pin(stream::unfold(signal, move |mut signal| async move { signal.recv().await.map(|()| (name, signal)) }))
}

/// Drains: `finished` resolves once every part has ended. A second request skips the delay, a third cuts what is left.
///
/// # Errors
/// The hard deadline passed, or a further request asked for an end at once.
pub async fn drain(
    phases: &Phases,
    limits: Limits,
    requests: &mut (impl Stream<Item = &'static str> + Send + Unpin),
    finished: impl Future<Output = ()> + Send,
) -> Result<(), Cut> {
    phases.draining.cancel();
    tokio::select! {
        () = tokio::time::sleep(limits.delay) => {}
        request = next(requests) => tracing::info!(request, "drain delay skipped"),
    }
    phases.stopping.cancel();
    tokio::select! {
        () = finished => Ok(()),
        () = tokio::time::sleep(limits.timeout) => Err(Cut),
        request = next(requests) => {
            tracing::warn!(request, "drain cut short");
            Err(Cut)
        }
    }
}

/// Streams of a service that end only once somebody takes what they give, as the service counts them. A server cannot even
/// tell such a stream of its end.
pub type Unread = Arc<dyn Fn() -> usize + Send + Sync>;

/// How long unread streams are waited for at most.
const UNREAD_PATIENCE: Duration = Duration::from_secs(3);
const UNREAD_LOOK: Duration = Duration::from_millis(100);

/// Answers with the number of calls in flight once, some time after `stopping`, nothing but unread streams is among them.
pub async fn only_unread(stopping: CancellationToken, limits: Limits, calls: TaskTracker, unread: Unread) -> usize {
    stopping.cancelled().await;
    tokio::time::sleep(UNREAD_PATIENCE.min(limits.timeout / 2)).await;
    loop {
        let left = calls.len();
        if left <= unread() {
            return left;
        }
        tokio::time::sleep(UNREAD_LOOK).await;
    }
}

/// The next request; requests that have dried up never come.
pub async fn next(requests: &mut (impl Stream<Item = &'static str> + Send + Unpin)) -> &'static str {
    match requests.next().await {
        Some(request) => request,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn without_a_request_nothing_stops_early() {
        let phases = Phases::default();
        let limits = Limits { delay: Duration::ZERO, timeout: LONG };
        let stopping = phases.stopping.clone();
        let drained = drain(&phases, limits, &mut stream::empty(), async move { stopping.cancelled().await }).await;
        assert_eq!(drained, Ok(()));
        assert!(phases.draining.is_cancelled());
    }

    #[tokio::test]
    async fn a_second_request_skips_the_delay_and_a_third_the_rest() {
        let phases = Phases::default();
        let limits = Limits { delay: LONG, timeout: LONG };
        let mut requests = stream::iter(["SIGTERM", "SIGINT"]);
        assert_eq!(drain(&phases, limits, &mut requests, std::future::pending()).await, Err(Cut));
        assert!(phases.stopping.is_cancelled());
    }

    #[tokio::test]
    async fn the_deadline_is_hard() {
        let limits = Limits { delay: Duration::ZERO, timeout: Duration::from_millis(1) };
        let drained = drain(&Phases::default(), limits, &mut stream::empty(), std::future::pending()).await;
        assert_eq!(drained, Err(Cut));
    }
}
