//! Calls of cargo, streamed to the terminal.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus};

use crate::error::{Context, Error, Result};
use crate::paths;

/// A cargo command in the workspace's root.
pub(crate) fn command<I: AsRef<OsStr>>(arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(paths::root());
    command
}

/// Builds every binary of the workspace and answers where they are; cargo shows its progress and ends when this is dropped.
///
/// # Errors
/// Something does not compile; cargo has said what.
pub(crate) async fn build(release: bool) -> Result<PathBuf> {
    let doing = "building the services";
    let profile: &[&str] = if release { &["--release"] } else { &[] };
    let build = command(["build", "--workspace", "--bins"].iter().chain(profile));
    let status = tokio::process::Command::from(build).kill_on_drop(true).status().await;
    judge(status.context(|| format!("{doing}: running cargo"))?, doing)?;
    Ok(paths::target(if release { "release" } else { "debug" }))
}

/// Runs a command to its end with this terminal.
///
/// # Errors
/// It could not be run, or ended with another status than 0.
pub(crate) fn run(mut command: Command, doing: &str) -> Result<()> {
    let status = command.status().context(|| format!("{doing}: running {}", command.get_program().display()))?;
    judge(status, doing)
}

fn judge(status: ExitStatus, doing: &str) -> Result<()> {
    if status.success() { Ok(()) } else { Err(Error::new(format!("{doing} failed ({status})"))) }
}
