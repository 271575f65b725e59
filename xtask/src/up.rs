//! `cargo xtask up`: runs the whole mesh until it is told to stop.

mod banner;
pub mod control;
pub(crate) mod demo_shop;
mod restarts;
mod supervise;

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Context, Error, Result};
use crate::mesh::{DatabaseKind, Mesh, MeshBuilder, Otlp, Ports, files};
use crate::progress::Step;
use crate::state::MeshState;
use crate::{cargo, paths, postgres, tools};

/// How long everything together may take to drain before it is killed.
const DRAIN_LIMIT: Duration = Duration::from_secs(25);

/// Variables that mean the harness or twordctl, not a service. `TWORD_OTLP_ENDPOINT` comes as an option.
const NO_SETTINGS: [&str; 12] = [
    "TWORD_BIN_DIR",
    "TWORD_BUF",
    "TWORD_DATABASE",
    "TWORD_ENVOY",
    "TWORD_NATS",
    "TWORD_NATS_SERVER",
    "TWORD_OTLP_ENDPOINT",
    "TWORD_POSTGRES_BIN",
    "TWORD_REPLICAS",
    "TWORD_TOKEN",
    "TWORD_TOKEN_FILE",
    "TWORD_URL",
];

/// What `up` was asked for.
pub struct Options {
    /// Where the mesh keeps everything.
    pub dir: PathBuf,
    /// Added to every documented port.
    pub port_offset: u16,
    /// Forget what was stored.
    pub fresh: bool,
    /// Build and run the optimised services.
    pub release: bool,
    /// Where the services store.
    pub database: DatabaseKind,
    /// How many processes each service has.
    pub replicas: u16,
    /// How many brokers there are.
    pub nats: u16,
    /// Where traces are sent.
    pub otlp_endpoint: Option<Otlp>,
}

/// Brings, builds and starts everything, and runs it until SIGINT or SIGTERM.
///
/// # Errors
/// It could not be started, or something had to be killed at the end; nothing is left running either way.
pub async fn run(options: Options) -> Result<()> {
    let _lock = lock(&options.dir)?;
    MeshState::remove(&options.dir);
    let mut signals = Signals::new()?;
    let mesh = tokio::select! {
        mesh = start(options) => Arc::new(mesh?),
        () = signals.next() => return Ok(()),
    };
    let ran = serve(&mesh, &mut signals).await;
    MeshState::remove(mesh.dir());
    let drained = drain(&mesh, &mut signals).await;
    ran.and(drained)
}

async fn start(options: Options) -> Result<Mesh> {
    let builder = Mesh::builder(&options.dir).ports(Ports::fixed(options.port_offset)?);
    let builder = builder.database(options.database).replicas(options.replicas).nats(options.nats);
    builder.check()?;
    if options.fresh {
        forget(&options.dir)?;
    }
    let binaries = cargo::build(options.release).await?;
    let mesh = tokio::task::spawn_blocking(move || {
        files::rotate_logs(&options.dir)?;
        let (envoy, nats_server) = (tools::ENVOY.bring()?, tools::NATS_SERVER.bring()?);
        let builder = builder.binaries(binaries).envoy(envoy).nats_server(nats_server);
        let builder = builder.settings(settings(std::env::vars_os()));
        options.otlp_endpoint.iter().fold(builder, MeshBuilder::otlp).prepare()
    });
    let mesh = mesh.await.context(|| "preparing the mesh".to_owned())??;
    let step = Step::begin(format!("starting {} processes", mesh.parts().count()));
    mesh.start_all().await?;
    step.done();
    Ok(mesh)
}

/// The caller's settings of the services: `TWORD_DELIVERY_FALLBACK=accept cargo xtask up`.
fn settings(variables: impl Iterator<Item = (OsString, OsString)>) -> Vec<(String, String)> {
    let texts = variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.filter(|(name, _)| name.starts_with("TWORD_") && !NO_SETTINGS.contains(&name.as_str())).collect()
}

