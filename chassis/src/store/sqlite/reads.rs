//! Reads outside of the writer.

use std::sync::Arc;

use sqlx::SqlitePool;
use tokio::sync::Notify;

use super::writer::Writer;

/// What a service's database answers through connections that can only read; its parts are beside their tables.
pub struct Reads {
    pub(super) pool: SqlitePool,
    pub(super) writer: Writer,
    pub(super) wake: Arc<Notify>,
}

impl Reads {
    /// Reads through `pool`; `wake` is notified after each commit that appended events.
    pub fn new(pool: SqlitePool, writer: Writer, wake: Arc<Notify>) -> Self {
        Self { pool, writer, wake }
    }
}
