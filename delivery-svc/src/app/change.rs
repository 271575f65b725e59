//! What a person does to one delivery, once for each key.

use chassis::{
    idempotency::{Answer, Keyed, Reused},
    store,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, audit, erasure, viewer::Staff};
use crate::domain::{
    actor::Actor,
    delivery::{self, Delivery, Event},
    recipient::Recipient,
};

/// A delivery that a person changed.
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
    /// There is no such delivery that is the caller's to change.
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

/// Whose the delivery has to be.
#[derive(Clone, Copy)]
pub enum Caller<'a> {
    /// A customer: it ordered what is delivered.
    Customer(&'a Actor),
    /// Staff: their shop ships it.
    Staff(&'a Staff),
}

/// Who changes which delivery.
pub struct Call<'a> {
    /// The delivery.
    pub delivery_id: Uuid,
    /// The caller.
    pub caller: Caller<'a>,
    /// What it does, as its RPC is called.
    pub action: &'static str,
    /// When.
    pub now: OffsetDateTime,
}

impl<'a> Caller<'a> {
    /// Whether the delivery is the caller's to change.
    fn owns(self, delivery: &Delivery) -> bool {
        match self {
            Self::Customer(customer) => delivery.customer_id == customer.id,
            Self::Staff(staff) => delivery.shop_id == staff.shop_id,
        }
    }

    fn actor(self) -> &'a Actor {
        match self {
            Self::Customer(customer) => customer,
            Self::Staff(staff) => &staff.actor,
        }
    }
}

/// What was decided.
pub enum Decision {
    /// It is as it should be.
    Nothing,
    /// It changes.
    Change(Event),
    /// It changes, and whom it goes to.
    Readdress(Event, Recipient),
}

/// Changes the delivery as `decide` says of it and its recipient, or replays what was answered.
///
/// # Errors
/// See [`Error`].
pub async fn change(
    tx: &mut dyn Tx,
    call: &Call<'_>,
    keyed: &Keyed<Delivery>,
    decide: impl FnOnce(Delivery, Option<&Recipient>) -> Result<Decision, delivery::Error> + Send,
) -> Result<Changed, Error> {
    // The delivery comes first: a call with the same key may hold it.
    let delivery = tx.delivery(call.delivery_id).await?;
    let replayed = keyed.replay::<_, Error>(tx).await?;
    // A replay is checked as well: the caller's shop may be another one by now.
    let before = delivery.filter(|delivery| call.caller.owns(delivery)).ok_or(Error::NotFound)?;
    let recipient = tx.recipient(call.delivery_id).await?;
    if let Some(answer) = replayed {
        return Ok(Changed { answer, recipient });
    }
    let decision = decide(before.clone(), recipient.as_ref())?;
    let after = keep(tx, call, (&before, recipient.as_ref()), decision).await?.unwrap_or(before);
    let recipient = tx.recipient(call.delivery_id).await?;
    let answer = keyed.record(tx, after).await?;
    Ok(Changed { answer, recipient })
}

/// The delivery after the change, saved with its event and its audit record; none where nothing changes.
async fn keep(
    tx: &mut dyn Tx,
    call: &Call<'_>,
    before: (&Delivery, Option<&Recipient>),
    decision: Decision,
) -> Result<Option<Delivery>, store::Error> {
    let (event, corrected) = match decision {
        Decision::Nothing => return Ok(None),
        Decision::Change(event) => (event, None),
        Decision::Readdress(event, recipient) => (event, Some(recipient)),
    };
    let fields = audit::fields(before.0, before.1);
    let changes = fields.changes(&audit::fields(&event.delivery, corrected.as_ref().or(before.1)));
    tx.audit(&audit::of_delivery(call.action, call.caller.actor(), before.0.id, changes, call.now)).await?;
    match corrected {
        None => erasure::save(tx, event, call.now).await.map(Some),
        Some(recipient) => {
            tx.readdress(&event, Some(&recipient)).await?;
            Ok(Some(event.delivery))
        }
    }
}
