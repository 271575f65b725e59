//! Reads a contact.

use std::sync::Arc;

use chassis::store::Error;

use super::ports::Read;
use crate::domain::{Contact, Language, Recipient};

/// Reads what customers and shops have set about their messages.
#[derive(Clone)]
pub struct GetContact {
    reads: Arc<dyn Read>,
    default_language: Language,
}

impl GetContact {
    /// Reads from `reads`; `default_language` is for those who have set nothing.
    pub fn new(reads: Arc<dyn Read>, default_language: Language) -> Self {
        Self { reads, default_language }
    }

    /// The contact, or what stands in where nothing was set.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, owner: &Recipient) -> Result<Contact, Error> {
        let contact = self.reads.contact(owner).await?;
        Ok(contact.unwrap_or(Contact::unset(self.default_language)))
    }
}
