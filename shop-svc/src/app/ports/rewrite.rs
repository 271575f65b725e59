//! What taking events back asks of a store.

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{Actor, Phone, Reservation, Serial, Shop, history::Happening, order, phone, reservation::Held};

/// The transaction's part that writes what this service's own events tell, whatever is stored. It appends no event. While
/// a database is recovered, nobody else writes to it.
#[async_trait::async_trait]
pub trait Rewrite: Send {
    /// Makes a shop this.
    ///
    /// # Errors
    /// The database failed.
    async fn set_shop(&mut self, shop: &Shop) -> Result<(), Error>;

    /// Makes a phone this; its units stay.
    ///
    /// # Errors
    /// The database failed, or there is no such shop.
    async fn set_phone(&mut self, phone: &Phone) -> Result<(), Error>;

    /// Adds units to a phone as `change` did, and begins their histories.
    ///
    /// # Errors
    /// The database failed, or the shop has one of the serials.
    async fn set_units(&mut self, change: &phone::Change, serials: &[Serial]) -> Result<(), Error>;

    /// Assigns only numbers above `number` from now on.
    ///
    /// # Errors
    /// The database failed.
    async fn pass_number(&mut self, shop_id: Uuid, number: u64) -> Result<(), Error>;

    /// Makes units of a phone go one step, and notes it in their histories.
    ///
    /// # Errors
    /// The database failed, the phone has not all of the units, or one cannot go this way.
    async fn step(
        &mut self,
        phone_id: Uuid,
        serials: &[Serial],
        what: Happening,
        actor: &Actor,
        time: OffsetDateTime,
    ) -> Result<(), Error>;

    /// Makes a reservation this, with lines for whatever was ever `held`. Units stay as they are.
    ///
    /// # Errors
    /// The database failed, or there is no such phone.
    async fn set_reservation(&mut self, reservation: &Reservation, held: Option<&Held>) -> Result<(), Error>;

    /// Forgets what was decided about an order's stock, but for the units.
    ///
    /// # Errors
    /// The database failed, or nothing was decided.
    async fn forget_reservation(&mut self, order_id: Uuid) -> Result<(), Error>;

    /// Takes an aggregate's events that nobody heard of out of the outbox; answers how many there were.
    ///
    /// # Errors
    /// The database failed.
    async fn unsay(&mut self, aggregate_id: Uuid) -> Result<u64, Error>;

    /// At most `rows` orders behind `after`, by id, whose stock is reserved though they were heard to have come to a status
    /// that frees or sells it.
    ///
    /// # Errors
    /// The database failed.
    async fn unfollowed(&mut self, after: Uuid, rows: i64) -> Result<Vec<(Uuid, order::Status)>, Error>;
}
