//! The whole mesh as child processes: NATS, the five services and Envoy, on loopback, under one directory.
//!
//! `cargo xtask up` runs one for people; the end-to-end tests run one each. Dropping it kills every child, and a
//! watching shell does so where the harness itself is killed.

mod builder;
pub(crate) mod files;
mod health;
pub mod keys;
mod otlp;
mod part;
mod ports;
mod process;
mod render;
mod watchdog;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use builder::MeshBuilder;
pub use keys::Keys;
pub use otlp::Otlp;
pub use part::{Part, Service};
pub use ports::Ports;
pub use process::State;
pub use render::{Values, render};
use tokio::sync::watch;

use self::process::Process;
use crate::error::{Error, Result};
use crate::token::Grant;
use crate::{paths, wait};

/// How long a process may take to become healthy.
pub const START_LIMIT: Duration = Duration::from_mins(1);
/// How long a process may take to end after SIGTERM.
pub const STOP_LIMIT: Duration = Duration::from_secs(12);
/// How long Envoy's requests in flight may take to finish before it is told to end.
const EDGE_DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// A mesh. Every method may be called from any runtime, and by several tasks at once.
pub struct Mesh {
    dir: PathBuf,
    ports: Ports,
    keys: Keys,
    binaries: PathBuf,
    processes: Vec<Arc<Process>>,
}

impl Mesh {
    /// Begins to describe a mesh that keeps everything in `dir`.
    pub fn builder(dir: &Path) -> MeshBuilder {
        MeshBuilder::new(dir)
    }

    /// Starts every process and waits until all are healthy and Envoy routes to each service.
    ///
    /// # Errors
    /// A process did not start, died, or was not healthy within [`START_LIMIT`]; the error shows its last words.
    pub async fn start_all(&self) -> Result<()> {
        Part::ALL.into_iter().try_for_each(|part| self.process(part).start())?;
        self.wait_all_healthy().await
    }

    /// Ends every process in turn: Envoy after its requests in flight, then the services, then NATS.
    ///
    /// # Errors
    /// Some had to be killed; they are ended all the same.
    pub async fn stop_all(&self) -> Result<()> {
        let envoy = self.stop(Part::Envoy).await;
        let services = futures::future::join_all(Service::ALL.map(|service| self.stop(service))).await;
        let nats = self.stop(Part::Nats).await;
        let failed: Vec<_> = [envoy, nats].into_iter().chain(services).filter_map(Result::err).collect();
        let failed: Vec<_> = failed.iter().map(Error::message).collect();
        if failed.is_empty() { Ok(()) } else { Err(Error::new(failed.join("; "))) }
    }

