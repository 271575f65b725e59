//! What shop staff do to one delivery, once for each key.

use chassis::{
    idempotency::{Answer, Keyed, Reused},
    store,
};
use uuid::Uuid;

use super::{Tx, viewer::Staff};
use crate::domain::{
    delivery::{self, Delivery, Event},
    recipient::Recipient,
};

/// A delivery that staff changed.
#[derive(Debug)]
pub struct Changed {
    /// The delivery after the change, or the answer as it was recorded then.
    pub answer: Answer<Delivery>,
    /// Whom it goes to as the row says now: recorded answers hold no personal data.
    pub recipient: Option<Recipient>,
}

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such delivery at the caller's shop.
    #[error("the delivery was not found")]
    NotFound,
    /// The delivery stands elsewhere.
    #[error(transparent)]
    Refused(#[from] delivery::Error),
    /// The key was used with another request.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Changes the delivery as `decide` says, or replays what was answered.
///
/// # Errors
/// See [`Error`].
pub async fn change(
    tx: &mut dyn Tx,
    delivery_id: Uuid,
    staff: &Staff,
    keyed: &Keyed<Delivery>,
    decide: impl FnOnce(Delivery) -> Result<Event, delivery::Error> + Send,
) -> Result<Changed, Error> {
    let replayed = keyed.replay::<_, Error>(tx).await?;
    let delivery = tx.delivery(delivery_id).await?;
    // A replay is checked as well: the caller's shop may be another one by now.
    let delivery = delivery.filter(|delivery| delivery.shop_id == staff.shop_id).ok_or(Error::NotFound)?;
    let recipient = tx.recipient(delivery_id).await?;
    if let Some(answer) = replayed {
        return Ok(Changed { answer, recipient });
    }
    let event = decide(delivery)?;
    tx.save(std::slice::from_ref(&event)).await?;
    let answer = keyed.record(tx, event.delivery).await?;
    Ok(Changed { answer, recipient })
}
