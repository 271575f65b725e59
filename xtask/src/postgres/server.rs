//! One server: its data directory, how it is started, and the databases on it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor};

use super::{Account, secret};
use crate::error::{Context, Error, Result};
use crate::paths;
use crate::tools::Postgres;

/// The role that owns the server.
const OWNER: &str = "postgres";
/// Settings of every server: loopback alone, no sockets in the file system, no memory that outlives it.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
    "max_connections=800",
    "password_encryption=scram-sha-256",
    // Ending a transaction that has ended is a warning, and services do it each time that they are done.
    "log_min_messages=error",
    "timezone=UTC",
    "log_timezone=UTC",
];

/// What a server's commits are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// They survive a power cut.
    Full,
    /// Nothing is synced to the disk: for tests that cut no power.
    None,
}

impl Durability {
    const fn settings(self) -> &'static [&'static str] {
        match self {
            // What a row holds is told by no log.
            Self::Full => &[
                "fsync=on",
                "synchronous_commit=on",
                "full_page_writes=on",
                "log_error_verbosity=terse",
                "log_min_error_statement=panic",
            ],
            Self::None => &["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"],
        }
    }
}

/// A server, running or not.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    programs: Postgres,
    account: Account,
    home: PathBuf,
    port: u16,
    password: String,
    durability: Durability,
}

impl Server {
    /// Makes what a server keeps in `dir`, where it is not there yet. `password` is its owner's, from the beginning.
    pub(crate) fn prepare(
        dir: &Path,
        programs: &Postgres,
        port: u16,
        password: &str,
        durability: Durability,
    ) -> Result<Self> {
        let account = Account::current();
        let home = account.home(dir)?;
        let programs = account.programs(programs, &home)?;
        let server = Self { programs, account, home, port, password: password.to_owned(), durability };
        if !server.data().is_dir() {
            server.initialise()?;
        }
        Ok(server)
    }

    fn initialise(&self) -> Result<()> {
        let doing = || format!("making PostgreSQL's data directory in {}", self.home.display());
        let (draft, file) = (self.home.join("draft"), self.home.join("password"));
        paths::remove_dir(&draft)?;
        paths::write_private(&file, secret::verifier(&self.password).as_bytes())?;
        self.account.own(&file)?;
        let mut command = Command::new(self.programs.initdb());
        command.args(["--encoding=UTF8", "--locale=C", "--username", OWNER, "--auth", "scram-sha-256"]);
        command.arg("--pwfile").arg(&file).arg("--pgdata").arg(&draft).current_dir(&self.home);
        if self.durability == Durability::None {
            command.arg("--no-sync");
        }
        self.account.run(&mut command);
        let made = command.output().context(doing);
        paths::remove_file(&file)?;
        let output = made?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Error::new(format!("{}: initdb said: {}", doing(), said.trim().replace('\n', " | "))));
        }
        fs::rename(&draft, self.data()).context(doing)
    }

    /// The directory of everything that the server keeps; its account's own.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    /// The account that its processes have.
    pub(crate) const fn account(&self) -> Account {
        self.account
    }

    /// The server's program.
    pub(crate) fn program(&self) -> PathBuf {
        self.programs.server()
    }

    /// The arguments of the program. None is secret.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let port = format!("port={}", self.port);
        let settings = SETTINGS.iter().chain(self.durability.settings()).copied().chain([port.as_str()]);
        let settings = settings.flat_map(|setting| [OsString::from("-c"), setting.into()]);
        [OsString::from("-D"), self.data().into()].into_iter().chain(settings).collect()
    }

    /// The command that starts it in the foreground.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(self.program());
        command.args(self.arguments()).current_dir(&self.home);
        self.account.run(&mut command);
        command
    }

    /// Whether it takes connections.
    pub(crate) async fn answers(&self) -> Result<(), String> {
        let connection = self.connect().await.map_err(|error| error.message().to_owned())?;
        connection.close().await.map_err(|error| error.to_string())
    }

    /// Makes a database and the role that owns it, where they are not there yet; nobody else may connect to it.
    pub(crate) async fn create(&self, database: &str, role: &str, password: &str) -> Result<()> {
        let doing = || format!("making the database {database}");
        let mut connection = self.connect().await?;
        let (roles, databases): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM pg_roles WHERE rolname = $1), (SELECT count(*) FROM pg_database WHERE datname = $2)",
        )
        .bind(role)
        .bind(database)
        .fetch_one(&mut connection)
        .await
        .context(doing)?;
        let verb = if roles == 0 { "CREATE" } else { "ALTER" };
        run(&mut connection, format!("{verb} ROLE \"{role}\" LOGIN PASSWORD '{}'", secret::verifier(password)))
            .await
            .context(doing)?;
        if databases == 0 {
            let create = format!("CREATE DATABASE \"{database}\" OWNER \"{role}\" STRATEGY file_copy");
            run(&mut connection, create).await.context(doing)?;
            run(&mut connection, format!("REVOKE ALL ON DATABASE \"{database}\" FROM PUBLIC")).await.context(doing)?;
        }
        connection.close().await.context(doing)
    }

    /// The URL of a database on it, with its secret.
    pub(crate) fn url(&self, database: &str, role: &str, password: &str) -> String {
        format!("postgres://{role}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    async fn connect(&self) -> Result<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(OWNER)
            .password(&self.password)
            .database(OWNER);
        options.connect().await.context(|| "connecting to PostgreSQL".to_owned())
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }
}

async fn run(connection: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    connection.execute(AssertSqlSafe(statement)).await.map(drop)
}
