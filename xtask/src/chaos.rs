//! `cargo xtask chaos`: builds the services and lets the program `chaos` of the end-to-end crate loose on them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;

use crate::error::{Context, Result};
use crate::mesh::{DatabaseKind, Mesh, MeshBuilder};
use crate::{cargo, tools};

/// What a run is asked for; `chaos` itself takes the same.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// How long faults are brought about [default: 5, or without an end where --kills is given]
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u32).range(1..=10_080))]
    pub minutes: Option<u32>,
    /// Ends once so many processes were killed, be it before its time
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub kills: Option<u32>,
    /// What faults and clients' choices follow from; another one each time otherwise, and it is told
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// What the services store in
    #[arg(long, value_enum, default_value_t, value_name = "KIND")]
    pub database: DatabaseKind,
    /// Processes of each service; more than one needs --database postgres
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub replicas: u16,
    /// Brokers: one alone, or a cluster of three
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub nats: u16,
    /// One fault in so long: a number with ms or s
    #[arg(long, default_value = "4s", value_parser = pause, value_name = "DURATION")]
    pub every: Duration,
    /// Customers at once
    #[arg(long, default_value_t = 8, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub customers: u16,
    /// Where the faults are logged; in the mesh's directory otherwise, which is kept where something does not hold
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Build and run the optimised services
    #[arg(long)]
    pub release: bool,
}

impl Options {
    /// The mesh that is asked for.
    pub fn shape(&self, mesh: MeshBuilder) -> MeshBuilder {
        mesh.database(self.database).replicas(self.replicas).nats(self.nats)
    }
}

/// Builds what is needed and runs `chaos` with the arguments that this process has after its first `chaos`.
///
/// # Errors
/// There cannot be such a mesh, a tool is missing, something does not compile, or `chaos` could not be run.
pub async fn run(options: &Options) -> Result<ExitCode> {
    options.shape(Mesh::builder(Path::new("."))).check()?;
    let (envoy, nats_server) = (tools::ENVOY.bring()?, tools::NATS_SERVER.bring()?);
    let binaries = cargo::build(options.release).await?;
    let profile: &[&str] = if options.release { &["--release"] } else { &[] };
    let chaos = ["build", "--package", "e2e", "--bin", "chaos", "--features", "chaos"];
    cargo::run(cargo::command(chaos.iter().chain(profile)), "building chaos")?;
    let arguments = std::env::args_os().skip_while(|argument| argument != "chaos").skip(1);
    let status = tokio::process::Command::new(binaries.join("chaos"))
        .args(arguments)
        .env(tools::ENVOY.variable, envoy)
        .env(tools::NATS_SERVER.variable, nats_server)
        .env("TWORD_BIN_DIR", &binaries)
        .status()
        .await
        .context(|| "running chaos".to_owned())?;
    Ok(ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// Reads `500ms` or `4s`.
fn pause(text: &str) -> Result<Duration, &'static str> {
    let wrong = "write a number with ms or s, such as 4s";
    let millis = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(millis), _) => millis.parse::<u64>().map_err(|_| wrong)?,
        (None, Some(seconds)) => seconds.parse::<u64>().map_err(|_| wrong)?.saturating_mul(1_000),
        (None, None) => return Err(wrong),
    };
    if (100..=600_000).contains(&millis) { Ok(Duration::from_millis(millis)) } else { Err("from 100ms to 600s") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pause;

    #[test]
    fn a_pause_needs_a_number_and_a_unit_and_is_neither_nothing_nor_for_ever() {
        assert_eq!(pause("250ms").expect("milliseconds"), Duration::from_millis(250));
        assert_eq!(pause("4s").expect("seconds"), Duration::from_secs(4));
        for wrong in ["", "4", "4m", "-1s", "0s", "99ms", "601s", "s"] {
            pause(wrong).expect_err(wrong);
        }
    }
}
