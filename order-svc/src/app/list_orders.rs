//! Lists what a caller may see: an operator all, staff their shop's, a customer its own.

use std::sync::Arc;

use chassis::{page::Page, store};

use super::ports::{Filter, Read};
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
        self.read.orders(&visible(caller, status), page).await
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
