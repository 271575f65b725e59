//! Lists a customer's orders, newest first.

use std::sync::Arc;

use chassis::store::Error;

use super::ports::{AsOf, Query, Read};
use crate::domain::MyOrder;

/// Lists orders for their customer.
#[derive(Clone)]
pub struct ListMyOrders {
    reads: Arc<dyn Read>,
}

impl ListMyOrders {
    /// Reads from `reads`.
    pub fn new(reads: Arc<dyn Read>) -> Self {
        Self { reads }
    }

    /// The orders that the query asks for.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, query: &Query) -> Result<AsOf<Vec<MyOrder>>, Error> {
        self.reads.orders(query).await
    }
}
