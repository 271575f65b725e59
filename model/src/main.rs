//! `cargo run --release --package model`: explores what takes longer than a test may.

use clap::Parser;
use model::{check, mutants};

/// Explores the saga by the services' own decisions.
#[derive(Parser)]
struct Options {
    /// Only explorations whose name contains this.
    #[arg(long, env = "TWORD_ONLY", default_value = "")]
    only: String,
    /// Shows instead what each wrong decision breaks, and the shortest way there.
    #[arg(long, env = "TWORD_MUTANTS")]
    mutants: bool,
}

fn main() {
    let Options { only, mutants } = Options::parse();
    let found = if mutants { mutants::show(&only) } else { check::show(&only) };
    std::process::exit(i32::from(!found));
}
