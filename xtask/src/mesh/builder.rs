//! Prepares a mesh: keys, configuration files and how each process is started.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::keys::Keys;
use super::otlp::Otlp;
use super::part::Part;
use super::ports::Ports;
use super::process::{Process, Spec};
use super::render::{Values, render};
use super::settings::{Plan, Secrets};
use super::shape::{DatabaseKind, Shape};
use super::spec::{Programs, spec};
use super::watchdog::Watchdog;
use super::{Mesh, files, nats};
use crate::error::{Error, Result};
use crate::postgres::{Account, Durability, Server};
use crate::tools::Postgres;
use crate::{contracts, paths, tools};

/// What a mesh is made of. Whatever is not set has the value that tests want.
#[derive(Default)]
pub struct MeshBuilder {
    dir: PathBuf,
    ports: Option<Ports>,
    binaries: Option<PathBuf>,
    envoy: Option<PathBuf>,
    nats_server: Option<PathBuf>,
    shape: Shape,
    flags: HashMap<Part, Vec<OsString>>,
    environment: HashMap<Part, Vec<(String, String)>>,
    settings: Vec<(String, String)>,
    placeholders: BTreeMap<String, String>,
}

impl MeshBuilder {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), ..Self::default() }
    }

    /// The ports; free ones otherwise.
    #[must_use]
    pub fn ports(mut self, ports: Ports) -> Self {
        self.ports = Some(ports);
        self
    }

    /// Where the services' binaries are; otherwise `TWORD_BIN_DIR`, or where cargo puts those of this profile.
    #[must_use]
    pub fn binaries(mut self, dir: impl Into<PathBuf>) -> Self {
        self.binaries = Some(dir.into());
        self
    }

    /// The Envoy binary; brought otherwise.
    #[must_use]
    pub fn envoy(mut self, path: impl Into<PathBuf>) -> Self {
        self.envoy = Some(path.into());
        self
    }

    /// The nats-server binary; brought otherwise.
    #[must_use]
    pub fn nats_server(mut self, path: impl Into<PathBuf>) -> Self {
        self.nats_server = Some(path.into());
        self
    }

    /// Where the services store; in SQLite files otherwise.
    #[must_use]
    pub fn database(mut self, kind: DatabaseKind) -> Self {
        self.shape.database = kind;
        self
    }

    /// How many processes each service has; one otherwise. More want PostgreSQL.
    #[must_use]
    pub fn replicas(mut self, count: u16) -> Self {
        self.shape.replicas = count;
        self
    }

    /// How many brokers there are: 1, or 3 as a cluster.
    #[must_use]
    pub fn nats(mut self, count: u16) -> Self {
        self.shape.nats = count;
        self
    }

    /// One more argument on a process's command line; a service's goes to each of its processes. A service's flag wins over what the mesh sets by the environment.
    #[must_use]
    pub fn flag(mut self, part: impl Into<Part>, flag: impl Into<OsString>) -> Self {
        self.flags.entry(part.into()).or_default().push(flag.into());
        self
    }

    /// One more environment variable of a process, or of each of a service's; it wins over what the mesh would set.
    #[must_use]
    pub fn env(mut self, part: impl Into<Part>, name: &str, value: &str) -> Self {
        self.environment.entry(part.into()).or_default().push((name.to_owned(), value.to_owned()));
        self
    }

    /// Environment variables of every service, below what the mesh sets: its ports, keys and URLs win.
    #[must_use]
    pub fn settings(mut self, settings: impl IntoIterator<Item = (String, String)>) -> Self {
        self.settings.extend(settings);
        self
    }

    /// Another value for a placeholder of envoy.yaml or nats.conf, named without its `@`.
    #[must_use]
    pub fn placeholder(mut self, name: &str, value: &str) -> Self {
        self.placeholders.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Where every process sends its spans, of every request; nowhere otherwise.
    #[must_use]
    pub fn otlp(self, endpoint: &Otlp) -> Self {
        endpoint.set(self)
    }

    /// Says before anything is built whether there can be such a mesh and nothing else listens on its ports.
    ///
    /// # Errors
    /// It is not possible, or ports are busy; the error says what to do.
    pub fn check(&self) -> Result<()> {
        self.shape.check()?;
        self.ports.as_ref().map_or(Ok(()), |ports| ports.check(&self.shape.parts()))
    }

    /// Writes everything that the processes read; starts none. Blocks while tools are brought.
    ///
    /// # Errors
    /// There cannot be such a mesh, a tool or a service's binary is missing, or a file could not be written.
    pub fn prepare(mut self) -> Result<Mesh> {
        self.shape.check()?;
        let programs = Programs {
            binaries: self.binaries.take().unwrap_or_else(default_binaries),
            envoy: self.envoy.take().map_or_else(|| tools::ENVOY.bring(), Ok)?,
            nats_server: self.nats_server.take().map_or_else(|| tools::NATS_SERVER.bring(), Ok)?,
        };
        let plan = self.plan()?;
        let watchdog = Arc::new(Watchdog::start()?);
        let process = |part| {
            let spec = self.complete(spec(part, &plan, &programs)?);
            Ok(Arc::new(Process::new(spec, Arc::clone(&watchdog))))
        };
        let processes = plan.shape.parts().into_iter().map(process).collect::<Result<_>>()?;
        Ok(Mesh { plan, binaries: programs.binaries, processes })
    }

    /// Makes the directory with everything in it that the processes read.
    fn plan(&mut self) -> Result<Plan> {
        paths::make_private_dir(&self.dir)?;
        let dir =
            std::path::absolute(&self.dir).map_err(|error| Error::new(format!("{}: {error}", self.dir.display())))?;
        let keys = Keys::open(&files::keys(&dir))?;
        let secrets = Secrets::open(&dir)?;
        for place in [files::data(&dir), files::nats_stores(&dir), files::logs(&dir)] {
            paths::make_private_dir(&place)?;
        }
        contracts::write(&dir)?;
        let (shape, ports) = (self.shape, self.ports.take().map_or_else(Ports::free, Ok)?);
        let server = match shape.database {
            DatabaseKind::Sqlite => None,
            DatabaseKind::Postgres => Some(server(&dir, ports.postgres, &secrets.owner)?),
        };
        let plan = Plan { dir, ports, keys, shape, secrets, server };
        write_configuration(&plan, &self.placeholders)?;
        Ok(plan)
    }

    /// Puts around what the mesh sets for a process what the caller wants: below it the settings of every service, above it
    /// the process's own arguments and variables. The last of two equal names counts.
    fn complete(&self, mut spec: Spec) -> Spec {
        let service = spec.part.service();
        spec.environment.splice(..0, service.map(|_| self.settings.clone()).unwrap_or_default());
        // What is for a service is for its first process too, which goes by the service's name.
        let further = Some(spec.part).filter(|part| service.is_none_or(|service| *part != Part::Service(service)));
        for part in service.map(Part::Service).into_iter().chain(further) {
            spec.arguments.extend(self.flags.get(&part).cloned().unwrap_or_default());
            spec.environment.extend(self.environment.get(&part).cloned().unwrap_or_default());
        }
        spec
    }
}

