//! Lists deliveries.

use std::sync::Arc;

use chassis::store;
use uuid::Uuid;

use super::{
    Read,
    ports::{Addressed, Place},
    viewer::Viewer,
};
use crate::domain::delivery::Status;

/// Lists the deliveries of a shop, or of all.
#[derive(Clone)]
pub struct ListDeliveries {
    reads: Arc<dyn Read>,
}

/// Which deliveries to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Those of one shop; of all where absent.
    pub shop_id: Option<Uuid>,
    /// Those that stand here; all where absent.
    pub status: Option<Status>,
}

/// One page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which deliveries.
    pub filter: Filter,
    /// Those after this place; from the first where absent.
    pub after: Option<Place>,
    /// Rows at most.
    pub rows: i64,
}

/// The shop is none that the viewer may list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shop was not found")]
pub struct NotFound;

impl Filter {
    /// What `viewer` means by naming a shop or none: staff their own, operators any or all.
    ///
    /// # Errors
    /// The shop is not the viewer's.
    pub fn new(viewer: &Viewer, shop_id: Option<Uuid>, status: Option<Status>) -> Result<Self, NotFound> {
        if viewer.operator {
            return Ok(Self { shop_id, status });
        }
        let own = viewer.shop_id.ok_or(NotFound)?;
        if shop_id.is_some_and(|asked| asked != own) {
            return Err(NotFound);
        }
        Ok(Self { shop_id: Some(own), status })
    }
}

impl ListDeliveries {
    /// Reads from `reads`.
    pub fn new(reads: Arc<dyn Read>) -> Self {
        Self { reads }
    }

    /// The deliveries, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn run(&self, query: Query) -> Result<Vec<Addressed>, store::Error> {
        self.reads.deliveries(&query).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staff_list_their_own_shop_alone_and_operators_any() {
        let (own, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let staff = Viewer { shop_id: Some(own), ..Viewer::default() };
        let listed = |viewer: &Viewer, shop| Filter::new(viewer, shop, None).map(|filter| filter.shop_id);
        assert_eq!(listed(&staff, None), Ok(Some(own)));
        assert_eq!(listed(&staff, Some(own)), Ok(Some(own)));
        assert_eq!(listed(&staff, Some(other)), Err(NotFound));

        let operator = Viewer { operator: true, ..Viewer::default() };
        assert_eq!(listed(&operator, None), Ok(None));
        assert_eq!(listed(&operator, Some(other)), Ok(Some(other)));

        let customer = Viewer { customer_id: Some("c".into()), ..Viewer::default() };
        assert_eq!(listed(&customer, None), Err(NotFound));
    }
}
