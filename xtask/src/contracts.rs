//! The contracts as anyone may have them: what the edge serves to everybody, and what was promised before.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use prost_reflect::DescriptorPool;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::{Context, Error, Result};
use crate::{cargo, openapi, paths, tools};

/// The files that the edge serves, by the names they have in a directory.
pub const FILES: [&str; 4] = ["descriptors.binpb", "openapi.yaml", "docs.html", "protos.zip"];

/// Writes every file of [`FILES`] into a directory.
///
/// # Errors
/// A file could not be made or written.
pub fn write(dir: &Path) -> Result<()> {
    paths::make_dir(dir)?;
    let document = openapi::document()?;
    let (text, page) = (openapi::text(&document), openapi::page::html(&document));
    let contents = [proto::DESCRIPTORS.to_vec(), text.into_bytes(), page.into_bytes(), archive()?];
    FILES.iter().zip(contents).try_for_each(|(name, bytes)| paths::write(&dir.join(name), &bytes))
}

/// The proto files as a zip archive; the same files make the same bytes.
///
/// # Errors
/// A file could not be read.
pub fn archive() -> Result<Vec<u8>> {
    let root = paths::root().join("proto");
    let mut names = Vec::new();
    for dir in ["tword", "google"] {
        collect(&root.join(dir), &mut names)?;
    }
    names.sort();
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for path in names {
        let name = path.strip_prefix(&root).unwrap_or(&path).display().to_string();
        let doing = || format!("packing {name}");
        zip.start_file(name.as_str(), options).context(doing)?;
        zip.write_all(paths::read(&path)?.as_bytes()).context(doing)?;
    }
    Ok(zip.finish().context(|| "packing the proto files".to_owned())?.into_inner())
}

/// The contracts as they were last published, an image of buf's, below `proto/`.
const PUBLISHED: &str = "published.binpb";

/// Publishes the contracts as they are now: later changes are compared with them.
///
/// # Errors
/// buf is missing, or the contracts do not compile.
pub fn publish() -> Result<()> {
    let mut build = buf(&tools::BUF.bring()?);
    build.args(["build", "--exclude-source-info", "--output", PUBLISHED]);
    cargo::run(build, "buf build")
}

/// The command that finds what clients of the published contracts would miss.
pub fn breaking(buf_binary: &Path) -> Command {
    let mut command = buf(buf_binary);
    command.args(["breaking", "--against", PUBLISHED]);
    command
}

fn buf(binary: &Path) -> Command {
    let mut command = Command::new(binary);
    command.current_dir(paths::root().join("proto"));
    command
}

/// Checks that every REST path that was published is there, which is none of buf's business.
///
/// # Errors
/// Some are gone; the error names them.
pub fn keeps_paths() -> Result<()> {
    let path = paths::root().join("proto").join(PUBLISHED);
    let published = std::fs::read(&path).context(|| format!("reading {}", path.display()))?;
    let lost = lost_paths(&published, proto::DESCRIPTORS)?;
    if lost.is_empty() { Ok(()) } else { Err(Error::new(format!("published and gone: {}", lost.join(", ")))) }
}

/// The REST methods of one descriptor set that another lacks.
fn lost_paths(before: &[u8], after: &[u8]) -> Result<Vec<String>> {
    let read = |set: &[u8]| -> Result<BTreeSet<String>> {
        let pool = DescriptorPool::decode(set).context(|| "reading a descriptor set".to_owned())?;
        Ok(openapi::bindings(&pool))
    };
    Ok(read(before)?.difference(&read(after)?).cloned().collect())
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(dir).context(|| format!("reading {}", dir.display()))? {
        let path = entry.context(|| format!("reading {}", dir.display()))?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::io::{Cursor, Read};

    use prost::Message;
    use prost_reflect::DescriptorPool;

    /// A `FileDescriptorSet` whose files are left encoded, with their options.
    #[derive(Message)]
    struct Set {
        #[prost(bytes = "vec", repeated, tag = "1")]
        files: Vec<Vec<u8>>,
    }

    #[test]
    fn a_rest_path_that_is_gone_is_found() {
        let mut set = Set::decode(proto::DESCRIPTORS).expect("descriptors");
        set.files.retain(|file| !file.windows(12).any(|bytes| bytes == b"tword/notify"));
        let less = set.encode_to_vec();
        let lost = super::lost_paths(proto::DESCRIPTORS, &less).expect("paths");
        assert!(lost.contains(&"GET /v1/messages".to_owned()), "{lost:?}");
        assert!(super::lost_paths(&less, proto::DESCRIPTORS).expect("paths").is_empty());
    }

    #[test]
    fn the_archive_has_every_file_of_the_descriptor_set_and_is_always_the_same() {
        let archive = super::archive().expect("an archive");
        assert_eq!(super::archive().expect("an archive"), archive);
        let mut zip = zip::ZipArchive::new(Cursor::new(archive)).expect("an archive");
        let names: BTreeSet<_> = zip.file_names().map(|name| name.expect("a name").into_owned()).collect();
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).expect("descriptors");
        let set: BTreeSet<_> = pool.files().map(|file| file.name().to_owned()).collect();
        // Every compiler brings these itself.
        let set = set.into_iter().filter(|name| !name.starts_with("google/protobuf/")).collect::<BTreeSet<_>>();
        assert_eq!(names, set);
        let mut text = String::new();
        zip.by_name("tword/order/v1/order_service.proto").expect("a file").read_to_string(&mut text).expect("a text");
        assert!(text.contains("service OrderService"), "{text}");
    }
}
