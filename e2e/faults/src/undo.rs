//! The logs of a power cut, each locked for as long as the change that it is about takes.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::PathBuf;

use crate::entries::Entry;
use crate::switch::{Places, die};

/// The log of one file or directory. It is locked, against threads and processes, until it is dropped.
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Of a file's content.
    pub fn of_file(places: &Places, inode: u64) -> Self {
        Self::open(places.control.join(format!("undo-{inode}")))
    }

    /// Of a directory's names.
    pub fn of_names(places: &Places, inode: u64) -> Self {
        Self::open(places.control.join(format!("names-{inode}")))
    }

    fn open(path: PathBuf) -> Self {
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.and_then(|file| file.lock().map(|()| file)).unwrap_or_else(|error| die(&path, &error));
        Self { path, file }
    }

    /// Adds a record, by one write.
    pub fn note(&self, record: &[u8]) {
        (&self.file).write_all(record).unwrap_or_else(|error| die(&self.path, &error));
    }

    /// What it is about is durable.
    pub fn forget(&self) {
        self.file.set_len(0).unwrap_or_else(|error| die(&self.path, &error));
    }
}

/// Where a removed file is kept until its directory is synced.
pub fn kept(places: &Places, inode: u64) -> PathBuf {
    places.control.join(format!("kept-{inode}"))
}

/// Lets go of the files whose removal is durable. Their inodes may be used again, so their logs go first.
pub fn forget_entries(places: &Places, names: &Log) {
    let mut text = String::new();
    (&names.file).read_to_string(&mut text).unwrap_or_else(|error| die(&names.path, &error));
    for entry in Entry::decode(&text) {
        if let Entry::Removed(_, inode) = entry {
            let _ = std::fs::remove_file(places.control.join(format!("undo-{inode}")));
            let _ = std::fs::remove_file(kept(places, inode));
        }
    }
}
