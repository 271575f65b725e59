//! The stores behind the ports: two small adapters, for which one contract suite holds.

mod labels;
mod orders;
pub mod postgres;
pub mod sqlite;
mod values;

use std::sync::Arc;

use chassis::store::{Database, Migrations, Store};

use crate::app::{Read, Tx};

/// This service's tables, for each kind of database.
pub static MIGRATIONS: Migrations = Migrations { sqlite: &sqlite::MIGRATIONS, postgres: &postgres::MIGRATIONS };

/// The write port over a database.
pub fn store(database: &Database) -> Store<dyn Tx> {
    match database {
        Database::Sqlite(sqlite) => sqlite.store(|tx| tx as &mut dyn Tx),
        Database::Postgres(postgres) => postgres.store(|tx| tx as &mut dyn Tx),
    }
}

/// The read port over a database.
pub fn reads(database: &Database) -> Arc<dyn Read> {
    match database {
        Database::Sqlite(sqlite) => Arc::new(sqlite::Reads::new(sqlite.reads())),
        Database::Postgres(postgres) => Arc::new(postgres::Reads::new(postgres.reads())),
    }
}
