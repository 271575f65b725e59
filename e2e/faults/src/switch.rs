//! What is switched on, and where.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Where the layer acts and where it is told to.
pub struct Places {
    /// It acts below this directory, and on it.
    pub root: PathBuf,
    /// The switches and the logs.
    pub control: PathBuf,
}

static PLACES: OnceLock<Option<Places>> = OnceLock::new();

/// Where the layer acts; none in a process that was not told to.
pub fn places() -> Option<&'static Places> {
    PLACES.get_or_init(read).as_ref()
}

/// A fault that can be switched on.
#[derive(Clone, Copy)]
pub enum Fault {
    /// A sync is refused.
    FsyncFails,
    /// A sync does nothing.
    FsyncLies,
    /// A write is refused.
    Full,
    /// What a power cut needs is noted.
    Power,
}

impl Fault {
    const fn name(self) -> &'static str {
        match self {
            Self::FsyncFails => "fsync-fails",
            Self::FsyncLies => "fsync-lies",
            Self::Full => "full",
            Self::Power => "power",
        }
    }

    /// Whether it is switched on now.
    pub fn is_on(self, places: &Places) -> bool {
        places.control.join(self.name()).exists()
    }

    /// Leaves a mark that it struck, before the program hears of it.
    pub fn strike(self, places: &Places) {
        let mark = places.control.join(format!("struck-{}", self.name()));
        std::fs::write(&mark, "").unwrap_or_else(|error| die(&mark, &error));
    }
}

fn read() -> Option<Places> {
    let root = std::env::var_os("FAULTS_ROOT")?;
    let whole = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|error| die(path, &error));
    let control = std::env::var_os("FAULTS_CONTROL").unwrap_or_default();
    Some(Places { root: whole(Path::new(&root)), control: whole(Path::new(&control)) })
}

/// A layer that cannot do its work must not pass for one that does.
pub fn die(path: &Path, error: &std::io::Error) -> ! {
    eprintln!("faults: {}: {error}", path.display());
    std::process::abort()
}
