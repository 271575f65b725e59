//! Reads outside of any transaction: each sees one moment of the database, and only the copy that is served then.

use std::{collections::HashMap, sync::Arc};

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{CopyId, MyOrder, Place, Rebuild, order::Status};

/// Something with the time by which all that had happened is in it; none until that is known. Of two answers, the later
/// one's is never the earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsOf<T> {
    /// What was read.
    pub value: T,
    /// By when it is complete.
    pub as_of: Option<OffsetDateTime>,
}

/// A run of one customer's orders that was asked for, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The customer's subject.
    pub customer_id: String,
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those before this create time and id.
    pub before: Option<(OffsetDateTime, Uuid)>,
    /// At most this many.
    pub rows: i64,
}

/// An order at the last of its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The customer's counter at that change.
    pub change: i64,
    /// The order as it is now.
    pub mine: MyOrder,
}

/// What one customer has not seen yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The copy that is served.
    pub copy: CopyId,
    /// The customer's counter now.
    pub counter: i64,
    /// Whether the place that was asked after is one of this copy; else all orders follow.
    pub known: bool,
    /// Orders by their last change, the earliest first.
    pub orders: Vec<Changed>,
    /// Whether these are all; else more come after the last one.
    pub complete: bool,
}

/// How far some customers' changes have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counters {
    /// The copy that is served.
    pub copy: CopyId,
    /// The counters of those who have one.
    pub counters: HashMap<String, i64>,
}

/// Reads what is served.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// One order, if it is this customer's.
    ///
    /// # Errors
    /// The database failed.
    async fn order(&self, customer_id: &str, order_id: Uuid) -> Result<AsOf<Option<MyOrder>>, Error>;

    /// The orders that a query asks for.
    ///
    /// # Errors
    /// The database failed.
    async fn orders(&self, query: &Query) -> Result<AsOf<Vec<MyOrder>>, Error>;

    /// What a customer has not seen after a place, bounded in number and bytes.
    ///
    /// # Errors
    /// The database failed.
    async fn changes(&self, customer_id: &str, after: Option<Place>) -> Result<AsOf<Changes>, Error>;

    /// How far these customers' changes have come; at most 1,000 customers.
    ///
    /// # Errors
    /// The database failed.
    async fn counters(&self, customers: &[Arc<str>]) -> Result<AsOf<Counters>, Error>;

    /// The last rebuild.
    ///
    /// # Errors
    /// The database failed.
    async fn rebuild(&self) -> Result<Option<Rebuild>, Error>;

    /// By when what is served is complete.
    ///
    /// # Errors
    /// The database failed.
    async fn as_of(&self) -> Result<Option<OffsetDateTime>, Error>;
}
