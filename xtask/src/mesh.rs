//! The whole mesh as child processes: PostgreSQL where it is wanted, NATS, the five services and Envoy, on loopback, under
//! one directory.
//!
//! `cargo xtask up` runs one for people; the end-to-end tests run one each. Dropping it kills every child, and a
//! watching shell does so where the harness itself is killed.

mod addresses;
mod builder;
mod family;
pub(crate) mod files;
mod health;
pub mod keys;
mod looks;
mod nats;
mod otlp;
mod part;
mod ports;
mod process;
mod render;
mod settings;
mod shape;
mod spec;
mod watchdog;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

pub use builder::MeshBuilder;
pub use keys::Keys;
pub use otlp::Otlp;
pub use part::{Part, Service};
pub(crate) use ports::Claim;
pub use ports::Ports;
pub use process::State;
pub use render::{Values, render};
pub use shape::{DatabaseKind, MOST_REPLICAS};
use tokio::sync::watch;
pub(crate) use watchdog::{Ending, Watchdog};

use self::process::Process;
use self::settings::{Plan, database};
use crate::error::{Error, Result};
use crate::paths;
use crate::token::Grant;

/// How long a process may take to become healthy.
pub const START_LIMIT: Duration = Duration::from_mins(1);
/// How long a process may take to end after SIGTERM.
pub const STOP_LIMIT: Duration = Duration::from_secs(12);
/// How long Envoy's requests in flight may take to finish before it is told to end.
const EDGE_DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// A mesh. Every method may be called from any runtime, and by several tasks at once.
pub struct Mesh {
    plan: Plan,
    binaries: PathBuf,
    /// In the order in which they start.
    processes: Vec<Arc<Process>>,
}

impl Mesh {
    /// Begins to describe a mesh that keeps everything in `dir`.
    pub fn builder(dir: &Path) -> MeshBuilder {
        MeshBuilder::new(dir)
    }

    /// Starts every process and waits until all are healthy and Envoy routes to each service. The databases come first.
    ///
    /// # Errors
    /// A process did not start, died, or was not healthy within [`START_LIMIT`]; the error shows its last words.
    pub async fn start_all(&self) -> Result<()> {
        if let Some(server) = &self.plan.server {
            self.start(Part::Postgres)?;
            self.wait_healthy(Part::Postgres).await?;
            for service in Service::ALL {
                let name = database(service);
                server.create(&name, &name, self.plan.secrets.database(service)).await?;
            }
        }
        self.processes.iter().try_for_each(Process::start)?;
        self.wait_all_healthy().await
    }

    /// Ends every process in turn: Envoy after its requests in flight, then the services, then NATS, then PostgreSQL.
    ///
    /// # Errors
    /// Some had to be killed; they are ended all the same.
    pub async fn stop_all(&self) -> Result<()> {
        let mut failed = Vec::new();
        let turns: [fn(Part) -> bool; 4] =
            [|part| part == Part::Envoy, |part| part.service().is_some(), is_nats, |part| part == Part::Postgres];
        for turn in turns {
            let parts = self.parts().filter(|part| turn(*part));
            let stopped = futures::future::join_all(parts.map(|part| self.stop(part))).await;
            failed.extend(stopped.into_iter().filter_map(Result::err).map(|error| error.message().to_owned()));
        }
        if failed.is_empty() { Ok(()) } else { Err(Error::new(failed.join("; "))) }
    }

