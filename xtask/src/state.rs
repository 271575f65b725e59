//! What a running mesh tells other commands about itself, in a file in its directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Context, Error, Result};
use crate::mesh::{Keys, Mesh, Part, files};
use crate::paths;
use crate::token::Grant;

/// The addresses of a running mesh, and the demo shop.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MeshState {
    /// The process that runs the mesh.
    pub process: u32,
    /// The directory that everything is in.
    pub dir: PathBuf,
    /// `http://` address of the edge: REST, gRPC, gRPC-Web.
    pub edge: String,
    /// `http://` address of Envoy's listener for services.
    pub mesh: String,
    /// `http://` address of Envoy's administration.
    pub envoy_admin: String,
    /// Each process of a service by its name: `order-svc`, `order-svc-2`.
    pub services: BTreeMap<String, Addresses>,
    /// The Unix socket that takes commands.
    pub control: PathBuf,
    /// The registered demo shop.
    pub demo: DemoShop,
}

/// Where a service listens, past Envoy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Addresses {
    /// `http://` address of its gRPC.
    pub grpc: String,
    /// `http://` address of its metrics and log level.
    pub admin: String,
}

/// The shop that a fresh mesh starts with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemoShop {
    /// The shop's UUID.
    pub shop_id: String,
    /// Its phones' UUIDs.
    pub phone_ids: Vec<String>,
}

impl MeshState {
    /// The directory of the mesh that `cargo xtask up` runs unless told another.
    pub fn default_dir() -> PathBuf {
        paths::dev().join("mesh")
    }

    /// Reads what the mesh in `dir` says.
    ///
    /// # Errors
    /// No mesh runs there.
    pub fn load(dir: &Path) -> Result<Self> {
        let Ok(text) = std::fs::read_to_string(file(dir)) else {
            return Err(Error::new(format!("no mesh runs in {}", dir.display())).help("start one: cargo xtask up"));
        };
        serde_json::from_str(&text).context(|| format!("reading {}", file(dir).display()))
    }

    /// Signs a person's token that the mesh accepts.
    pub fn token(&self, grant: &Grant) -> Result<String> {
        Keys::open(&files::keys(&self.dir))?.mint(grant)
    }

    pub(crate) fn of(mesh: &Mesh, control: PathBuf, demo: DemoShop) -> Self {
        let addresses = |part: Part| {
            let (service, number) = (part.service()?, part.number());
            let addresses = Addresses { grpc: mesh.grpc_of(service, number), admin: mesh.admin_of(service, number) };
            Some((part.to_string(), addresses))
        };
        Self {
            process: std::process::id(),
            dir: mesh.dir().to_owned(),
            edge: mesh.edge(),
            mesh: mesh.mesh(),
            envoy_admin: mesh.envoy_admin(),
            services: mesh.parts().filter_map(addresses).collect(),
            control,
            demo,
        }
    }

    pub(crate) fn save(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context(|| "encoding the mesh's state".to_owned())?;
        paths::write(&file(&self.dir), text.as_bytes())
    }

    pub(crate) fn remove(dir: &Path) {
        // A file that is not there any more is what was wanted.
        let _ = std::fs::remove_file(file(dir));
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("state.json")
}

#[cfg(test)]
mod tests {
    use super::MeshState;

    #[test]
    fn says_how_to_start_a_mesh_where_none_runs() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let error = MeshState::load(dir.path()).expect_err("none runs");
        assert!(error.advice().expect("advice").contains("cargo xtask up"), "{error}");
    }
}
