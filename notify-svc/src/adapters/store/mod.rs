//! Messages and contacts as rows. What their columns mean is the same on every database; the SQL is each one's own.

mod contact;
mod message;
pub mod postgres;
pub mod sqlite;

use std::sync::Arc;

use chassis::store::{self, Database, Error, Migrations, Store};
use time::OffsetDateTime;

use crate::{
    app::{Read, Tx},
    domain::{ChannelName, Language},
};

/// This service's tables.
pub const MIGRATIONS: Migrations = Migrations { sqlite: &sqlite::MIGRATIONS, postgres: &postgres::MIGRATIONS };

/// The write port on a database.
pub fn store(database: &Database) -> Store<dyn Tx> {
    match database {
        Database::Sqlite(sqlite) => sqlite.store(|tx| tx as &mut dyn Tx),
        Database::Postgres(postgres) => postgres.store(|tx| tx as &mut dyn Tx),
    }
}

/// The read port on a database.
pub fn reads(database: &Database) -> Arc<dyn Read> {
    match database {
        Database::Sqlite(sqlite) => Arc::new(sqlite::Reads::new(sqlite.reads())),
        Database::Postgres(postgres) => Arc::new(postgres::Reads::new(postgres.reads())),
    }
}

/// A time as a database keeps it.
trait Time: Sized {
    /// The time.
    fn time(self) -> Result<OffsetDateTime, Error>;
}

/// SQLite keeps microseconds since 1970.
impl Time for i64 {
    fn time(self) -> Result<OffsetDateTime, Error> {
        store::sqlite::time(self)
    }
}

impl Time for OffsetDateTime {
    fn time(self) -> Result<OffsetDateTime, Error> {
        Ok(self)
    }
}

fn parse_language(code: &str) -> Result<Language, Error> {
    code.parse().map_err(|_unknown| Error::inconsistent(format!("language {code}")))
}

fn parse_channel(name: &str) -> Result<ChannelName, Error> {
    let known = ChannelName::ALL.into_iter().find(|channel| channel.name() == name);
    known.ok_or_else(|| Error::inconsistent(format!("channel {name}")))
}