    /// Starts a process, without waiting; a success where it runs already.
    pub fn start(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into()).start()
    }

    /// Ends a process by SIGTERM and waits until it has drained; Envoy first finishes what it has in flight.
    ///
    /// # Errors
    /// It did not end within [`STOP_LIMIT`] and was killed.
    pub async fn stop(&self, part: impl Into<Part>) -> Result<()> {
        let part = part.into();
        if part == Part::Envoy && self.is_running(part) {
            self.drain_envoy().await;
        }
        self.process(part).stop(STOP_LIMIT).await
    }

    /// Kills a process by SIGKILL and waits until it is gone.
    pub async fn kill(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into()).kill().await
    }

    /// Freezes a process by SIGSTOP.
    pub fn pause(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into()).pause()
    }

    /// Lets a frozen process go on.
    pub fn resume(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into()).resume()
    }

    /// Ends a process, starts it again and waits until it is healthy.
    pub async fn restart(&self, part: impl Into<Part>) -> Result<()> {
        let part = part.into();
        self.stop(part).await?;
        self.start(part)?;
        self.wait_healthy(part).await
    }

    /// Waits until a process is healthy: NATS greets, a service serves and Envoy (where it runs) routes to it,
    /// Envoy is ready and routes to every service that runs.
    ///
    /// # Errors
    /// It does not run, died, or was not healthy within [`START_LIMIT`].
    pub async fn wait_healthy(&self, part: impl Into<Part>) -> Result<()> {
        let part = part.into();
        let mut state = self.process(part).watch();
        let died = state.wait_for(|state| !matches!(state, State::Running(_)));
        let what = format!("a healthy {part}");
        let healthy = wait::until(&what, START_LIMIT, || self.look(part));
        tokio::select! {
            healthy = healthy => healthy.map_err(|error| error.help(self.look_into(part))),
            died = died => {
                let how = died.map_or_else(|_| "is gone".to_owned(), |state| described(&state));
                Err(Error::new(format!("{part} {how}")).help(self.look_into(part)))
            }
        }
    }

    /// Waits until every process that is to run is healthy.
    pub async fn wait_all_healthy(&self) -> Result<()> {
        let parts = Part::ALL.into_iter().filter(|part| self.state(*part) != State::Stopped);
        futures::future::try_join_all(parts.map(|part| self.wait_healthy(part))).await.map(drop)
    }

    /// Forgets everything that NATS has stored.
    ///
    /// # Errors
    /// NATS runs.
    pub fn wipe_nats(&self) -> Result<()> {
        if self.is_running(Part::Nats) {
            return Err(Error::new("NATS runs: its store cannot be wiped").help("stop it first"));
        }
        paths::remove_dir(&self.nats_store())?;
        paths::make_dir(&self.nats_store())
    }

    /// Signs a person's token.
    pub fn token(&self, grant: &Grant) -> Result<String> {
        self.keys.mint(grant)
    }

    /// How a process stands.
    pub fn state(&self, part: impl Into<Part>) -> State {
        self.process(part.into()).state()
    }

    /// How a process stands, now and at each change.
    pub fn watch(&self, part: impl Into<Part>) -> watch::Receiver<State> {
        self.process(part.into()).watch()
    }

    /// What a process has written so far; lines of earlier runs in the same directory come first.
    pub fn log(&self, part: impl Into<Part>) -> Result<String> {
        let path = self.log_path(part);
        let bytes = std::fs::read(&path).map_err(|error| Error::new(format!("reading {}: {error}", path.display())))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where a process writes its log.
    pub fn log_path(&self, part: impl Into<Part>) -> PathBuf {
        self.process(part.into()).spec().log.clone()
    }

    /// The directory that everything is in.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a program of the workspace is: one of the services', or another beside them.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// A service's SQLite file.
    pub fn database(&self, service: Service) -> PathBuf {
        files::database(&self.dir, service)
    }

    /// The directory that NATS stores in.
    pub fn nats_store(&self) -> PathBuf {
        files::nats_store(&self.dir)
    }

    /// The ports.
    pub const fn ports(&self) -> &Ports {
        &self.ports
    }

    /// The keys.
    pub const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// `http://` address of the edge: REST, gRPC and gRPC-Web.
    pub fn edge(&self) -> String {
        address(self.ports.edge)
    }

    /// `http://` address of Envoy's listener for services.
    pub fn mesh(&self) -> String {
        address(self.ports.mesh)
    }

    /// `http://` address of Envoy's administration.
    pub fn envoy_admin(&self) -> String {
        address(self.ports.envoy_admin)
    }

    /// `http://` address of a service's gRPC, past Envoy.
    pub fn grpc(&self, service: Service) -> String {
        address(self.ports.grpc(service))
    }

    /// `http://` address of a service's metrics and log level.
    pub fn admin(&self, service: Service) -> String {
        address(self.ports.admin(service))
    }

    fn process(&self, part: Part) -> &Arc<Process> {
        &self.processes[part.index()]
    }

    fn is_running(&self, part: Part) -> bool {
        matches!(self.state(part), State::Running(_))
    }

    async fn look(&self, part: Part) -> Result<(), String> {
        let admin = self.ports.envoy_admin;
        match part {
            Part::Nats => health::nats(self.ports.nats).await,
            Part::Service(service) => {
                let upstream = self.ports.grpc(service);
                health::service(upstream).await?;
                if self.is_running(Part::Envoy) { health::routed(admin, &[upstream]).await } else { Ok(()) }
            }
            Part::Envoy => {
                health::envoy(admin).await?;
                let running = Service::ALL.into_iter().filter(|service| self.is_running(Part::Service(*service)));
                let upstreams: Vec<_> = running.map(|service| self.ports.grpc(service)).collect();
                health::routed(admin, &upstreams).await
            }
        }
    }

    async fn drain_envoy(&self) {
        let admin = self.ports.envoy_admin;
        // An Envoy that does not answer is ended as it is.
        if health::drain(admin).await.is_ok() {
            let idle = || async {
                match health::in_flight(admin).await? {
                    0 => Ok(()),
                    count => Err(format!("{count} requests in flight")),
                }
            };
            let _ = wait::until("an idle edge", EDGE_DRAIN_LIMIT, idle).await;
        }
    }

    fn look_into(&self, part: Part) -> String {
        format!("see {}", self.log_path(part).display())
    }
}

/// How a process stands, after its name.
pub(crate) fn described(state: &State) -> String {
    match state {
        State::Stopped => "is stopped".to_owned(),
        State::Running(id) if state.is_frozen() => format!("is frozen as process {id} (kill -CONT {id} lets it go on)"),
        State::Running(id) => format!("runs as process {id}"),
        State::Died(cause) => cause.clone(),
    }
}

fn address(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
