//! Reads outside of units of work.

use std::sync::Arc;

use sqlx::PgPool;

use super::Shared;

/// What a service's database answers through connections that can only read; its parts are beside their tables. Each
/// answer is one statement: a caller that goes leaves no transaction behind.
pub struct Reads(Arc<Shared>);

impl Reads {
    /// Reads a database.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.0.reads
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0
    }
}
