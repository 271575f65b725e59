//! PostgreSQL servers: the one of a mesh, and one for each process of tests that stores something.

mod account;
mod secret;
mod server;

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::sync::OnceCell;

pub(crate) use self::account::Account;
pub(crate) use self::secret::password;
pub(crate) use self::server::{Durability, Server};
use crate::error::{Context, Error, Result};
use crate::mesh::{Claim, Ending, Watchdog};
use crate::tools::Postgres;
use crate::{paths, wait};

/// How long the server of the tests may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(30);

static TESTS: OnceCell<Running> = OnceCell::const_new();

/// The server of this test process. A shell ends it and removes its files however this process ends.
struct Running {
    server: Server,
    watchdog: Watchdog,
    _port: Claim,
}

/// The URL of a fresh, empty database with a role of its own, on a server of this test process: started at the first
/// call, on a free port, and gone with the process. It syncs nothing to the disk.
///
/// # Panics
/// There is no PostgreSQL and none could be brought, or it did not start.
pub async fn database() -> String {
    let created = async {
        let running = TESTS.get_or_try_init(start).await?;
        let (name, password) = (format!("test_{:016x}", rand::random::<u64>()), password());
        running.server.create(&name, &name, &password).await?;
        Ok::<_, Error>(running.server.url(&name, &name, &password))
    };
    created.await.unwrap_or_else(|error| panic!("{error}"))
}

/// Removes what the server of a mesh has stored in `dir`; a success where there is none. It must not run.
pub(crate) fn forget(dir: &Path) -> Result<()> {
    if let Ok(home) = std::fs::canonicalize(dir) {
        paths::remove_dir(&home)?;
    }
    // Where it was elsewhere a link is left.
    if dir.is_symlink() { paths::remove_file(dir) } else { Ok(()) }
}

async fn start() -> Result<Running> {
    let prepared = tokio::task::spawn_blocking(|| {
        let dir = std::env::temp_dir().join(format!("tword-postgres-{:016x}", rand::random::<u64>()));
        let watchdog = Watchdog::start()?;
        watchdog.add_dir(&dir)?;
        let port = Claim::free(1)?;
        let server = Server::prepare(&dir, &Postgres::bring()?, port.first(), &password(), Durability::None)?;
        watchdog.add_dir(server.home())?;
        Ok::<_, Error>(Running { server, watchdog, _port: port })
    });
    let running = prepared.await.context(|| "preparing PostgreSQL".to_owned())??;
    let log = running.server.home().join("log");
    let child = launch(&running.server, &log)?;
    running.watchdog.add(child.id(), Ending::Postgres)?;
    let answers = || async { running.server.answers().await };
    wait::until("PostgreSQL", START_LIMIT, answers).await.map_err(|error| error.help(last_words(&log)))?;
    Ok(running)
}

fn launch(server: &Server, log: &Path) -> Result<std::process::Child> {
    let doing = || "starting PostgreSQL".to_owned();
    let log = File::create(log).context(doing)?;
    let mut command = server.command();
    command.stdin(Stdio::null()).stdout(log.try_clone().context(doing)?).stderr(log).process_group(0);
    command.spawn().context(doing)
}

fn last_words(log: &Path) -> String {
    let text = paths::read(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    format!("its last words: {}", lines[lines.len().saturating_sub(5)..].join(" | "))
}
