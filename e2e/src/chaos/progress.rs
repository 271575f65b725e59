//! How far a run is, while it runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::load::Scene;
use super::log::Log;

/// How often it is counted what is away.
const TICK: Duration = Duration::from_millis(100);
/// How often progress is told.
const PROGRESS: Duration = Duration::from_secs(10);

/// Counts for how long what was away, and where it is wanted tells how far the run is, until the set is dropped.
pub(super) fn watch(scene: &Arc<Scene>, log: &Arc<Log>, told: bool) -> JoinSet<()> {
    let mut watchers = JoinSet::new();
    let away = Arc::clone(&scene.away);
    watchers.spawn(async move {
        loop {
            tokio::time::sleep(TICK).await;
            away.tick(TICK);
        }
    });
    watchers.spawn(note(Arc::clone(scene), Arc::clone(log)));
    if told {
        let (scene, log) = (Arc::clone(scene), Arc::clone(log));
        watchers.spawn(async move {
            loop {
                tokio::time::sleep(PROGRESS).await;
                tell(&scene, &log);
            }
        });
    }
    watchers
}

/// Logs what clients see that must never be seen, beside the faults of the moment.
async fn note(scene: Arc<Scene>, log: Arc<Log>) {
    let mut noted = 0;
    loop {
        tokio::time::sleep(TICK).await;
        let violations: Vec<_> = scene.ledger.book().violations.iter().skip(noted).map(ToString::to_string).collect();
        noted += violations.len();
        for violation in violations {
            log.line(&format!("VIOLATION {violation}"));
        }
    }
}

fn tell(scene: &Scene, log: &Log) {
    let away: Vec<_> = scene.away.now().into_keys().map(|part| part.to_string()).collect();
    let book = scene.ledger.book();
    eprintln!(
        "{:6.0} s  {} orders acknowledged, {} calls answered, {} tries in vain, {} violations; away: {}",
        log.since().as_secs_f32(),
        book.orders.len(),
        book.counts.calls,
        book.counts.tries_in_vain,
        book.violations.len(),
        if away.is_empty() { "nothing".to_owned() } else { away.join(", ") },
    );
}
