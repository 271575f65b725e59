//! Lists what a caller may see: an operator all, staff their shop's, a customer its own, who is both either.

use std::sync::Arc;

use chassis::{page::Page, store};

use super::ports::{Filter, Owner, Read};
use crate::domain::{Caller, Order};

/// Lists orders.
pub struct ListOrders {
    read: Arc<dyn Read>,
}

impl ListOrders {
    /// Reads from `read`.
    pub fn new(read: Arc<dyn Read>) -> Self {
        Self { read }
    }

    /// A page of orders, oldest first; one row more than the page has.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(
        &self,
        caller: &Caller,
        status: Option<&'static str>,
        page: &Page,
    ) -> Result<Vec<Order>, store::Error> {
        match owner(caller) {
            Some(owner) => self.read.orders(&Filter { owner, status }, page).await,
            None => Ok(Vec::new()),
        }
    }
}

/// Whose orders a caller may see; none where nobody's.
fn owner(caller: &Caller) -> Option<Owner> {
    if caller.operator {
        return Some(Owner::Anyone);
    }
    match (caller.customer, caller.works_at) {
        (true, Some((shop_id, _))) => Some(Owner::Either(caller.id.clone(), shop_id)),
        (true, None) => Some(Owner::Customer(caller.id.clone())),
        (false, Some((shop_id, _))) => Some(Owner::Shop(shop_id)),
        (false, None) => None,
    }
}
