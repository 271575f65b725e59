//! Runs chaos against built services: `cargo xtask chaos --help`.

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use e2e::chaos::{self, Settings};
use uuid::Uuid;
use xtask::chaos::Options;

/// How long faults are brought about where nothing else is said.
const MINUTES: u32 = 5;
/// How long everything may take to converge before that is a violation; what is aimed at is in the report.
const PATIENCE: Duration = Duration::from_mins(3);

/// Chaos: the whole mesh under load while processes are killed, frozen and restarted and the broker's store is lost;
/// then everything heals, and a checker looks at all of it. Ends with 0 where everything holds.
#[derive(Parser)]
#[command(name = "cargo xtask chaos", bin_name = "cargo xtask chaos")]
struct Cli {
    #[command(flatten)]
    options: Options,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Cli::parse().options;
    let settings = settings(&options);
    eprintln!("chaos with --seed {} on {}", settings.seed, settings.setting);
    let report = chaos::run(settings, |mesh| options.shape(mesh)).await;
    println!("{report}");
    if report.violations().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn settings(options: &Options) -> Settings {
    let minutes = options.minutes.or_else(|| options.kills.is_none().then_some(MINUTES));
    Settings {
        seed: options.seed.unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0),
        setting: format!("{}, replicas {}, brokers {}", options.database.name(), options.replicas, options.nats),
        lasts: minutes.map(|minutes| Duration::from_mins(minutes.into())),
        kills: options.kills,
        every: options.every,
        customers: options.customers.into(),
        patience: PATIENCE,
        log: options.log.clone(),
        progress: true,
    }
}
