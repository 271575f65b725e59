//! Disks that fail under services: the layer of the crate `faults`, preloaded and switched, and its power cuts.

#[path = "../faults/src/entries.rs"]
pub mod entries;
#[path = "../faults/src/record.rs"]
pub mod record;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use tempfile::TempDir;
use xtask::mesh::{MeshBuilder, Part};

use entries::Entry;
use record::Record;

/// Where cargo put the layer and the small program of its tests.
static BUILT: LazyLock<PathBuf> = LazyLock::new(build);

/// The layer's file.
const LAYER: &str = "libfaults.so";

/// What a disk can do wrong, or be asked to note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A sync answers an error.
    FsyncFails,
    /// A sync answers success and makes nothing durable.
    FsyncLies,
    /// A write answers that there is no room.
    Full,
    /// What a power cut needs is noted: set before the program starts, until the cut.
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
}

/// How many of a file's changes since its last sync reached the disk before the power went: these quarters, the oldest.
#[derive(Clone, Copy, Debug)]
pub struct Quarters(pub usize);

/// What a power cut took back: the number of changes of each file.
pub type Dropped = BTreeMap<PathBuf, usize>;

/// The disk under one program, and its switches.
pub struct Disk {
    control: TempDir,
}

impl Disk {
    /// A disk that does nothing wrong yet.
    pub fn new() -> Self {
        let control = tempfile::Builder::new().prefix("tword-faults-").tempdir().expect("a temporary directory");
        // PostgreSQL runs as another user where root runs the tests, and that one may not see into the target directory.
        fs::set_permissions(control.path(), Permissions::from_mode(0o777)).expect("open to all");
        fs::copy(BUILT.join(LAYER), control.path().join(LAYER)).expect("the layer");
        Self { control }
    }

    /// One that is ready for a power cut.
    pub fn with_power_cuts() -> Self {
        let disk = Self::new();
        disk.switch(Fault::Power, true);
        disk
    }

    /// Puts the disk under what a process of a mesh stores. Each process needs a disk of its own.
    #[must_use]
    pub fn under(&self, mesh: MeshBuilder, part: impl Into<Part>) -> MeshBuilder {
        // Services run in the mesh's directory, which is not known yet, and PostgreSQL in its own; both store in `data`.
        let part = part.into();
        self.variables("data").into_iter().fold(mesh, |mesh, (name, value)| mesh.env(part, name, &value))
    }

    /// The variables of a program that has this disk below `root`.
    pub fn variables(&self, root: &str) -> [(&'static str, String); 3] {
        [
            ("LD_PRELOAD", self.control.path().join(LAYER).display().to_string()),
            ("FAULTS_ROOT", root.to_owned()),
            ("FAULTS_CONTROL", self.control.path().display().to_string()),
        ]
    }

    /// Switches a fault on or off; it counts from the program's next call.
    pub fn switch(&self, fault: Fault, on: bool) {
        let switch = self.control.path().join(fault.name());
        if on {
            fs::write(switch, "").expect("switched on");
        } else {
            remove(&switch);
            remove(&self.mark(fault));
        }
    }

    /// Whether a fault struck since it was switched on.
    pub fn struck(&self, fault: Fault) -> bool {
        self.mark(fault).exists()
    }

    /// Cuts the power, where the program was killed: each file below `root` is as at its last sync, but for the oldest of
    /// its later changes, which had reached the disk.
    pub fn cut(&self, root: &Path, reached: Quarters) -> Dropped {
        let places = self.places(root);
        let mut dropped = Dropped::new();
        for (inode, log) in self.logs("undo-") {
            let records = Record::decode(&log);
            let kept = records.len() * reached.0.min(4) / 4;
            let Some(path) = places.get(&inode).filter(|_| kept < records.len()) else { continue };
            take_back(path, &records[kept..]);
            dropped.insert(path.clone(), records.len() - kept);
        }
        for (inode, log) in self.logs("names-") {
            let Some(dir) = places.get(&inode) else { continue };
            for entry in Entry::decode(&String::from_utf8_lossy(&log)).into_iter().rev() {
                match entry {
                    Entry::Made(name) => remove(&dir.join(name)),
                    Entry::Removed(name, inode) => {
                        let kept = self.control.path().join(format!("kept-{inode}"));
                        if kept.exists() {
                            fs::rename(kept, dir.join(name)).expect("back");
                        }
                    }
                }
            }
        }
        self.forget();
        dropped
    }

    fn mark(&self, fault: Fault) -> PathBuf {
        self.control.path().join(format!("struck-{}", fault.name()))
    }

    /// Every log of a kind, by the inode that it is about.
    fn logs(&self, kind: &str) -> Vec<(u64, Vec<u8>)> {
        let inode = |path: &Path| path.file_name()?.to_str()?.strip_prefix(kind)?.parse().ok();
        let paths = below(self.control.path()).into_iter();
        paths.filter_map(|path| Some((inode(&path)?, fs::read(path).expect("a log")))).collect()
    }

    /// Where each inode is now: below the root, or kept after it was removed.
    fn places(&self, root: &Path) -> HashMap<u64, PathBuf> {
        let (mut places, mut open) = (HashMap::new(), vec![root.to_owned(), self.control.path().to_owned()]);
        while let Some(path) = open.pop() {
            let meta = fs::symlink_metadata(&path).expect("what is there");
            if meta.is_dir() {
                open.extend(below(&path));
            }
            places.insert(meta.ino(), path);
        }
        places
    }

    fn forget(&self) {
        let is_log = |path: &&PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            ["undo-", "names-", "kept-"].iter().any(|kind| name.starts_with(kind))
        };
        below(self.control.path()).iter().filter(is_log).for_each(|path| remove(path));
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self::new()
    }
}

/// The small program that writes as it is told, for the tests of the layer itself.
pub fn scribe() -> PathBuf {
    BUILT.join("examples/scribe")
}

fn take_back(path: &Path, records: &[Record]) {
    let file = OpenOptions::new().write(true).open(path).expect("a file to take back");
    for record in records.iter().rev() {
        file.write_all_at(&record.before, record.offset).expect("written");
        file.set_len(record.size).expect("cut");
    }
}

fn below(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path()).collect()
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}: {error}", path.display());
    }
}

/// The layer belongs to no program, so cargo does not build it with one.
fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's root");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let build = Command::new(cargo)
        .args(["build", "--quiet", "--package", "faults", "--lib", "--examples"])
        .current_dir(root)
        .output()
        .expect("cargo");
    assert!(build.status.success(), "building the layer: {}", String::from_utf8_lossy(&build.stderr));
    std::path::absolute(target.join("debug")).expect("a path")
}
