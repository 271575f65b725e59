//! Reads one delivery.

use std::sync::Arc;

use chassis::store;
use uuid::Uuid;

use super::{Read, ports::Addressed, viewer::Viewer};

/// Reads one delivery for whoever may see it.
#[derive(Clone)]
pub struct GetDelivery {
    reads: Arc<dyn Read>,
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such delivery, or the viewer may not see it.
    #[error("the delivery was not found")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl GetDelivery {
    /// Reads from `reads`.
    pub fn new(reads: Arc<dyn Read>) -> Self {
        Self { reads }
    }

    /// The delivery.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, id: Uuid, viewer: &Viewer) -> Result<Addressed, Error> {
        let found = self.reads.delivery(id).await?;
        found.filter(|found| viewer.may_see(&found.delivery)).ok_or(Error::NotFound)
    }
}
