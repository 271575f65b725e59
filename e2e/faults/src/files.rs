//! Files that come and go.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use libc::mode_t;

use crate::entries::Entry;
use crate::node::Node;
use crate::switch::{Fault, Places, die, places};
use crate::undo::{Log, kept};
use crate::{call, ftruncate};

/// Opens; a file below the root that this makes is noted, and one that it empties is emptied as by `ftruncate`.
pub fn open(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    let through = |flags: c_int| c_int::try_from(call!(SYS_openat, dir, path, flags, mode)).unwrap_or(-1);
    let noted = flags & (libc::O_CREAT | libc::O_TRUNC) != 0;
    let Some(places) = places().filter(|places| noted && Fault::Power.is_on(places)) else { return through(flags) };
    let existed = call!(SYS_faccessat, dir, path, libc::F_OK) == 0;
    let descriptor = through(if existed { flags & !libc::O_TRUNC } else { flags });
    if descriptor < 0 {
        return descriptor;
    }
    if !existed && let Some(node) = Node::written(descriptor) {
        note(places, node.path(), Entry::Made);
    }
    if existed && flags & libc::O_TRUNC != 0 {
        // SAFETY: the descriptor was opened above. What cannot be cut, such as a device, is not cut by `open` either.
        let _ = unsafe { ftruncate(descriptor, 0) };
    }
    descriptor
}

/// Keeps what is about to be removed, where it is below the root and a power cut could bring it back.
pub fn note_removal(path: *const c_char) {
    let Some(places) = places().filter(|places| Fault::Power.is_on(places)) else { return };
    // SAFETY: the program passed a path to `unlink`, so it ends with a zero.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    let Ok(meta) = std::fs::symlink_metadata(path) else { return };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let (Ok(dir), Some(name)) = (std::fs::canonicalize(dir), path.file_name()) else { return };
    if !meta.is_file() || !dir.starts_with(&places.root) {
        return;
    }
    let keep = kept(places, meta.ino());
    std::fs::hard_link(path, &keep).unwrap_or_else(|error| die(&keep, &error));
    note(places, &dir.join(name), |name| Entry::Removed(name, meta.ino()));
}

/// What a rename replaces is gone for good. Its inode may be used again, so its log goes first.
pub fn note_replacement(path: *const c_char) {
    let Some(places) = places().filter(|places| Fault::Power.is_on(places)) else { return };
    // SAFETY: the program passed a path to `rename`, so it ends with a zero.
    let path = Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(path) }.to_bytes()));
    let is_below = std::fs::canonicalize(path).is_ok_and(|path| path.starts_with(&places.root));
    if let Some(meta) = std::fs::symlink_metadata(path).ok().filter(|meta| is_below && meta.nlink() == 1) {
        Log::of_file(places, meta.ino()).forget();
    }
}

fn note(places: &Places, path: &Path, entry: impl FnOnce(String) -> Entry) {
    let (Some(dir), Some(name)) = (path.parent(), path.file_name()) else { return };
    let inode = std::fs::metadata(dir).unwrap_or_else(|error| die(dir, &error)).ino();
    Log::of_names(places, inode).note(entry(name.to_string_lossy().into_owned()).encode().as_bytes());
}

/// What the last system call of this thread failed by.
pub fn errno() -> c_int {
    // SAFETY: it points to this thread's own number.
    unsafe { *libc::__errno_location() }
}

/// What the program will see as the cause.
pub fn set_errno(error: c_int) {
    // SAFETY: it points to this thread's own number.
    unsafe { *libc::__errno_location() = error }
}
