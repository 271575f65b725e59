//! The settings of this service.

use std::time::Duration;

use chassis::config::positive_duration;
use clap::Args;

use crate::app::watches::Limits;

/// The settings of this service.
#[derive(Args, Clone, Debug)]
pub struct Config {
    #[command(flatten)]
    pub(crate) chassis: chassis::Options,

    /// Most watches that this process serves at once; more are refused with `RESOURCE_EXHAUSTED`
    #[arg(long, env = "TWORD_MAX_WATCHES", default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), value_name = "WATCHES", help_heading = WATCHES)]
    pub(crate) max_watches: u32,

    /// Most watches of one customer at once
    #[arg(long, env = "TWORD_MAX_WATCHES_PER_CUSTOMER", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "WATCHES", help_heading = WATCHES)]
    pub(crate) max_watches_per_customer: u32,

    /// How long a watch may be silent before it says that it is alive (unit: ms, s, m)
    #[arg(long, env = "TWORD_WATCH_HEARTBEAT", default_value = "15s", value_parser = positive_duration, value_name = "DURATION", help_heading = WATCHES)]
    pub(crate) watch_heartbeat: Duration,

    /// How long a watcher may take nothing of what is there for it before it is cut off (unit: ms, s, m)
    #[arg(long, env = "TWORD_WATCH_PATIENCE", default_value = "20s", value_parser = positive_duration, value_name = "DURATION", help_heading = WATCHES)]
    pub(crate) watch_patience: Duration,

    /// How often it is looked for changes that other processes wrote, for all watches at once (unit: ms, s, m)
    #[arg(long, env = "TWORD_WATCH_POLL", default_value = "1s", value_parser = positive_duration, value_name = "DURATION", help_heading = WATCHES)]
    pub(crate) watch_poll: Duration,
}

const WATCHES: &str = "Watches";

impl Config {
    /// What watches may take.
    pub(crate) fn limits(&self) -> Limits {
        let count = |flag: u32| usize::try_from(flag).unwrap_or(usize::MAX);
        Limits {
            all: count(self.max_watches),
            of_customer: count(self.max_watches_per_customer),
            heartbeat: self.watch_heartbeat,
            patience: self.watch_patience,
        }
    }
}
