//! Prepares a mesh: keys, configuration files and how each process is started.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::keys::Keys;
use super::otlp::Otlp;
use super::part::{Part, Service};
use super::ports::Ports;
use super::process::{Process, Spec};
use super::render::{Values, render};
use super::watchdog::Watchdog;
use super::{Mesh, files};
use crate::error::{Error, Result};
use crate::{contracts, paths, tools};

/// What a mesh is made of. Whatever is not set has the value that tests want.
#[derive(Default)]
pub struct MeshBuilder {
    dir: PathBuf,
    ports: Option<Ports>,
    binaries: Option<PathBuf>,
    envoy: Option<PathBuf>,
    nats_server: Option<PathBuf>,
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

    /// One more argument on a process's command line. A service's flag wins over what the mesh sets by the environment.
    #[must_use]
    pub fn flag(mut self, part: impl Into<Part>, flag: impl Into<OsString>) -> Self {
        self.flags.entry(part.into()).or_default().push(flag.into());
        self
    }

    /// One more environment variable of a process; it wins over what the mesh would set.
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

    /// Writes everything that the processes read; starts none. Blocks while tools are brought.
    ///
    /// # Errors
    /// A tool or a service's binary is missing, or a file could not be written.
    pub fn prepare(mut self) -> Result<Mesh> {
        paths::make_private_dir(&self.dir)?;
        let dir =
            std::path::absolute(&self.dir).map_err(|error| Error::new(format!("{}: {error}", self.dir.display())))?;
        let ports = self.ports.take().map_or_else(Ports::free, Ok)?;
        let binaries = self.binaries.take().unwrap_or_else(default_binaries);
        let envoy = self.envoy.take().map_or_else(|| tools::ENVOY.bring(), Ok)?;
        let nats_server = self.nats_server.take().map_or_else(|| tools::NATS_SERVER.bring(), Ok)?;
        let keys = Keys::open(&dir.join("keys"))?;
        let passwords = Service::ALL.map(|_| format!("{:032x}", rand::random::<u128>()));
        for place in ["data", "nats", "logs"] {
            paths::make_dir(&dir.join(place))?;
        }
        contracts::write(&dir)?;
        let mut values = values(&dir, &ports, &keys, &passwords);
        values.append(&mut self.placeholders);
        write_configuration(&dir, &values)?;
        let programs = Programs { binaries, envoy, nats_server };
        let watchdog = Arc::new(Watchdog::start()?);
        let mut processes = Vec::with_capacity(Part::ALL.len());
        for part in Part::ALL {
            let spec = self.complete(spec(part, &dir, &ports, &keys, &programs, &passwords)?);
            processes.push(Arc::new(Process::new(spec, Arc::clone(&watchdog))));
        }
        Ok(Mesh { dir, ports, keys, binaries: programs.binaries, processes })
    }

    /// Puts around what the mesh sets for a process what the caller wants: below it the settings of every service, above it
    /// the process's own arguments and variables. The last of two equal names counts.
    fn complete(&self, mut spec: Spec) -> Spec {
        let settings = if matches!(spec.part, Part::Service(_)) { self.settings.clone() } else { Vec::new() };
        spec.environment.splice(..0, settings);
        spec.arguments.extend(self.flags.get(&spec.part).cloned().unwrap_or_default());
        spec.environment.extend(self.environment.get(&spec.part).cloned().unwrap_or_default());
        spec
    }
}

struct Programs {
    binaries: PathBuf,
    envoy: PathBuf,
    nats_server: PathBuf,
}

fn default_binaries() -> PathBuf {
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    std::env::var_os("TWORD_BIN_DIR").map_or_else(|| paths::target(profile), PathBuf::from)
}

fn write_configuration(dir: &Path, values: &Values) -> Result<()> {
    let root = paths::root();
    let envoy = render(&paths::read(&root.join("envoy/envoy.yaml"))?, values)?;
    paths::write(&files::envoy(dir), envoy.as_bytes())?;
    let nats = render(&paths::read(&root.join("xtask/src/nats.conf"))?, values)?;
    paths::write_private(&files::nats(dir), nats.as_bytes())
}

