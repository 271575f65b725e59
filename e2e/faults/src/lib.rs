//! A disk that fails, under a program that does not know: a library to be preloaded (`LD_PRELOAD`), for tests.
//!
//! It stands between a program and libc where files are written and synced, and acts on regular files and directories
//! below `FAULTS_ROOT` alone. Files in the directory `FAULTS_CONTROL`, which has to be outside of that root and on its file
//! system, switch it while the program runs; each is there or not, whatever it holds:
//!
//! | file | effect |
//! |---|---|
//! | `fsync-fails` | `fsync` and `fdatasync` answer `EIO`; nothing becomes durable |
//! | `fsync-lies` | they answer success, and nothing becomes durable: what a disk does that ignores flushes |
//! | `full` | every write answers `ENOSPC`, also one into room that the file has, as on a file system that copies on write |
//! | `power` | what is needed for a power cut is noted, from before the program starts until the cut |
//!
//! A fault that struck leaves a file `struck-<fault>`.
//!
//! **The power cut.** Before a file below the root is changed, what it held there and how long it was goes into a log beside
//! the switches, by a plain write that outlives any `kill -9`. A sync of the file forgets its log. Directories have a log of
//! their own: a file that was made is gone and one that was removed is back, unless the directory was synced afterwards. The
//! cut is: kill the program, then play the logs back (`e2e::faults`); then each file is as at its last sync.
//!
//! What is not modelled: memory-mapped writes, what stdio writes, directories that are made or removed, `O_SYNC`; a rename is
//! durable at once. SQLite does none of these but map its `-shm` file, which is no part of what it recovers from.

pub mod entries;
mod files;
mod node;
pub mod record;
mod switch;
mod undo;

use std::ffi::{c_char, c_int, c_long, c_void};

use libc::{AT_FDCWD, mode_t, off_t, size_t, ssize_t};
use node::Node;

/// What libc's wrapper of a system call answers: -1 with `errno` set, or its result.
macro_rules! call {
    ($number:ident $(, $argument:expr)*) => {
        // SAFETY: the arguments are those that the program passed to libc's function of this name, or raw copies of them.
        unsafe { libc::syscall(libc::$number $(, $argument)*) }
    };
}

/// # Safety
/// As libc's `open`; without `O_CREAT` the mode is whatever the register held, and is not looked at.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    files::open(AT_FDCWD, path, flags, mode)
}

/// # Safety
/// As libc's `open64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    files::open(AT_FDCWD, path, flags | libc::O_LARGEFILE, mode)
}

/// # Safety
/// As libc's `openat`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    files::open(dir, path, flags, mode)
}

/// # Safety
/// As libc's `openat64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(dir: c_int, path: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    files::open(dir, path, flags | libc::O_LARGEFILE, mode)
}

/// # Safety
/// As libc's `unlink`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    files::note_removal(path);
    narrow(call!(SYS_unlinkat, AT_FDCWD, path, 0))
}

/// # Safety
/// As libc's `rename`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    files::note_replacement(to);
    narrow(call!(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0))
}

/// # Safety
/// As libc's `write`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(file: c_int, bytes: *const c_void, count: size_t) -> ssize_t {
    let through = || call!(SYS_write, file, bytes, count);
    wide(match Node::written(file) {
        Some(node) => node.write(node.position(), count, through),
        None => through(),
    })
}

/// # Safety
/// As libc's `pwrite`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(file: c_int, bytes: *const c_void, count: size_t, offset: off_t) -> ssize_t {
    let through = || call!(SYS_pwrite64, file, bytes, count, offset);
    wide(match Node::written(file) {
        Some(node) => node.write(offset.unsigned_abs(), count, through),
        None => through(),
    })
}

/// # Safety
/// As libc's `pwrite64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(file: c_int, bytes: *const c_void, count: size_t, offset: off_t) -> ssize_t {
    // SAFETY: it is the same function under another name.
    unsafe { pwrite(file, bytes, count, offset) }
}

