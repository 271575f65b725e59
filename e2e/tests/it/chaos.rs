//! Chaos for less than a minute, and proof that its checker sees each kind of loss.

mod proofs;

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::chaos::{self, Counts, Report, Settings, taken_while_away};
use e2e::checker::Invariant;
use xtask::mesh::DatabaseKind;

/// What the tests' runs are like; `cargo xtask chaos` runs longer ones.
fn settings(seed: u64) -> Settings {
    Settings {
        seed,
        setting: "the tests".to_owned(),
        lasts: Some(Duration::from_secs(40)),
        kills: None,
        every: Duration::from_secs(2),
        customers: 4,
        patience: Duration::from_mins(3),
        log: None,
        progress: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_on_sqlite() {
    held(&chaos::run(settings(20_261_123), |mesh| mesh.database(DatabaseKind::Sqlite)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_by_replicas_on_postgres() {
    held(&chaos::run(settings(11), |mesh| mesh.database(DatabaseKind::Postgres).replicas(2)).await);
}

fn held(report: &Report) {
    assert!(report.violations().is_empty(), "{report}");
    assert!(report.faults.kills >= 8 && report.audit.acknowledged >= 20, "hardly anything happened: {report}");
    let taken = &report.counts.while_away;
    assert!(taken.get("all four").is_some_and(|orders| *orders > 0), "no order without the four: {report}");
}

#[test]
fn orders_that_were_not_taken_while_they_could_be_are_a_violation() {
    let chances = |seconds| BTreeMap::from([("nats".to_owned(), Duration::from_secs(seconds))]);
    let broken = taken_while_away(&Counts::default(), &chances(20));
    assert_eq!(broken.iter().map(|violation| violation.invariant).collect::<Vec<_>>(), [Invariant::I8]);
    assert_eq!(taken_while_away(&Counts::default(), &chances(1)), [], "too short to tell");
    let taken = Counts { while_away: BTreeMap::from([("nats".to_owned(), 1)]), ..Counts::default() };
    assert_eq!(taken_while_away(&taken, &chances(20)), []);
}