/// The values of the local run for every placeholder of envoy.yaml and nats.conf.
fn values(dir: &Path, ports: &Ports, keys: &Keys, passwords: &[String; 5]) -> Values {
    let shown = |path: PathBuf| path.display().to_string();
    let mut values: Values = LIMITS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let mut set = |name: &str, value: String| values.insert(name.to_owned(), value);
    for service in Service::ALL {
        let name = service.context().to_uppercase();
        set(&format!("{name}_HOST"), "127.0.0.1".to_owned());
        set(&format!("{name}_PORT"), ports.grpc(service).to_string());
        set(&format!("{name}_PASSWORD"), passwords[service.index()].clone());
    }
    set("NATS_PORT", ports.nats.to_string());
    set("NATS_STORE_DIR", shown(files::nats_store(dir)));
    for (name, file) in
        ["DESCRIPTORS_FILE", "OPENAPI_FILE", "DOCS_FILE", "PROTOS_FILE"].into_iter().zip(contracts::FILES)
    {
        set(name, shown(dir.join(file)));
    }
    set("JWKS_FILE", shown(keys.jwks()));
    set("EDGE_PORT", ports.edge.to_string());
    set("MESH_PORT", ports.mesh.to_string());
    set("ADMIN_PORT", ports.envoy_admin.to_string());
    values
}

/// The placeholders that are the same in every local run; envoy/README.md says what each is for.
const LIMITS: &[(&str, &str)] = &[
    ("EDGE_HOST", "127.0.0.1"),
    ("MESH_HOST", "127.0.0.1"),
    ("ISSUER", "tword"),
    ("CORS_ORIGINS", r"http://(localhost|127\.0\.0\.1)(:[0-9]+)?"),
    ("TRUSTED_HOPS", "0"),
    ("EDGE_TIMEOUT_SECONDS", "5"),
    ("MESH_TIMEOUT_SECONDS", "5"),
    ("BOOKING_ROUTE_TIMEOUT", "0.58s"),
    ("CONNECT_TIMEOUT", "0.25s"),
    ("MAX_BODY_BYTES", "1048576"),
    ("MAX_RESPONSE_BYTES", "8388608"),
    ("MAX_CONNECTIONS", "4096"),
    ("MAX_HEAP_BYTES", "536870912"),
    ("RATE_LIMIT", "20000"),
    ("CLIENT_RATE_LIMIT", "20000"),
    ("MAX_REQUESTS", "1024"),
    ("MAX_BOOKINGS", "256"),
    ("MAX_WATCHES", "10240"),
    ("WATCH_MAX_SECONDS", "3600"),
    // Nobody listens there, and nothing is sent.
    ("OTLP_HOST", "127.0.0.1"),
    ("OTLP_PORT", "9"),
    ("TRACE_SAMPLING", "0"),
];

fn spec(
    part: Part,
    dir: &Path,
    ports: &Ports,
    keys: &Keys,
    programs: &Programs,
    passwords: &[String; 5],
) -> Result<Spec> {
    let (program, arguments, environment) = match part {
        Part::Nats => (programs.nats_server.clone(), vec!["--config".into(), files::nats(dir).into()], Vec::new()),
        Part::Envoy => (programs.envoy.clone(), envoy_arguments(dir), Vec::new()),
        Part::Service(service) => {
            let password = &passwords[service.index()];
            (binary(&programs.binaries, service)?, Vec::new(), environment(service, dir, ports, keys, password))
        }
    };
    Ok(Spec { part, program, arguments, environment, dir: dir.to_owned(), log: files::log(dir, part) })
}

fn binary(dir: &Path, service: Service) -> Result<PathBuf> {
    let path = dir.join(service.name());
    if path.is_file() {
        return Ok(path);
    }
    Err(Error::new(format!("{} is not built: there is no {}", service.name(), path.display()))
        .help("cargo xtask test and cargo xtask up build it; or: cargo build --workspace"))
}

