//! Where a mesh keeps what, below its directory.

use std::path::{Path, PathBuf};

use super::part::{Part, Service};
use crate::error::{Error, Result};
use crate::paths;
use crate::postgres::password;

pub(crate) fn envoy(dir: &Path) -> PathBuf {
    dir.join("envoy.yaml")
}

pub(super) fn nats(dir: &Path, number: u16) -> PathBuf {
    dir.join(format!("{}.conf", Part::nats(number)))
}

/// Where the brokers of every kind of mesh store.
pub(crate) fn nats_stores(dir: &Path) -> PathBuf {
    dir.join("nats")
}

/// Where the server and what it stores are: see [`crate::postgres`].
pub(crate) fn postgres(dir: &Path) -> PathBuf {
    dir.join("postgres")
}

/// The secret of this name, made where there is none yet.
pub(super) fn secret(dir: &Path, name: &str) -> Result<String> {
    let path = keys(dir).join(name);
    if !path.exists() {
        paths::write_private(&path, password().as_bytes())?;
    }
    paths::read(&path)
}

pub(crate) fn data(dir: &Path) -> PathBuf {
    dir.join("data")
}

pub(crate) fn database(dir: &Path, service: Service) -> PathBuf {
    data(dir).join(format!("{}.db", service.context()))
}

pub(crate) fn log(dir: &Path, part: Part) -> PathBuf {
    logs(dir).join(format!("{part}.log"))
}

pub(crate) fn logs(dir: &Path) -> PathBuf {
    dir.join("logs")
}

/// Puts the logs of the last run aside, in the place of the run before it.
///
/// # Errors
/// A log is there that cannot be renamed.
pub(crate) fn rotate_logs(dir: &Path) -> Result<()> {
    let entries = std::fs::read_dir(logs(dir)).into_iter().flatten().flatten();
    for log in entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "log")) {
        std::fs::rename(&log, log.with_extension("log.1"))
            .map_err(|error| Error::new(format!("putting {} aside: {error}", log.display())))?;
    }
    Ok(())
}

pub(crate) fn keys(dir: &Path) -> PathBuf {
    dir.join("keys")
}

#[cfg(test)]
mod tests {
    use super::{Part, log, rotate_logs};

    #[test]
    fn one_run_of_logs_is_kept_beside_the_new_one() {
        let dir = tempfile::tempdir().expect("temporary directory");
        rotate_logs(dir.path()).expect("nothing to put aside");
        let log = log(dir.path(), Part::Nats);
        std::fs::create_dir_all(log.parent().expect("a parent")).expect("a directory");
        for run in ["first", "second"] {
            std::fs::write(&log, run).expect("written");
            rotate_logs(dir.path()).expect("put aside");
            assert!(!log.exists());
            assert_eq!(std::fs::read_to_string(log.with_file_name("nats.log.1")).expect("kept"), run);
        }
    }

    #[test]
    fn a_secret_stays_the_same() {
        let dir = tempfile::tempdir().expect("temporary directory");
        std::fs::create_dir(super::keys(dir.path())).expect("a directory");
        let [one, other, again] =
            ["one", "other", "one"].map(|name| super::secret(dir.path(), name).expect("a secret"));
        assert!(one == again && one != other && one.len() == 32);
    }
}
