//! An open file or directory below the root, and what happens to it.

use std::ffi::{c_int, c_long};
use std::fs::{File, Metadata};
use std::io::Seek;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

use crate::files::{errno, set_errno};
use crate::record::Record;
use crate::switch::{Fault, Places, die, places};
use crate::undo::{Log, forget_entries};

/// What a descriptor of the program's stands for. It is looked at anew at each call, so that a duplicate, an inherited and
/// a reused descriptor are what they are.
pub struct Node {
    descriptor: c_int,
    file: ManuallyDrop<File>,
    meta: Metadata,
    path: PathBuf,
    places: &'static Places,
}

impl Node {
    /// A regular file below the root.
    pub fn written(descriptor: c_int) -> Option<Self> {
        Self::below(descriptor, Metadata::is_file)
    }

    /// A regular file below the root, or a directory of it.
    pub fn synced(descriptor: c_int) -> Option<Self> {
        Self::below(descriptor, |meta| meta.is_file() || meta.is_dir())
    }

    /// Pipes and sockets are let through before anything is allocated: signal handlers write to these.
    fn below(descriptor: c_int, wanted: fn(&Metadata) -> bool) -> Option<Self> {
        if descriptor < 0 {
            return None;
        }
        // SAFETY: the descriptor is the program's, which is calling with it; it is never closed from here.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) });
        let meta = file.metadata().ok().filter(wanted)?;
        let places = places()?;
        let path = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).ok()?;
        path.starts_with(&places.root).then_some(Self { descriptor, file, meta, path, places })
    }

    /// Where it is; a removed one's name has ` (deleted)` after it.
    pub const fn path(&self) -> &PathBuf {
        &self.path
    }

    /// Where a plain write goes to, from the file's begin.
    pub fn position(&self) -> u64 {
        // SAFETY: it reads the flags of a descriptor that is open.
        let appends = unsafe { libc::fcntl(self.descriptor, libc::F_GETFL) } & libc::O_APPEND != 0;
        if appends { self.meta.len() } else { (&*self.file).stream_position().unwrap_or(0) }
    }

    /// A write of `count` bytes.
    pub fn write(&self, offset: u64, count: usize, through: impl FnOnce() -> c_long) -> c_long {
        if Fault::Full.is_on(self.places) {
            Fault::Full.strike(self.places);
            return refused(libc::ENOSPC);
        }
        self.change(offset, count as u64, through)
    }

    /// The file is cut or made longer.
    pub fn resize(&self, size: u64, through: impl FnOnce() -> c_long) -> c_long {
        self.change(size, self.meta.len().saturating_sub(size), through)
    }

    /// What a removed file holds is lost in any case.
    fn change(&self, offset: u64, count: u64, through: impl FnOnce() -> c_long) -> c_long {
        if self.meta.nlink() == 0 || !Fault::Power.is_on(self.places) {
            return through();
        }
        let log = Log::of_file(self.places, self.meta.ino());
        log.note(&self.before(offset, count).encode());
        answered(through(), log)
    }

    /// The size is read again: another thread may have written since.
    fn before(&self, offset: u64, count: u64) -> Record {
        let size = self.file.metadata().map_or(self.meta.len(), |meta| meta.len());
        let length = count.min(size.saturating_sub(offset));
        let mut before = vec![0; usize::try_from(length).unwrap_or(0)];
        // A second descriptor could read what this one cannot, but closing it would end the program's locks on the file.
        self.file.read_exact_at(&mut before, offset).unwrap_or_else(|error| die(&self.path, &error));
        Record { offset, size, before }
    }

    /// A sync.
    pub fn sync(&self, through: impl FnOnce() -> c_long) -> c_long {
        if Fault::FsyncFails.is_on(self.places) {
            Fault::FsyncFails.strike(self.places);
            return refused(libc::EIO);
        }
        if Fault::FsyncLies.is_on(self.places) {
            Fault::FsyncLies.strike(self.places);
            return 0;
        }
        if !Fault::Power.is_on(self.places) {
            return through();
        }
        let inode = self.meta.ino();
        let log = if self.meta.is_dir() { Log::of_names(self.places, inode) } else { Log::of_file(self.places, inode) };
        let answer = through();
        if answer == 0 {
            if self.meta.is_dir() {
                forget_entries(self.places, &log);
            }
            log.forget();
        }
        answered(answer, log)
    }
}

fn refused(error: c_int) -> c_long {
    set_errno(error);
    -1
}

/// Closing the log must not change what the program is told.
fn answered(answer: c_long, log: Log) -> c_long {
    let error = errno();
    drop(log);
    set_errno(error);
    answer
}
