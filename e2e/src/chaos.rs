//! Chaos: the whole mesh under load while its processes are killed and frozen and the broker's store is lost; then
//! everything heals, and the checker looks at all of it.
//!
//! Everything that is chosen follows from one seed: the faults with their lengths, and what clients ask for. When
//! exactly something happens does not, so that the same seed is a similar run, not the same one.

pub mod audit;
mod away;
mod edge;
mod events;
mod faults;
mod ledger;
mod load;
mod log;
mod plan;
mod progress;
mod random;
mod report;
mod run;

use std::path::PathBuf;
use std::time::Duration;

pub use ledger::Counts;
pub use report::{Heal, Report, taken_while_away};
pub use run::Run;
use xtask::mesh::MeshBuilder;

/// What a run is to be like.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What everything follows from.
    pub seed: u64,
    /// What it runs on, for the report.
    pub setting: String,
    /// How long faults are brought about; without an end where it is not set.
    pub lasts: Option<Duration>,
    /// After how many killed processes it ends, be it before its time; never where it is not set.
    pub kills: Option<u32>,
    /// One fault in so long.
    pub every: Duration,
    /// Customers at once.
    pub customers: usize,
    /// How long everything may take to converge before that is a violation.
    pub patience: Duration,
    /// Where the faults are logged; in the mesh's directory otherwise.
    pub log: Option<PathBuf>,
    /// Whether progress is told on standard error.
    pub progress: bool,
}

/// Runs it all: faults, the last heal, the final look.
///
/// # Panics
/// The mesh did not start.
pub async fn run(settings: Settings, describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> Report {
    let mut run = Run::begin(settings, describe).await;
    run.storm().await;
    run.finish().await
}
