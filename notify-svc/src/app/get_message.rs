//! Reads one message.

use std::sync::Arc;

use chassis::store;
use uuid::Uuid;

use super::ports::{Read, Viewer};
use crate::domain::Message;

/// Why a message was not shown.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or it is not the viewer's.
    #[error("the message was not found")]
    NotFound,
    /// The database failed.
    #[error("the database failed")]
    Store(#[from] store::Error),
}

/// Reads one message for someone who may see it.
#[derive(Clone)]
pub struct GetMessage {
    reads: Arc<dyn Read>,
}

impl GetMessage {
    /// Reads from `reads`.
    pub fn new(reads: Arc<dyn Read>) -> Self {
        Self { reads }
    }

    /// The message.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, viewer: &Viewer, id: Uuid) -> Result<Message, Error> {
        let message = self.reads.message(id).await?;
        message.filter(|message| viewer.sees(&message.recipient)).ok_or(Error::NotFound)
    }
}
