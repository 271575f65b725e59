//! Reads: what a caller may not see is not there.

use std::sync::Arc;

use chassis::{page::Page, store};
use uuid::Uuid;

use super::ports::{Filter, HistoryEntry, Read};
use crate::domain::{Caller, Order};

/// Why nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none, or the caller may not see it.
    #[error("order was not found")]
    NotFound,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Reads orders.
pub struct ReadOrders {
    /// Where they are read.
    pub read: Arc<dyn Read>,
}

impl ReadOrders {
    /// One order.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, caller: &Caller, id: Uuid) -> Result<Order, Error> {
        let order = self.read.order(id).await?.ok_or(Error::NotFound)?;
        if caller.may_see(&order) { Ok(order) } else { Err(Error::NotFound) }
    }

    /// A page of what the caller may see: an operator all, staff their shop's, a customer its own.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list(
        &self,
        caller: &Caller,
        status: Option<&'static str>,
        page: &Page,
    ) -> Result<Vec<Order>, Error> {
        Ok(self.read.orders(&visible(caller, status), page).await?)
    }

    /// A page of an order's history.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn history(&self, caller: &Caller, id: Uuid, page: &Page) -> Result<Vec<HistoryEntry>, Error> {
        self.get(caller, id).await?;
        Ok(self.read.history(id, page).await?)
    }
}

fn visible(caller: &Caller, status: Option<&'static str>) -> Filter {
    let all = Filter { status, ..Filter::default() };
    match (caller.operator, caller.works_at) {
        (true, _) => all,
        (false, Some((shop_id, _))) => Filter { shop_id: Some(shop_id), ..all },
        (false, None) => Filter { customer_id: Some(caller.id.clone()), ..all },
    }
}