/// # Safety
/// As libc's `writev`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(file: c_int, parts: *const libc::iovec, count: c_int) -> ssize_t {
    let through = || call!(SYS_writev, file, parts, count);
    wide(match Node::written(file) {
        Some(node) => node.write(node.position(), length(parts, count), through),
        None => through(),
    })
}

/// # Safety
/// As libc's `pwritev`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev(file: c_int, parts: *const libc::iovec, count: c_int, offset: off_t) -> ssize_t {
    // The offset goes in two halves, of which 64-bit systems read the lower alone.
    let through = || call!(SYS_pwritev, file, parts, count, offset, 0);
    wide(match Node::written(file) {
        Some(node) => node.write(offset.unsigned_abs(), length(parts, count), through),
        None => through(),
    })
}

/// # Safety
/// As libc's `pwritev64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwritev64(file: c_int, parts: *const libc::iovec, count: c_int, offset: off_t) -> ssize_t {
    // SAFETY: it is the same function under another name.
    unsafe { pwritev(file, parts, count, offset) }
}

/// # Safety
/// As libc's `ftruncate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(file: c_int, size: off_t) -> c_int {
    let through = || call!(SYS_ftruncate, file, size);
    narrow(match Node::written(file) {
        Some(node) => node.resize(size.unsigned_abs(), through),
        None => through(),
    })
}

/// # Safety
/// As libc's `ftruncate64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(file: c_int, size: off_t) -> c_int {
    // SAFETY: it is the same function under another name.
    unsafe { ftruncate(file, size) }
}

/// # Safety
/// As libc's `fallocate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fallocate(file: c_int, mode: c_int, offset: off_t, count: off_t) -> c_int {
    let through = || call!(SYS_fallocate, file, mode, offset, count);
    let room = usize::try_from(count).unwrap_or(0);
    narrow(match Node::written(file) {
        Some(node) => node.write(offset.unsigned_abs(), room, through),
        None => through(),
    })
}

/// # Safety
/// As libc's `fallocate64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fallocate64(file: c_int, mode: c_int, offset: off_t, count: off_t) -> c_int {
    // SAFETY: it is the same function under another name.
    unsafe { fallocate(file, mode, offset, count) }
}

/// Answers the error itself, as it is specified to.
///
/// # Safety
/// As libc's `posix_fallocate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_fallocate(file: c_int, offset: off_t, count: off_t) -> c_int {
    // SAFETY: the arguments are the program's.
    if unsafe { fallocate(file, 0, offset, count) } == 0 { 0 } else { files::errno() }
}

/// # Safety
/// As libc's `posix_fallocate64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn posix_fallocate64(file: c_int, offset: off_t, count: off_t) -> c_int {
    // SAFETY: it is the same function under another name.
    unsafe { posix_fallocate(file, offset, count) }
}

/// # Safety
/// As libc's `fsync`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(file: c_int) -> c_int {
    let through = || call!(SYS_fsync, file);
    narrow(Node::synced(file).map_or_else(through, |node| node.sync(through)))
}

/// # Safety
/// As libc's `fdatasync`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(file: c_int) -> c_int {
    let through = || call!(SYS_fdatasync, file);
    narrow(Node::synced(file).map_or_else(through, |node| node.sync(through)))
}

/// How many bytes a vector of buffers holds.
fn length(parts: *const libc::iovec, count: c_int) -> usize {
    let count = usize::try_from(count).unwrap_or(0);
    if parts.is_null() || count == 0 {
        return 0;
    }
    // SAFETY: the program passed so many buffers, which the system call is about to read.
    unsafe { std::slice::from_raw_parts(parts, count) }.iter().map(|part| part.iov_len).sum()
}

fn narrow(answer: c_long) -> c_int {
    c_int::try_from(answer).unwrap_or(-1)
}

fn wide(answer: c_long) -> ssize_t {
    ssize_t::try_from(answer).unwrap_or(-1)
}

pub(crate) use call;
