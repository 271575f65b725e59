//! Lists messages, oldest first.

use std::sync::Arc;

use chassis::store::Error;

use super::ports::{Query, Read};
use crate::domain::Message;

/// Lists the messages that someone may see.
#[derive(Clone)]
pub struct ListMessages {
    reads: Arc<dyn Read>,
}

impl ListMessages {
    /// Reads from `reads`.
    pub fn new(reads: Arc<dyn Read>) -> Self {
        Self { reads }
    }

    /// The messages that the query asks for.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, query: &Query) -> Result<Vec<Message>, Error> {
        self.reads.messages(query).await
    }
}
