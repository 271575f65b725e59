//! What an owner does to its contact, once for each key.

use chassis::{
    audit::Record,
    idempotency::{Answer, Keyed, Reused},
    store,
};

use super::ports::Tx;
use crate::domain::{Contact, Recipient, contact};

/// What an owner is told of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The contact after it.
    pub contact: Contact,
    /// Whether it made a secret, which the owner is told.
    pub made_secret: bool,
}

/// A contact that its owner changed.
#[derive(Debug)]
pub struct Changed {
    /// What came of it, or the answer as it was recorded then.
    pub answer: Answer<Outcome>,
    /// The contact as it is now, if there is one: recorded answers hold neither addresses nor secrets.
    pub now: Option<Contact>,
}

/// Why nothing changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no secret to rotate.
    #[error(transparent)]
    NoWebhook(#[from] contact::NoWebhook),
    /// The key was used with another request.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Changes the contact as `decide` says, or replays what was answered. `audit` tells what changed of it from what.
///
/// # Errors
/// See [`Error`].
pub async fn change(
    tx: &mut dyn Tx,
    owner: &Recipient,
    keyed: &Keyed<Outcome>,
    decide: impl FnOnce(Option<&Contact>) -> Result<Contact, Error> + Send,
    audit: impl FnOnce(Option<&Contact>, &Contact) -> Record + Send,
) -> Result<Changed, Error> {
    let replayed = keyed.replay::<_, Error>(tx).await?;
    let before = tx.contact_to_change(owner).await?;
    if let Some(answer) = replayed {
        return Ok(Changed { answer, now: before });
    }
    let after = decide(before.as_ref())?;
    let changed = before.as_ref() != Some(&after);
    if changed {
        tx.save_contact(owner, &after).await?;
        tx.audit(&audit(before.as_ref(), &after)).await?;
    }
    let made_secret = changed && after.update_time.and_then(|time| after.secret_of(time)).is_some();
    let answer = keyed.record(tx, Outcome { contact: after.clone(), made_secret }).await?;
    Ok(Changed { answer, now: Some(after) })
}
