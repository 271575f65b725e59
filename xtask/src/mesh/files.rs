//! Where a mesh keeps what, below its directory.

use std::path::{Path, PathBuf};

use super::part::{Part, Service};
use crate::error::{Error, Result};

pub(crate) fn envoy(dir: &Path) -> PathBuf {
    dir.join("envoy.yaml")
}

pub(crate) fn nats(dir: &Path) -> PathBuf {
    dir.join("nats.conf")
}

pub(crate) fn nats_store(dir: &Path) -> PathBuf {
    dir.join("nats")
}

pub(crate) fn data(dir: &Path) -> PathBuf {
    dir.join("data")
}

pub(crate) fn database(dir: &Path, service: Service) -> PathBuf {
    data(dir).join(format!("{}.db", service.context()))
}

pub(crate) fn log(dir: &Path, part: Part) -> PathBuf {
    dir.join("logs").join(format!("{part}.log"))
}

/// Puts the logs of the last run aside, in the place of the run before it.
///
/// # Errors
/// A log is there that cannot be renamed.
pub(crate) fn rotate_logs(dir: &Path) -> Result<()> {
    for part in Part::ALL {
        let log = log(dir, part);
        match std::fs::rename(&log, log.with_extension("log.1")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::new(format!("putting {} aside: {error}", log.display())));
            }
            _ => {}
        }
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
}
