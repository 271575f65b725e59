//! A service's database, whatever its kind.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::migrate::Migrator;

use super::{
    Announcements, Error, Reads,
    backup::{self, Error as BackupError},
    postgres::{self, Postgres},
    schema::{Older, Unfit},
    sqlite::Sqlite,
};
use crate::{
    config::{Options, Url},
    service,
};

/// How long a database that is away is waited for at the start.
const PATIENCE: Duration = Duration::from_secs(30);

/// A service's own migrations, for each kind of database; they are numbered above 1000.
#[derive(Clone, Copy, Debug)]
pub struct Migrations {
    /// Those of SQLite.
    pub sqlite: &'static Migrator,
    /// Those of PostgreSQL.
    pub postgres: &'static Migrator,
}

/// The database of one service.
#[derive(Clone)]
pub enum Database {
    /// A file of its own.
    Sqlite(Sqlite),
    /// A database on a server, which other processes of the same service may use too.
    Postgres(Postgres),
}

impl Database {
    /// Opens the database that the settings name. Its schema is brought up, or refused where that was switched off.
    ///
    /// # Errors
    /// The database stays away or refuses, or its schema is none for this program.
    pub async fn open(options: &Options, migrations: Migrations) -> Result<Self, service::Error> {
        let older = if options.migrate_at_start { Older::BringUp } else { Older::Refuse };
        Self::open_at(&options.database_url, options.database_connections, older, migrations).await
    }

    /// Brings the schema of a database up.
    ///
    /// # Errors
    /// The database stays away or refuses, or its schema is none for this program.
    pub async fn bring_up(url: &Url, migrations: Migrations) -> Result<(), service::Error> {
        Self::open_at(url, postgres::CONNECTIONS, Older::BringUp, migrations).await.map(|_opened| ())
    }

    /// Copies a database into a new file, whole and on the disk; the copy is marked, so that nobody serves from it by mistake.
    ///
    /// # Errors
    /// See [`BackupError`].
    pub async fn back_up(url: &Url, file: &Path) -> Result<(), BackupError> {
        backup::back_up(url, file).await
    }

    async fn open_at(
        url: &Url,
        connections: u32,
        older: Older,
        migrations: Migrations,
    ) -> Result<Self, service::Error> {
        let opened = if url.is_postgres() {
            let settings = postgres::Settings { url, connections, older, patience: PATIENCE };
            Postgres::open_with(&settings, migrations.postgres).await.map(Self::Postgres)
        } else {
            Sqlite::open_with(url, migrations.sqlite, older).await.map(Self::Sqlite)
        };
        opened.map_err(told)
    }

    /// What this producer numbered, the call that wakes its relay, and what operators look at.
    pub fn log(&self) -> Arc<dyn Reads> {
        match self {
            Self::Sqlite(sqlite) => sqlite.log(),
            Self::Postgres(postgres) => postgres.log(),
        }
    }

    /// What is announced on this database, by whichever process.
    pub fn announcements(&self) -> Announcements {
        match self {
            Self::Sqlite(sqlite) => sqlite.announcements(),
            Self::Postgres(postgres) => postgres.announcements(),
        }
    }
}

/// An unfit schema is told as what it is.
fn told(error: Error) -> service::Error {
    match error {
        Error::Unavailable(source) => match source.downcast::<Unfit>() {
            Ok(unfit) => service::Error::Schema(*unfit),
            Err(source) => service::Error::Store(Error::Unavailable(source)),
        },
        other => service::Error::Store(other),
    }
}
