//! The store, for each kind of database.

pub mod sqlite;
