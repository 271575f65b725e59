//! How each process of a mesh is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::files;
use super::part::{Part, Service};
use super::process::Spec;
use super::settings::Plan;
use super::watchdog::Ending;
use crate::error::{Error, Result};
use crate::postgres::Server;

/// The programs that a mesh is made of; PostgreSQL's are the server's own.
pub(super) struct Programs {
    /// The directory of the services'.
    pub(super) binaries: PathBuf,
    pub(super) envoy: PathBuf,
    pub(super) nats_server: PathBuf,
}

/// How this process is started, before its caller's own wishes.
pub(super) fn spec(part: Part, plan: &Plan, programs: &Programs) -> Result<Spec> {
    let (dir, log) = (plan.dir.clone(), files::log(&plan.dir, part));
    let ordinary = |program: PathBuf, arguments, environment| Spec {
        part,
        program,
        arguments,
        environment,
        dir,
        log: log.clone(),
        account: None,
        ending: Ending::Plain,
    };
    Ok(match part {
        Part::Postgres => {
            let server = plan.server.as_ref().ok_or_else(|| Error::new("the mesh has no PostgreSQL"))?;
            database(server, log)
        }
        Part::Nats | Part::NatsPeer(_) => {
            let configuration = files::nats(&plan.dir, part.number());
            ordinary(programs.nats_server.clone(), vec!["--config".into(), configuration.into()], Vec::new())
        }
        Part::Envoy => ordinary(programs.envoy.clone(), envoy_arguments(&plan.dir), Vec::new()),
        Part::Service(service) | Part::Replica(service, _) => {
            ordinary(binary(&programs.binaries, service)?, Vec::new(), plan.environment(service, part.number()))
        }
    })
}

fn database(server: &Server, log: PathBuf) -> Spec {
    Spec {
        part: Part::Postgres,
        program: server.program(),
        arguments: server.arguments(),
        environment: Vec::new(),
        dir: server.home().to_owned(),
        log,
        account: server.account().id(),
        ending: Ending::Postgres,
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use sqlx::{Connection, Executor, PgConnection};

    use super::super::ports::Claim;
    use super::super::process::{Process, State};
    use super::super::watchdog::Watchdog;
    use super::{Server, database};
    use crate::postgres::{Account, Durability};
    use crate::tools::Postgres;
    use crate::wait;

    const LIMIT: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn a_database_server_is_killed_with_its_children_and_has_what_was_committed() {
        let dir = tempfile::tempdir().expect("temporary directory");
        Account::current().let_through(dir.path()).expect("let through");
        let (port, programs) = (Claim::free(1).expect("a port"), Postgres::bring().expect("PostgreSQL"));
        let home = dir.path().join("postgres");
        let prepare = || Server::prepare(&home, &programs, port.first(), "owner", Durability::Full).expect("prepared");
        let server = prepare();
        let process = Arc::new(Process::new(
            database(&server, dir.path().join("log")),
            Arc::new(Watchdog::start().expect("a shell")),
        ));
        let answers = || wait::until("PostgreSQL", LIMIT, || server.answers());
        process.start().expect("started");
        answers().await.expect("it answers");
        server.create("one", "one", "secret").await.expect("a database");
        let url = server.url("one", "one", "secret");
        let mut connection = PgConnection::connect(&url).await.expect("connected");
        connection.execute("CREATE TABLE kept AS SELECT 1").await.expect("committed");

        process.kill().await.expect("killed");
        assert_eq!(process.state(), State::Stopped);
        connection.execute("SELECT 1").await.expect_err("its children are gone as well");
        assert_eq!(prepare().home(), server.home());
        process.start().expect("started again");
        answers().await.expect("it answers again");
        server.create("one", "one", "secret").await.expect("it is there");
        let mut connection = PgConnection::connect(&url).await.expect("connected");
        connection.execute("SELECT * FROM kept").await.expect("kept");
        // It does not wait for those who are connected.
        process.stop(LIMIT).await.expect("it ended by itself");
    }
}
