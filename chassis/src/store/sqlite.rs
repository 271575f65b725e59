//! The embedded store: one SQLite file a service, one writer, group commit.

mod answers;
mod audit;
mod inbox;
mod letters;
mod numbering;
mod outbox;
#[cfg(test)]
mod plans;
mod reads;
mod recovery;
mod room;
mod unpublished;
mod writer;

use std::{sync::Arc, time::Duration};

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use time::OffsetDateTime;
use tokio::sync::Notify;

use super::schema::Older;
use crate::store::{self, After, AfterCommit, Announce, Announcements, Error, Store};

/// The first SQLite without the bug that corrupts a write-ahead log at its reset.
const OLDEST_SOUND: [u32; 3] = [3, 51, 3];
const READERS: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The chassis's own tables; a service's migrations are numbered above 1000.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// One service's database.
#[derive(Clone)]
pub struct Sqlite {
    writer: writer::Writer,
    reads: SqlitePool,
    announcements: Announcements,
    wake: Arc<Notify>,
}

/// The transaction that a unit of work is given.
pub struct Tx {
    connection: SqliteConnection,
    announcements: Announcements,
    /// Whether an event was appended since the last commit.
    appended: bool,
    /// What is to be done after the next commit.
    after: Vec<After>,
}

impl Tx {
    /// The connection, inside the transaction.
    pub fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }
}

impl AfterCommit for Tx {
    fn after_commit(&mut self, work: After) {
        self.after.push(work);
    }
}

impl Announce for Tx {
    /// No other process writes to the file.
    fn announce(&mut self, topic: &'static str, word: String) {
        let announcements = self.announcements.clone();
        self.after_commit(Box::new(move || announcements.say(topic, &word)));
    }
}

impl Sqlite {
    /// Opens the file that `url` names, makes it where it is missing, and brings its schema up to `migrations`.
    ///
    /// # Errors
    /// The file cannot be opened, its schema is none of this program, or the SQLite linked in is not sound.
    pub async fn open(url: &str, migrations: &Migrator) -> Result<Self, Error> {
        Self::open_with(url, migrations, Older::BringUp).await
    }

    /// Opens it, and brings an older schema up or refuses it.
    ///
    /// # Errors
    /// See [`Sqlite::open`].
    pub async fn open_with(url: &str, migrations: &Migrator, older: Older) -> Result<Self, Error> {
        let options: SqliteConnectOptions = url.parse::<SqliteConnectOptions>()?;
        let options = options
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // What is erased does not stay behind in freed pages.
            .pragma("secure_delete", "ON")
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await?;
        check_version(&mut connection).await?;
        store::schema::settle(&mut connection, store::schema::merge(&MIGRATIONS, migrations), older).await?;

        let reads = SqlitePoolOptions::new().max_connections(READERS);
        let file = options.get_filename().to_owned();
        let reads = reads.connect_with(options.create_if_missing(false).read_only(true)).await?;
        let (wake, announcements) = (Arc::new(Notify::new()), Announcements::default());
        let tx = Tx { connection, announcements: announcements.clone(), appended: false, after: Vec::new() };
        Ok(Self { writer: writer::Writer::start(tx, Arc::clone(&wake), file), reads, announcements, wake })
    }

    /// The write port; `narrow` shows the transaction as the service's own port.
    pub fn store<T: ?Sized + 'static>(&self, narrow: fn(&mut Tx) -> &mut T) -> Store<T> {
        Store::new(Arc::new(writer::Narrowed::new(self.writer.clone(), narrow)))
    }

    /// Connections that can only read.
    pub fn reads(&self) -> SqlitePool {
        self.reads.clone()
    }

    /// What this producer numbered, the call that wakes its relay, and what operators look at.
    pub fn log(&self) -> Arc<dyn store::Reads> {
        Arc::new(reads::Reads::new(self.reads.clone(), self.writer.clone(), Arc::clone(&self.wake)))
    }

    /// What is announced on this database.
    pub fn announcements(&self) -> Announcements {
        self.announcements.clone()
    }
}

async fn check_version(connection: &mut SqliteConnection) -> Result<(), Error> {
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(connection).await?;
    let parts: Vec<u32> = version.split('.').filter_map(|part| part.parse().ok()).collect();
    if parts.as_slice() < OLDEST_SOUND.as_slice() {
        return Err(Error::inconsistent(format!("SQLite {version} is linked in; 3.51.3 or later is needed")));
    }
    Ok(())
}

/// A time as it is stored: microseconds since 1970.
pub fn micros(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// A stored time.
///
/// # Errors
/// The number is out of range.
pub fn time(micros: i64) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1_000).map_err(Error::inconsistent)
}

/// A row's time, for what decodes rows.
fn time_of(micros: i64) -> Result<OffsetDateTime, sqlx::Error> {
    time(micros).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// Checks that a write touched exactly the one row it was meant for.
///
/// # Errors
/// It touched none or more than one.
pub fn one_row(result: &sqlx::sqlite::SqliteQueryResult, what: &str) -> Result<(), Error> {
    store::one_row(result.rows_affected(), what)
}
