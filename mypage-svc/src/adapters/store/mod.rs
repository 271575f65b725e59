//! Copies of orders, deliveries and messages as rows. What their columns mean is the same on every database; the SQL is each
//! one's own.

mod copy;
pub mod postgres;
mod row;
pub mod sqlite;

use std::sync::Arc;

use chassis::store::{self, Database, Error, Migrations, Store};
use time::OffsetDateTime;

use crate::app::{Read, Tx};

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

/// Orders that are read for a watch at once at most.
const CHANGES: i64 = 50;
/// Bytes of lines after which no more orders are read for a watch at once.
const CHANGES_BYTES: usize = 64 * 1024;
/// Messages that are read for one order at most, far above what its few changes call for.
const MESSAGES_PER_ORDER: usize = 100;
