//! Small files that are read again when they change.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use crate::refusal::chain;

/// How often a file is looked at, at most.
pub(super) const CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// The largest file that is read.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not there or may not be read.
    #[error("cannot read {path}; create {what} there or correct the path", path = .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// It is none that somebody would write for this purpose.
    #[error("{path} is {bytes} bytes long, which is too long for {what}; correct the path", path = .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Its size.
        bytes: u64,
    },
    /// It holds something else.
    #[error("{path} is not {what}; correct the file or the path", path = .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// How a file's bytes become a value.
pub(super) type Parse<T> = fn(&[u8]) -> Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a file holds. A changed file that cannot be used leaves the last good value in force.
pub(super) struct Watched<T> {
    path: PathBuf,
    what: &'static str,
    parse: Parse<T>,
    state: Mutex<State<T>>,
}

struct State<T> {
    value: Arc<T>,
    stamp: Option<Stamp>,
    checked: Instant,
}

/// By what a change is noticed.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    bytes: u64,
}

impl<T> Watched<T> {
    /// Reads the file for the first time. `what` names its contents in errors and logs.
    pub(super) fn open(path: PathBuf, what: &'static str, parse: Parse<T>) -> Result<Self, Error> {
        // The stamp comes first: what is written after it is noticed as a change.
        let stamp = stamp(&path, what)?;
        let value = Arc::new(read(&path, what, parse)?);
        let state = Mutex::new(State { value, stamp: Some(stamp), checked: Instant::now() });
        Ok(Self { path, what, parse, state })
    }

    /// The value as of at most [`CHECK_INTERVAL`] ago.
    pub(super) fn current(&self) -> Arc<T> {
        self.at(Instant::now())
    }

    pub(super) fn at(&self, now: Instant) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now.saturating_duration_since(state.checked) >= CHECK_INTERVAL {
            state.checked = now;
            self.refresh(&mut state);
        }
        Arc::clone(&state.value)
    }

    fn refresh(&self, state: &mut State<T>) {
        let found = stamp(&self.path, self.what);
        let stamp = found.as_ref().ok().copied();
        if stamp == state.stamp {
            return;
        }
        state.stamp = stamp;
        match found.and_then(|_stamp| read(&self.path, self.what, self.parse)) {
            Ok(value) => {
                state.value = Arc::new(value);
                tracing::info!(path = %self.path.display(), "file of keys was read again");
            }
            Err(error) => {
                tracing::warn!(cause = chain(&error), "file of keys cannot be used, the last good one stays in force");
            }
        }
    }
}

fn stamp(path: &Path, what: &'static str) -> Result<Stamp, Error> {
    let found = fs::metadata(path).and_then(|found| Ok(Stamp { modified: found.modified()?, bytes: found.len() }));
    let stamp = found.map_err(|source| Error::Unreadable { path: path.to_owned(), what, source })?;
    if stamp.bytes > MAX_BYTES {
        return Err(Error::TooLong { path: path.to_owned(), what, bytes: stamp.bytes });
    }
    Ok(stamp)
}

fn read<T>(path: &Path, what: &'static str, parse: Parse<T>) -> Result<T, Error> {
    let bytes = fs::read(path).map_err(|source| Error::Unreadable { path: path.to_owned(), what, source })?;
    parse(&bytes).map_err(|source| Error::Unusable { path: path.to_owned(), what, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(bytes: &[u8]) -> Result<u32, Box<dyn std::error::Error + Send + Sync>> {
        Ok(std::str::from_utf8(bytes)?.parse()?)
    }

    #[test]
    fn a_change_is_noticed_and_a_bad_one_changes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        let write = |text: &str| fs::write(&path, text).expect("written");
        write("1");
        let watched = Watched::open(path.clone(), "a number", number).expect("a number");
        let start = Instant::now();
        let mut checks = 0;
        let mut next = || {
            checks += 1;
            *watched.at(start + CHECK_INTERVAL * checks)
        };
        write("22");
        assert_eq!(next(), 22);
        write("not a number");
        assert_eq!(next(), 22);
        fs::remove_file(&path).expect("removed");
        assert_eq!(next(), 22);
        write("333");
        assert_eq!(next(), 333);
    }

    #[test]
    fn it_is_looked_at_once_an_interval() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        fs::write(&path, "1").expect("written");
        let watched = Watched::open(path.clone(), "a number", number).expect("a number");
        let checked = Instant::now() + CHECK_INTERVAL;
        assert_eq!(*watched.at(checked), 1);
        fs::write(&path, "22").expect("written");
        assert_eq!(*watched.at(checked + CHECK_INTERVAL / 2), 1);
        assert_eq!(*watched.at(checked + CHECK_INTERVAL), 22);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("number");
        let open = || Watched::open(path.clone(), "a number", number).err().expect("refused");
        let missing = open();
        assert!(matches!(missing, Error::Unreadable { .. }));
        assert!(missing.to_string().contains(&path.display().to_string()), "{missing}");
        fs::write(&path, "x").expect("written");
        assert!(matches!(open(), Error::Unusable { .. }));
        fs::write(&path, vec![b'1'; 1024 * 1024 + 1]).expect("written");
        assert!(matches!(open(), Error::TooLong { bytes: 1_048_577, .. }));
    }
}
