//! What the use cases need of the world.

use async_trait::async_trait;
use chassis::store;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{follow_order::Report, list_deliveries::Query};
use crate::domain::{
    delivery::{Delivery, Event, Status},
    recipient::Recipient,
};

/// A delivery with whom it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    /// The delivery.
    pub delivery: Delivery,
    /// Whom it goes to; none where it was never booked or the data is erased.
    pub recipient: Option<Recipient>,
}

/// One transaction over deliveries.
#[async_trait]
pub trait Tx: store::Tx {
    /// The delivery, held against other writers until the transaction ends; none where the id is unknown.
    ///
    /// # Errors
    /// The database failed, or the row makes no sense.
    async fn delivery(&mut self, id: Uuid) -> Result<Option<Delivery>, store::Error>;

    /// Whom a delivery goes to; none where that is not known.
    ///
    /// # Errors
    /// The database failed, or the row makes no sense.
    async fn recipient(&mut self, id: Uuid) -> Result<Option<Recipient>, store::Error>;

    /// Writes the first version of a delivery with its event. False, and nothing written, where the id is taken.
    ///
    /// # Errors
    /// The database failed.
    async fn insert(&mut self, first: &Event, recipient: Option<&Recipient>) -> Result<bool, store::Error>;

    /// Writes consecutive changes of one delivery, each with its event.
    ///
    /// # Errors
    /// The database failed, or the stored version is not the one before the first change.
    async fn save(&mut self, changes: &[Event]) -> Result<(), store::Error>;

    /// Writes one change of a delivery, with its event, and whom it goes to from then on; none where that is erased.
    ///
    /// # Errors
    /// The database failed, or the stored version is not the one before the change.
    async fn readdress(&mut self, change: &Event, recipient: Option<&Recipient>) -> Result<(), store::Error>;

    /// Gives a delivery, whose request was lost with a restore, the one it was booked for, and a recipient where it has none
    /// and one is given; no new version.
    ///
    /// # Errors
    /// The database failed, or the delivery has a request.
    async fn rebook(&mut self, booked: &Delivery, recipient: Option<&Recipient>) -> Result<(), store::Error>;

    /// Makes a delivery what it was told to be before, be it here or not; what was written here since gives way. Without an
    /// event. Its recipient stays as it is, unless it is `cleared`.
    ///
    /// # Errors
    /// The database failed, or does not stand as restored.
    async fn take_back(&mut self, told: &Delivery, cleared: bool) -> Result<(), store::Error>;

    /// Deliveries that need their recipient and have none: only a restore makes any.
    ///
    /// # Errors
    /// The database failed, or a row makes no sense.
    async fn without_recipient(&mut self) -> Result<Vec<(Uuid, Status)>, store::Error>;

    /// Remembers that an order stands behind a booking; no new version.
    ///
    /// # Errors
    /// The database failed, or the delivery is no longer BOOKED in this version.
    async fn claim(&mut self, id: Uuid, version: i64) -> Result<(), store::Error>;

    /// When a customer's personal data was erased last; none where never.
    ///
    /// # Errors
    /// The database failed, or the row makes no sense.
    async fn erased(&mut self, customer_id: &str) -> Result<Option<OffsetDateTime>, store::Error>;

    /// Remembers when a customer's personal data was erased last.
    ///
    /// # Errors
    /// The database failed.
    async fn mark_erased(&mut self, customer_id: &str, time: OffsetDateTime) -> Result<(), store::Error>;

    /// At most `limit` deliveries of a customer that have a recipient, by id, after one; all of them, for one that is just
    /// becoming final may not see a mark made before. Held against other writers until the transaction ends.
    ///
    /// # Errors
    /// The database failed, or a row makes no sense.
    async fn of_customer(
        &mut self,
        customer_id: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Addressed>, store::Error>;

    /// Takes at most `limit` bookings made before `before` that no order is known to stand behind for oneself, until
    /// `until`, the oldest first; none that is somebody else's at `now`.
    ///
    /// # Errors
    /// The database failed.
    async fn take_unclaimed(
        &mut self,
        before: OffsetDateTime,
        now: OffsetDateTime,
        until: OffsetDateTime,
        limit: u32,
    ) -> Result<Vec<Uuid>, store::Error>;
}

/// A place in a list sorted by create time, then id.
pub type Place = (OffsetDateTime, Uuid);

/// Reads outside of any transaction; nothing is decided on them.
#[async_trait]
pub trait Read: Send + Sync {
    /// One delivery; none where the id is unknown.
    ///
    /// # Errors
    /// The database failed, or the row makes no sense.
    async fn delivery(&self, id: Uuid) -> Result<Option<Addressed>, store::Error>;

    /// The deliveries that `query` asks for, oldest first.
    ///
    /// # Errors
    /// The database failed, or a row makes no sense.
    async fn deliveries(&self, query: &Query) -> Result<Vec<Addressed>, store::Error>;

    /// How many deliveries of a customer have a recipient.
    ///
    /// # Errors
    /// The database failed.
    async fn addressed(&self, customer_id: &str) -> Result<u32, store::Error>;

    /// How many deliveries stand in `status`; counted up to `most`.
    ///
    /// # Errors
    /// The database failed.
    async fn standing(&self, status: Status, most: u32) -> Result<u32, store::Error>;
}

/// What has become of a booking that no order had claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// An order stands behind it.
    Claimed(Report),
    /// No order will ever stand behind the booking with this id.
    Void(Uuid),
}

/// Nobody could say what has become of the bookings.
#[derive(Debug, thiserror::Error)]
#[error("the bookings could not be resolved")]
pub struct Unresolved(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Knows whose bookings are: order-svc.
#[async_trait]
pub trait Claims: Send + Sync {
    /// Resolves 1 to 200 bookings for ever. One that is left out of the answer stays as it is.
    ///
    /// # Errors
    /// There was no answer in time.
    async fn resolve(&self, ids: &[Uuid]) -> Result<Vec<Resolution>, Unresolved>;
}
