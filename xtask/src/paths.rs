//! Where things are in the work tree, and how files are written that others read.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};

/// The root of the workspace.
pub fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_owned()
}

/// Where everything that the chores bring or make is kept; safe to delete.
pub fn dev() -> PathBuf {
    root().join(".dev")
}

/// Where cargo puts the binaries of a profile (`debug` or `release`).
pub fn target(profile: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join(profile)
}

/// Writes a file that anyone may read; readers see the old or the new one, never half.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with_mode(path, bytes, 0o644)
}

/// Writes a file that only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with_mode(path, bytes, 0o600)
}

/// Reads a text file.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).context(|| format!("reading {}", path.display()))
}

/// Makes a directory with its parents.
pub fn make_dir(path: &Path) -> Result<()> {
    fs::create_dir_all(path).context(|| format!("making the directory {}", path.display()))
}

/// Makes a directory that only its owner may look into.
pub fn make_private_dir(path: &Path) -> Result<()> {
    make_dir(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
        .context(|| format!("making the directory {} private", path.display()))
}

/// Removes a directory with what is in it; a success where there is none.
pub fn remove_dir(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::new(format!("removing {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// Copies a directory with what is in it, permissions as they are.
pub fn copy_dir(from: &Path, to: &Path) -> Result<()> {
    let doing = || format!("copying {} to {}", from.display(), to.display());
    make_dir(to)?;
    for entry in fs::read_dir(from).context(doing)? {
        let entry = entry.context(doing)?;
        let target = to.join(entry.file_name());
        if entry.file_type().context(doing)?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target).context(doing)?;
        }
    }
    Ok(())
}

/// Removes a file; a success where there is none.
pub fn remove_file(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::new(format!("removing {}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

fn write_with_mode(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let doing = || format!("writing {}", path.display());
    let name = path.file_name().ok_or_else(|| Error::new(format!("{} names no file", path.display())))?;
    let draft = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
    let written =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&draft).and_then(|mut file| {
            file.write_all(bytes)?;
            fs::rename(&draft, path)
        });
    written.context(doing)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn private_files_are_their_owners_alone() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("key.pem");
        super::write_private(&path, b"secret").expect("written");
        let mode = std::fs::metadata(&path).expect("metadata").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(super::read(&path).expect("read"), "secret");
    }
}
