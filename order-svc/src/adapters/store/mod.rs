//! The store, for each kind of database.

pub mod postgres;
mod rows;
pub mod sqlite;
mod told;

use std::sync::Arc;

use chassis::store::{Database, Error, Migrations, Store};
use time::OffsetDateTime;

use crate::app::{Read, Tx};

/// order-svc's own tables.
pub const MIGRATIONS: Migrations = Migrations { sqlite: &sqlite::MIGRATIONS, postgres: &postgres::MIGRATIONS };

/// The write port of a database.
pub fn store(database: &Database) -> Store<dyn Tx> {
    match database {
        Database::Sqlite(database) => database.store(|tx| tx as &mut dyn Tx),
        Database::Postgres(database) => database.store(|tx| tx as &mut dyn Tx),
    }
}

/// The reads of a database.
pub fn reads(database: &Database) -> Arc<dyn Read> {
    match database {
        Database::Sqlite(database) => Arc::new(sqlite::Reads::new(database.reads())),
        Database::Postgres(database) => Arc::new(postgres::Reads::new(database.reads())),
    }
}

/// A time as one of the databases keeps it.
trait StoredTime {
    fn time(self) -> Result<OffsetDateTime, Error>;
}

impl StoredTime for i64 {
    fn time(self) -> Result<OffsetDateTime, Error> {
        chassis::store::sqlite::time(self)
    }
}

impl StoredTime for OffsetDateTime {
    fn time(self) -> Result<OffsetDateTime, Error> {
        Ok(self)
    }
}
