//! `grpc.health.v1`: SERVING depends on the database alone, and never on the broker or on a peer.

use std::{future::Future, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::sync::watch;
use tonic_health::{
    ServingStatus,
    server::{HealthReporter, HealthService},
};

use super::drain::Phases;
use crate::refusal;

/// Why a service is not ready.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Asks whether the service could answer calls now.
pub type Probe = Arc<dyn Fn() -> BoxFuture<'static, Result<(), Cause>> + Send + Sync>;

/// How often the probe runs while SERVING.
const PERIOD: Duration = Duration::from_secs(1);
/// How often it runs until it succeeds: a start is not held up by the period.
const PERIOD_NOT_SERVING: Duration = Duration::from_millis(100);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// As many failures in a row take a service out: one slow answer does not.
const FAILURES_UNTIL_NOT_SERVING: u32 = 3;

/// The health of one server: `NOT_SERVING` until its probe succeeds.
pub struct Health {
    reporter: HealthReporter,
    names: Vec<&'static str>,
    serving: watch::Sender<bool>,
}

impl Health {
    /// Health of the server as a whole and of each of its services.
    pub async fn new(services: &[&'static str]) -> Self {
        let names = [&[""], services].concat();
        let health = Self { reporter: HealthReporter::new(), names, serving: watch::Sender::new(false) };
        // The reporter begins with SERVING for the server as a whole.
        health.report(false).await;
        health
    }

    /// The gRPC service that tells of it.
    pub fn server(&self) -> HealthServer {
        HealthServer::new(HealthService::from_health_reporter(self.reporter.clone()))
    }

    /// Whether the server is SERVING, now and later.
    pub fn serving(&self) -> watch::Receiver<bool> {
        self.serving.subscribe()
    }

    /// Follows `probe` until the drain; `NOT_SERVING` is the last word.
    pub async fn follow(mut self, probe: Probe, phases: Phases) {
        let mut damper = Damper::default();
        let following = async {
            loop {
                let outcome = attempt(probe()).await;
                if let Some(serving) = damper.observe(outcome.is_ok()) {
                    tell(serving, outcome.err());
                    self.report(serving).await;
                }
                tokio::time::sleep(if damper.serving { PERIOD } else { PERIOD_NOT_SERVING }).await;
            }
        };
        phases.draining.run_until_cancelled(following).await;
        self.report(false).await;
        phases.stopping.cancelled().await;
        // Whoever watches would hold up the shutdown for ever; this ends the watches.
        for name in std::mem::take(&mut self.names) {
            self.reporter.clear_service_status(name).await;
        }
    }

    async fn report(&self, serving: bool) {
        let status = if serving { ServingStatus::Serving } else { ServingStatus::NotServing };
        for name in &self.names {
            self.reporter.set_service_status(name, status).await;
        }
        metrics::gauge!("tword_serving").set(if serving { 1.0 } else { 0.0 });
        self.serving.send_replace(serving);
    }
}

/// The health service over this reporter.
pub type HealthServer = tonic_health::pb::health_server::HealthServer<HealthService>;

async fn attempt(probe: impl Future<Output = Result<(), Cause>>) -> Result<(), Cause> {
    match tokio::time::timeout(PROBE_TIMEOUT, probe).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(format!("no answer within {PROBE_TIMEOUT:?}").into()),
    }
}

fn tell(serving: bool, cause: Option<Cause>) {
    match cause {
        None => tracing::info!(serving, "health changed"),
        Some(cause) => tracing::error!(serving, cause = refusal::chain(&*cause), "health changed"),
    }
}

/// Up by one success, down by several failures in a row.
#[derive(Default)]
struct Damper {
    serving: bool,
    failures: u32,
}

impl Damper {
    /// Takes in one outcome of the probe and answers what changed, if anything did.
    fn observe(&mut self, ready: bool) -> Option<bool> {
        self.failures = if ready { 0 } else { self.failures.saturating_add(1) };
        let serving = ready || (self.serving && self.failures < FAILURES_UNTIL_NOT_SERVING);
        let changed = serving != self.serving;
        self.serving = serving;
        changed.then_some(serving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_success_serves_and_three_failures_in_a_row_end_it() {
        let mut damper = Damper::default();
        let outcomes = [false, true, false, false, true, false, false, false, false, true];
        let changes = [None, Some(true), None, None, None, None, None, Some(false), None, Some(true)];
        for (outcome, change) in outcomes.into_iter().zip(changes) {
            assert_eq!(damper.observe(outcome), change);
        }
    }
}
