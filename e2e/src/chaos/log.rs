//! What went wrong when: the log of a run's faults.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A file with a line for each thing that happened, and when it did.
pub struct Log {
    begun: Instant,
    path: PathBuf,
    file: Mutex<File>,
}

impl Log {
    /// Begins a log.
    ///
    /// # Panics
    /// The file could not be made.
    pub fn new(path: &Path) -> Self {
        let file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { begun: Instant::now(), path: path.to_owned(), file: Mutex::new(file) }
    }

    /// Adds a line.
    pub fn line(&self, text: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // A log that cannot be written to holds nothing up.
        let _ = writeln!(file, "{:9.1} s  {text}", self.since().as_secs_f32());
    }

    /// How long ago it was begun.
    pub fn since(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
