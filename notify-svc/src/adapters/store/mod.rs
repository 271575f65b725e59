//! Messages and contacts as rows.

pub mod sqlite;