fn default_binaries() -> PathBuf {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    std::env::var_os("TWORD_BIN_DIR").map_or_else(|| paths::target(profile), PathBuf::from)
}

/// The database server, which may run as somebody else than who runs this.
fn server(dir: &Path, port: u16, owner: &str) -> Result<Server> {
    Account::current().let_through(dir)?;
    Server::prepare(&files::postgres(dir), &Postgres::bring()?, port, owner, Durability::Full)
}

fn write_configuration(plan: &Plan, placeholders: &BTreeMap<String, String>) -> Result<()> {
    let (root, dir) = (paths::root(), &plan.dir);
    let mut values = plan.values();
    values.extend(placeholders.clone());
    let envoy = render(&paths::read(&root.join("envoy/envoy.yaml"))?, &values)?;
    paths::write(&files::envoy(dir), envoy.as_bytes())?;
    let template = paths::read(&root.join("xtask/src/nats.conf"))?;
    (1..=plan.shape.nats).try_for_each(|number| {
        let one = nats::values(dir, &plan.ports, plan.shape, number, &plan.secrets.route);
        let values: Values = one.into_iter().chain(values.clone()).collect();
        paths::write_private(&files::nats(dir, number), render(&template, &values)?.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::{MeshBuilder, Part, Plan, Shape, Spec};
    use crate::mesh::Service;
    use crate::mesh::watchdog::Ending;

    /// What a process gets under `name`: the last one that is set.
    fn value<'a>(spec: &'a Spec, name: &str) -> Option<&'a str> {
        spec.environment.iter().rfind(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    fn completed(builder: &MeshBuilder, plan: &Plan, part: Part) -> Spec {
        builder.complete(Spec {
            part,
            program: "/bin/true".into(),
            arguments: Vec::new(),
            environment: part.service().map(|service| plan.environment(service, part.number())).unwrap_or_default(),
            dir: plan.dir.clone(),
            log: plan.dir.join("log"),
            account: None,
            ending: Ending::Plain,
        })
    }

    #[test]
    fn settings_reach_every_service_below_what_the_mesh_sets_and_nothing_else() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let plan = Plan::sample(dir.path(), Shape { replicas: 2, ..Shape::default() });
        let settings =
            [("TWORD_DELIVERY_FALLBACK", "accept"), ("TWORD_LISTEN", "0.0.0.0:1"), ("TWORD_RETRY_DELAY", "1s")];
        let builder = MeshBuilder::new(dir.path())
            .settings(settings.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .env(Service::Shop, "TWORD_RETRY_DELAY", "2s")
            .env(Part::Replica(Service::Shop, 2), "TWORD_RETRY_DELAY", "3s");
        for part in plan.shape.parts() {
            let spec = completed(&builder, &plan, part);
            let Some(service) = part.service() else {
                assert!(spec.environment.is_empty(), "{part}");
                continue;
            };
            assert_eq!(value(&spec, "TWORD_DELIVERY_FALLBACK"), Some("accept"), "{part}");
            let listen = format!("127.0.0.1:{}", plan.ports.grpc_of(service, part.number()));
            assert_eq!(value(&spec, "TWORD_LISTEN"), Some(listen.as_str()), "{part}");
            let delay = match part {
                Part::Service(Service::Shop) => "2s",
                Part::Replica(Service::Shop, _) => "3s",
                _ => "1s",
            };
            assert_eq!(value(&spec, "TWORD_RETRY_DELAY"), Some(delay), "{part}");
        }
    }

    #[test]
    fn what_is_for_a_service_reaches_each_of_its_processes_once() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let plan = Plan::sample(dir.path(), Shape { replicas: 2, ..Shape::default() });
        let builder = MeshBuilder::new(dir.path()).flag(Service::Order, "--one").flag(Part::Nats, "--other");
        for (part, flags) in [
            (Part::Service(Service::Order), ["--one"].as_slice()),
            (Part::Replica(Service::Order, 2), &["--one"]),
            (Part::Service(Service::Shop), &[]),
            (Part::Nats, &["--other"]),
        ] {
            assert_eq!(completed(&builder, &plan, part).arguments, flags, "{part}");
        }
    }
}