/// Registers the demo shop, says what there is, and keeps everything running until a signal comes.
async fn serve(mesh: &Arc<Mesh>, signals: &mut Signals) -> Result<()> {
    let control = control::path(mesh.dir());
    let listener = control::bind(&control)?;
    let mut tasks = tokio::task::JoinSet::new();
    for part in mesh.parts() {
        tasks.spawn(supervise::supervise(Arc::clone(mesh), part));
    }
    tasks.spawn(control::serve(listener, Arc::clone(mesh)));
    let served = tokio::select! {
        presented = present(mesh, control.clone()) => presented,
        () = signals.next() => return Ok(()),
    };
    if served.is_ok() {
        signals.next().await;
    }
    // Its file may have been removed by hand.
    let _ = std::fs::remove_file(&control);
    served
}

async fn present(mesh: &Mesh, control: PathBuf) -> Result<()> {
    let demo = demo_shop::ensure(mesh).await?;
    let tokens = banner::write_tokens(mesh, &demo)?;
    println!("{}", banner::text(mesh, &demo, &tokens));
    MeshState::of(mesh, control, demo).save()
}

async fn drain(mesh: &Mesh, signals: &mut Signals) -> Result<()> {
    let step = Step::begin("stopping everything (Ctrl-C again kills it)");
    let drained = tokio::select! {
        drained = tokio::time::timeout(DRAIN_LIMIT, mesh.stop_all()) => {
            drained.unwrap_or_else(|_| Err(Error::new(format!("not everything ended within {DRAIN_LIMIT:?}; the rest was killed"))))
        }
        () = signals.next() => Err(Error::new("killed before everything had drained")),
    };
    if drained.is_ok() {
        step.done();
    }
    drained
}

/// Removes what the mesh in `dir` has stored; its keys stay, so that tokens stay good.
fn forget(dir: &Path) -> Result<()> {
    paths::remove_dir(&files::data(dir))?;
    paths::remove_dir(&files::nats_stores(dir))?;
    postgres::forget(&files::postgres(dir))?;
    paths::remove_dir(&files::logs(dir))
}

/// Makes sure that one mesh at a time runs in a directory.
fn lock(dir: &Path) -> Result<File> {
    // One that is there belongs to a mesh that may run, and that has opened it for its database server.
    if !dir.is_dir() {
        paths::make_private_dir(dir)?;
    }
    let path = dir.join("up.lock");
    let file = File::create(&path).context(|| format!("opening {}", path.display()))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    let by = MeshState::load(dir)
        .map_or_else(|_| "is starting".to_owned(), |state| format!("runs (process {})", state.process));
    Err(Error::new(format!("a mesh {by} in {} already", dir.display())).help(
        "end it with Ctrl-C in its terminal, look at it with cargo xtask status, or run a second one beside it: \
         cargo xtask up --dir .dev/second --port-offset 10000",
    ))
}

/// The signals that end the mesh.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context(|| "listening for signals".to_owned());
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::wait;

    #[test]
    fn the_callers_settings_are_what_is_named_so_without_the_harness_own() {
        let variables = [
            ("PATH", "/bin"),
            ("TWORD_DELIVERY_FALLBACK", "accept"),
            ("TWORD_TOKEN", "secret"),
            ("TWORD_OTLP_ENDPOINT", "http://127.0.0.1:4317"),
            ("TWORD_SAGA_DEADLINE", "1h"),
        ];
        let settings = super::settings(variables.map(|(name, value)| (name.into(), value.into())).into_iter());
        let named: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(named, [("TWORD_DELIVERY_FALLBACK", "accept"), ("TWORD_SAGA_DEADLINE", "1h")]);
    }

    #[tokio::test]
    async fn a_second_mesh_in_the_same_directory_is_refused_with_a_way_out() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let held = super::lock(dir.path()).expect("the first");
        let error = super::lock(dir.path()).expect_err("the second");
        assert!(error.advice().expect("advice").contains("--port-offset"), "{error}");
        drop(held);
        // A child that another test is just starting holds the lock until its exec.
        let free = || async { super::lock(dir.path()).map(drop).map_err(|error| error.to_string()) };
        wait::until("the lock to be free", Duration::from_secs(10), free).await.expect("free again");
    }
}
