//! Where a mesh keeps what, below its directory.

use std::path::{Path, PathBuf};

use super::part::{Part, Service};

pub(crate) fn envoy(dir: &Path) -> PathBuf {
    dir.join("envoy.yaml")
}

pub(crate) fn nats(dir: &Path) -> PathBuf {
    dir.join("nats.conf")
}

pub(crate) fn nats_store(dir: &Path) -> PathBuf {
    dir.join("nats")
}

pub(crate) fn data(dir: &Path) -> PathBuf {
    dir.join("data")
}

pub(crate) fn database(dir: &Path, service: Service) -> PathBuf {
    data(dir).join(format!("{}.db", service.context()))
}

pub(crate) fn log(dir: &Path, part: Part) -> PathBuf {
    dir.join("logs").join(format!("{part}.log"))
}

pub(crate) fn keys(dir: &Path) -> PathBuf {
    dir.join("keys")
}
