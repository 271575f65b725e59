//! Compiles the contracts in pure Rust and keeps their descriptor set for reflection and for Envoy.

use std::{env, fs, path::PathBuf};

type Error = Box<dyn std::error::Error>;

/// Messages that hold personal data or secrets.
const MASKED: [&str; 6] = [
    ".tword.delivery.v1.Recipient",
    ".tword.order.v1.Recipient",
    ".tword.notify.v1.SmtpTarget",
    ".tword.notify.v1.WebhookTarget",
    ".tword.notify.v1.UpdateContactResponse",
    ".tword.notify.v1.RotateWebhookSecretResponse",
];

fn main() -> Result<(), Error> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo:rerun-if-changed={}", root.join("tword").display());
    println!("cargo:rerun-if-changed={}", root.join("google").display());

    let mut compiler = protox::Compiler::new([&root])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(sources(&root.join("tword"))?)?;
    // Envoy renders error details as JSON only where it knows their messages.
    compiler.open_files([root.join("google/rpc/error_details.proto"), root.join("google/rpc/status.proto")])?;

    // The encoded form keeps option extensions such as `google.api.http`; the decoded form drops them.
    fs::write(out.join("descriptors.binpb"), compiler.encode_file_descriptor_set())?;
    let mut config = tonic_prost_build::Config::new();
    // Consumers and producers name an event by its message's full name.
    config.enable_type_names();
    // src/masked.rs writes theirs.
    config.skip_debug(MASKED);
    tonic_prost_build::configure()
        .include_file("contracts.rs")
        .bytes(".")
        .compile_fds_with_config(compiler.file_descriptor_set(), config)?;
    Ok(())
}

/// Every `.proto` file below `dir`, in a stable order.
fn sources(dir: &PathBuf) -> Result<Vec<PathBuf>, Error> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