fn envoy_arguments(dir: &Path) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["--config-path".into(), files::envoy(dir).into()];
    let rest = ["--disable-hot-restart", "--concurrency", "2", "--log-level", "warn", "--drain-time-s", "1"];
    arguments.extend(rest.map(OsString::from));
    arguments
}

/// A service's settings. All of them go by the environment, since one of them is secret.
fn environment(service: Service, dir: &Path, ports: &Ports, keys: &Keys, password: &str) -> Vec<(String, String)> {
    let settings = [
        ("LISTEN", format!("127.0.0.1:{}", ports.grpc(service))),
        ("ADMIN_LISTEN", format!("127.0.0.1:{}", ports.admin(service))),
        ("DATABASE_URL", format!("sqlite://{}", files::database(dir, service).display())),
        ("NATS_URL", format!("nats://{}:{password}@127.0.0.1:{}", service.name(), ports.nats)),
        ("MESH_URL", format!("http://127.0.0.1:{}", ports.mesh)),
        ("JWKS_FILE", keys.jwks().display().to_string()),
        ("SERVICE_KEY_FILE", keys.service_key(service).display().to_string()),
        ("SERVICE_JWKS", keys.service_jwks().display().to_string()),
        // The broker sets the stream's room aside, and takes no stream for which the disk has none.
        ("STREAM_MAX_BYTES", (1_u64 << 30).to_string()),
        ("DRAIN_DELAY", "200ms".to_owned()),
        ("DRAIN_TIMEOUT", "8s".to_owned()),
    ];
    settings.map(|(name, value)| (format!("TWORD_{name}"), value)).to_vec()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Keys, MeshBuilder, Part, Ports, Service, Spec, environment, values};
    use crate::mesh::render;
    use crate::paths;

    /// What a process gets under `name`: the last one that is set.
    fn value<'a>(spec: &'a Spec, name: &str) -> Option<&'a str> {
        spec.environment.iter().rfind(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn settings_reach_every_service_below_what_the_mesh_sets_and_nothing_else() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let ports = Ports::fixed(0).expect("ports");
        let settings =
            [("TWORD_DELIVERY_FALLBACK", "accept"), ("TWORD_LISTEN", "0.0.0.0:1"), ("TWORD_RETRY_DELAY", "1s")];
        let builder = MeshBuilder::new(dir.path())
            .settings(settings.map(|(name, value)| (name.to_owned(), value.to_owned())))
            .env(Service::Shop, "TWORD_RETRY_DELAY", "2s");
        for part in Part::ALL {
            let set = match part {
                Part::Service(service) => environment(service, dir.path(), &ports, &keys, "secret"),
                Part::Nats | Part::Envoy => Vec::new(),
            };
            let (program, log) = (Path::new("/bin/true").to_owned(), dir.path().join("log"));
            let dir = dir.path().to_owned();
            let spec = builder.complete(Spec { part, program, arguments: Vec::new(), environment: set, dir, log });
            let Part::Service(service) = part else {
                assert!(spec.environment.is_empty(), "{part}");
                continue;
            };
            assert_eq!(value(&spec, "TWORD_DELIVERY_FALLBACK"), Some("accept"), "{part}");
            let listen = format!("127.0.0.1:{}", ports.grpc(service));
            assert_eq!(value(&spec, "TWORD_LISTEN"), Some(listen.as_str()), "{part}");
            let delay = if service == Service::Shop { "2s" } else { "1s" };
            assert_eq!(value(&spec, "TWORD_RETRY_DELAY"), Some(delay), "{part}");
        }
    }

    #[test]
    fn every_placeholder_of_both_templates_has_a_value() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let ports = Ports::fixed(0).expect("ports");
        let passwords = ["a", "b", "c", "d", "e"].map(str::to_owned);
        let values = values(dir.path(), &ports, &keys, &passwords);
        for template in ["envoy/envoy.yaml", "xtask/src/nats.conf"] {
            let text = paths::read(&paths::root().join(template)).expect("the template");
            render(&text, &values).expect(template);
        }
    }
}