    /// Its processes, in the order in which they start.
    pub fn parts(&self) -> impl Iterator<Item = Part> + use<'_> {
        self.processes.iter().map(|process| process.spec().part)
    }

    /// The process that somebody calls `order-svc`, `order`, `order-2` or `nats`.
    ///
    /// # Errors
    /// There is none; the error names those that there are.
    pub fn part(&self, name: &str) -> Result<Part> {
        self.parts().find(|part| part.is_called(name)).ok_or_else(|| {
            let names: Vec<_> = self.parts().map(|part| part.to_string()).collect();
            Error::new(format!("the mesh has no process {name:?}")).help(format!("one of {}", names.join(", ")))
        })
    }

    /// Where the services store.
    pub const fn database_kind(&self) -> DatabaseKind {
        self.plan.shape.database
    }

    /// How many processes each service has.
    pub const fn replicas(&self) -> u16 {
        self.plan.shape.replicas
    }

    /// How many brokers there are.
    pub const fn brokers(&self) -> u16 {
        self.plan.shape.nats
    }

    /// Starts a process, without waiting; a success where it runs already.
    pub fn start(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into())?.start()
    }

    /// Ends a process by SIGTERM (PostgreSQL by SIGINT) and waits until it has drained; Envoy first finishes what it has in
    /// flight.
    ///
    /// # Errors
    /// It did not end within [`STOP_LIMIT`] and was killed.
    pub async fn stop(&self, part: impl Into<Part>) -> Result<()> {
        let part = part.into();
        if part == Part::Envoy && self.is_running(part) {
            self.drain_envoy().await;
        }
        self.process(part)?.stop(STOP_LIMIT).await
    }

    /// Kills a process by SIGKILL, with its children, and waits until it is gone.
    pub async fn kill(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into())?.kill().await
    }

    /// Freezes a process, with its children, by SIGSTOP.
    pub fn pause(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into())?.pause()
    }

    /// Lets a frozen process go on.
    pub fn resume(&self, part: impl Into<Part>) -> Result<()> {
        self.process(part.into())?.resume()
    }

    /// Ends a process, starts it again and waits until it is healthy.
    pub async fn restart(&self, part: impl Into<Part>) -> Result<()> {
        let part = part.into();
        self.stop(part).await?;
        self.start(part)?;
        self.wait_healthy(part).await
    }

    /// Forgets everything that the brokers have stored.
    ///
    /// # Errors
    /// One of them runs.
    pub fn wipe_nats(&self) -> Result<()> {
        self.parts().filter(|part| is_nats(*part)).try_for_each(|part| self.wipe(part))
    }

    /// Forgets everything that one broker has stored.
    ///
    /// # Errors
    /// It runs, or is no broker.
    pub fn wipe(&self, broker: Part) -> Result<()> {
        if !is_nats(broker) {
            return Err(Error::new(format!("{broker} is no broker")));
        }
        if self.is_running(broker) {
            return Err(Error::new(format!("{broker} runs: its store cannot be wiped")).help("stop it first"));
        }
        paths::remove_dir(&nats::store(&self.plan.dir, self.plan.shape, broker.number()))
    }

    /// Signs a person's token.
    pub fn token(&self, grant: &Grant) -> Result<String> {
        self.plan.keys.mint(grant)
    }

    /// How a process stands; one that the mesh does not have is stopped.
    pub fn state(&self, part: impl Into<Part>) -> State {
        self.process(part.into()).map_or(State::Stopped, |process| process.state())
    }

    /// How a process stands, now and at each change.
    ///
    /// # Errors
    /// The mesh does not have it.
    pub fn watch(&self, part: impl Into<Part>) -> Result<watch::Receiver<State>> {
        Ok(self.process(part.into())?.watch())
    }

    /// What a process has written so far; lines of earlier runs in the same directory come first.
    pub fn log(&self, part: impl Into<Part>) -> Result<String> {
        let path = self.log_path(part);
        let bytes = std::fs::read(&path).map_err(|error| Error::new(format!("reading {}: {error}", path.display())))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Where a process writes its log.
    pub fn log_path(&self, part: impl Into<Part>) -> PathBuf {
        files::log(&self.plan.dir, part.into())
    }

    /// The directory that everything is in.
    pub fn dir(&self) -> &Path {
        &self.plan.dir
    }

    /// Where a program of the workspace is: one of the services', or another beside them.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// A part's program with the settings that it runs with, to be given arguments of its own, such as a subcommand.
    ///
    /// # Errors
    /// The mesh has no such part.
    pub fn command(&self, part: impl Into<Part>) -> Result<Command> {
        Ok(self.process(part.into())?.command())
    }

    /// A service's SQLite file; there is none on PostgreSQL.
    pub fn database(&self, service: Service) -> PathBuf {
        files::database(&self.plan.dir, service)
    }

    /// The URL of a service's database, `sqlite://…` or `postgres://…`, with its secret.
    pub fn database_url(&self, service: Service) -> String {
        self.plan.database_url(service)
    }

    /// The directory that the brokers store in, each in one of its own.
    pub fn nats_store(&self) -> PathBuf {
        nats::stores(&self.plan.dir, self.plan.shape)
    }

    /// The ports.
    pub const fn ports(&self) -> &Ports {
        &self.plan.ports
    }

    /// The keys.
    pub const fn keys(&self) -> &Keys {
        &self.plan.keys
    }

    fn process(&self, part: Part) -> Result<&Arc<Process>> {
        let found = self.processes.iter().find(|process| process.spec().part == part);
        found.ok_or_else(|| Error::new(format!("the mesh has no {part}")))
    }

    fn is_running(&self, part: Part) -> bool {
        matches!(self.state(part), State::Running(_))
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

fn is_nats(part: Part) -> bool {
    matches!(part, Part::Nats | Part::NatsPeer(_))
}
