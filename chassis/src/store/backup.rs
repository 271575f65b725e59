//! Copies of a database, marked as copies: whoever is restored from one has to recover first.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use percent_encoding::percent_decode_str;
use sqlx::{
    ConnectOptions, Connection, PgConnection, SqliteConnection,
    postgres::PgConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use tokio::process::Command;

use crate::{config::Url, recovery::Standing};

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be read.
    #[error("the database could not be copied")]
    Database(#[from] sqlx::Error),
    /// The copy could not be written.
    #[error("{} could not be written", .0.display())]
    File(PathBuf, #[source] io::Error),
    /// `pg_dump` is not there.
    #[error("pg_dump could not be run; put one that is at least as new as the server on PATH")]
    NoDump(#[source] io::Error),
    /// `pg_dump` failed, and has said why.
    #[error("pg_dump failed")]
    Dump,
}

/// Copies the database into a new file: whole, marked, and on the disk, or not at all.
///
/// # Errors
/// See [`Error`].
pub(super) async fn back_up(url: &Url, file: &Path) -> Result<(), Error> {
    let draft = file.with_added_extension("part");
    let copied = if url.is_postgres() { dump(url, &draft).await } else { copy(url, &draft).await };
    let kept = copied.and_then(|()| keep(&draft, file).map_err(|error| Error::File(file.to_owned(), error)));
    if kept.is_err() {
        // Where it cannot be removed either, its name says what it is.
        let _left = std::fs::remove_file(&draft);
    }
    kept
}

async fn copy(url: &Url, draft: &Path) -> Result<(), Error> {
    let options = url.parse::<SqliteConnectOptions>()?.create_if_missing(false).disable_statement_logging();
    let mut database = SqliteConnection::connect_with(&options).await?;
    private(draft).map_err(|error| Error::File(draft.to_owned(), error))?;
    sqlx::query("VACUUM INTO ?").bind(draft.to_string_lossy().as_ref()).execute(&mut database).await?;
    database.close().await?;
    let options = SqliteConnectOptions::new()
        .filename(draft)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Full);
    let mut copy = SqliteConnection::connect_with(&options).await?;
    sqlx::query("UPDATE relay SET standing = ?").bind(Standing::Restored.name()).execute(&mut copy).await?;
    Ok(copy.close().await?)
}

async fn dump(url: &Url, draft: &Path) -> Result<(), Error> {
    let written = |error| Error::File(draft.to_owned(), error);
    let file = private(draft).map_err(written)?;
    let options: PgConnectOptions = url.parse()?;
    let schema = schema(&options).await?;
    let mut dump = Command::new("pg_dump");
    // The password stays off the command line, which everybody can see.
    dump.envs(environment(url)).args(["--no-owner", "--no-privileges", "--no-password"]);
    // A socket's directory is a host to it.
    let host = options.get_socket().map_or_else(|| options.get_host().into(), |socket| socket.clone().into_os_string());
    dump.arg("--host").arg(host).arg("--port").arg(options.get_port().to_string());
    dump.arg("--username").arg(options.get_username());
    dump.arg("--dbname").arg(options.get_database().unwrap_or(options.get_username()));
    let status = dump.stdin(Stdio::null()).stdout(file.try_clone().map_err(written)?).status().await;
    if !status.map_err(Error::NoDump)?.success() {
        return Err(Error::Dump);
    }
    // `pg_dump` leaves an empty search path behind.
    let mark = format!("\nUPDATE {schema}.relay SET standing = '{}';\n", Standing::Restored.name());
    (&file).write_all(mark.as_bytes()).map_err(written)
}

/// What `pg_dump` is to know of the URL and its parser keeps to itself.
fn environment(url: &Url) -> Vec<(&'static str, String)> {
    let Ok(parsed) = url::Url::parse(url) else { return Vec::new() };
    let password = percent_decode_str(parsed.password().unwrap_or_default()).decode_utf8_lossy().into_owned();
    let queried = parsed.query_pairs().filter_map(|(name, value)| {
        let variable = match name.as_ref() {
            "sslmode" | "ssl-mode" => "PGSSLMODE",
            "sslrootcert" | "ssl-root-cert" | "ssl-ca" => "PGSSLROOTCERT",
            "sslcert" | "ssl-cert" => "PGSSLCERT",
            "sslkey" | "ssl-key" => "PGSSLKEY",
            "password" => "PGPASSWORD",
            _ => return None,
        };
        Some((variable, value.into_owned()))
    });
    // Without one, the environment's own stands.
    let own = Some(("PGPASSWORD", password)).filter(|(_, password)| !password.is_empty());
    own.into_iter().chain(queried).collect()
}

/// Where the service's tables are.
async fn schema(options: &PgConnectOptions) -> Result<String, Error> {
    let mut connection = PgConnection::connect_with(options).await?;
    let schema = sqlx::query_scalar("SELECT quote_ident(current_schema())").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(schema)
}

/// A new file that nobody else reads: a database holds what is personal.
fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Syncs a finished draft and gives it its name.
fn keep(draft: &Path, file: &Path) -> io::Result<()> {
    File::open(draft)?.sync_all()?;
    std::fs::hard_link(draft, file)?;
    std::fs::remove_file(draft)?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}
