//! Lists an order's history: who did what, when.

use std::sync::Arc;

use chassis::page::Page;
use uuid::Uuid;

use super::{
    get_order::{Error, GetOrder},
    ports::{HistoryEntry, Read},
};
use crate::domain::Caller;

/// Lists the history of one order.
pub struct ListOrderEvents {
    order: GetOrder,
    read: Arc<dyn Read>,
}

impl ListOrderEvents {
    /// Reads from `read`.
    pub fn new(read: Arc<dyn Read>) -> Self {
        Self { order: GetOrder::new(Arc::clone(&read)), read }
    }

    /// A page of changes, oldest first; one row more than the page has.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, caller: &Caller, id: Uuid, page: &Page) -> Result<Vec<HistoryEntry>, Error> {
        self.order.run(caller, id).await?;
        Ok(self.read.history(id, page).await?)
    }
}
