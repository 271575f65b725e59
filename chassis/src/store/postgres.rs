//! The store on PostgreSQL: units of work side by side, in one process and in several replicas.

mod announcements;
mod answers;
mod audit;
mod inbox;
mod letters;
mod numbering;
mod open;
mod outbox;
#[cfg(test)]
mod plans;
mod reads;
mod recovery;
mod runner;
mod unpublished;

use std::{sync::Arc, time::Duration};

use sqlx::{PgConnection, PgPool, Postgres as Kind, migrate::Migrator, pool::PoolConnection};
use tokio::sync::Notify;
use tokio_util::sync::DropGuard;

use super::schema::Older;
use crate::store::{self, After, AfterCommit, Announce, Announcements, Error, Store};
use announcements::Others;

/// The chassis's own tables; a service's migrations are numbered above 1000.
static MIGRATIONS: Migrator = sqlx::migrate!("migrations/postgres");

/// Connections of one process where nobody says otherwise.
pub const CONNECTIONS: u32 = 16;

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// Where it is and who opens it.
    pub url: &'a str,
    /// Connections that this process opens at most: two are for announcements, half of the others write.
    pub connections: u32,
    /// What is done with a schema that is older than the program.
    pub older: Older,
    /// How long a database that is away is waited for.
    pub patience: Duration,
}

impl<'a> Settings<'a> {
    /// The database of `url`: nothing is waited for, its schema is brought up.
    pub fn new(url: &'a str) -> Self {
        Self { url, connections: CONNECTIONS, older: Older::BringUp, patience: Duration::ZERO }
    }
}

/// One service's database.
#[derive(Clone)]
pub struct Postgres {
    shared: Arc<Shared>,
}

/// What everything shares that works on one database.
struct Shared {
    runner: runner::Limits,
    writes: PgPool,
    reads: PgPool,
    announcements: Announcements,
    others: Others,
    /// Wakes this process's relay.
    wake: Arc<Notify>,
    /// Announcements go on until nobody works on the database any more.
    _until_dropped: DropGuard,
}

/// The transaction that a unit of work is given.
pub struct Tx {
    connection: PoolConnection<Kind>,
    shared: Arc<Shared>,
    /// Whether an event was appended.
    appended: bool,
    /// What is to be done after the commit.
    after: Vec<After>,
}

impl Tx {
    /// The connection, inside the transaction.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl AfterCommit for Tx {
    fn after_commit(&mut self, work: After) {
        self.after.push(work);
    }
}

impl Announce for Tx {
    fn announce(&mut self, topic: &'static str, word: String) {
        let shared = Arc::clone(&self.shared);
        self.after_commit(Box::new(move || {
            shared.announcements.say(topic, &word);
            shared.others.tell(topic, word);
        }));
    }
}

impl Postgres {
    /// Opens the database that `url` names and brings its schema up to `migrations`.
    ///
    /// # Errors
    /// See [`Postgres::open_with`].
    pub async fn open(url: &str, migrations: &Migrator) -> Result<Self, Error> {
        Self::open_with(&Settings::new(url), migrations).await
    }

    /// Opens a database with settings.
    ///
    /// # Errors
    /// It stays away or refuses, it is too old, or its schema is none for this program.
    pub async fn open_with(settings: &Settings<'_>, migrations: &Migrator) -> Result<Self, Error> {
        let options = open::options(settings.url)?;
        let mut connection = open::connect(&options, settings.patience).await?;
        open::check_version(&connection)?;
        store::schema::settle(&mut connection, store::schema::merge(&MIGRATIONS, migrations), settings.older).await?;
        open::close(connection).await;
        let pools = open::pools(&options, settings.connections);
        let (wake, announcements) = (Arc::new(Notify::new()), Announcements::default());
        let (others, until_dropped) = announcements::start(pools.announcements, announcements.clone(), &wake);
        Ok(Self {
            shared: Arc::new(Shared {
                runner: runner::Limits::default(),
                writes: pools.writes,
                reads: pools.reads,
                announcements,
                others,
                wake,
                _until_dropped: until_dropped,
            }),
        })
    }

    /// The write port; `narrow` shows the transaction as the service's own port.
    pub fn store<T: ?Sized + 'static>(&self, narrow: fn(&mut Tx) -> &mut T) -> Store<T> {
        Store::new(Arc::new(runner::Runner::new(Arc::clone(&self.shared), narrow)))
    }

    /// Connections that can only read.
    pub fn reads(&self) -> PgPool {
        self.shared.reads.clone()
    }

    /// What this producer numbered, the call that wakes its relay, and what operators look at.
    pub fn log(&self) -> Arc<dyn store::Reads> {
        Arc::new(reads::Reads::new(Arc::clone(&self.shared)))
    }

    /// What is announced on this database, by whichever process.
    pub fn announcements(&self) -> Announcements {
        self.shared.announcements.clone()
    }
}

/// Checks that a write touched exactly the one row it was meant for.
///
/// # Errors
/// It touched none or more than one.
pub fn one_row(result: &sqlx::postgres::PgQueryResult, what: &str) -> Result<(), Error> {
    store::one_row(result.rows_affected(), what)
}
