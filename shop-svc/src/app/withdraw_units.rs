//! A manager takes units of a phone out of sale, all or none.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StockedPhone, Tx, save_phone::save_phone};
use crate::domain::{Actor, Serial, phone};

/// What is asked for.
#[derive(Debug)]
pub struct Command {
    /// The shop.
    pub shop_id: Uuid,
    /// The phone.
    pub phone_id: Uuid,
    /// Its units, one or more, each once.
    pub serials: Vec<Serial>,
}

/// Why units could not be withdrawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The shop sells no such phone.
    #[error("the shop sells no such phone")]
    UnknownPhone,
    /// The phone does not have all of the units, or not all of them are available.
    #[error(transparent)]
    Refused(#[from] phone::Error),
    /// The idempotency key was used before with another body.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Withdraws units.
pub struct WithdrawUnits {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl WithdrawUnits {
    /// The use case over its ports.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Withdraws units of a phone, and answers it with its new counts.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(
        &self,
        command: Command,
        actor: Actor,
        keyed: Keyed<StockedPhone>,
    ) -> Result<Answer<StockedPhone>, Error> {
        let now = self.clock.now();
        let command = Arc::new(command);
        let unit = self.store.run(move |tx| {
            let (command, actor, keyed) = (Arc::clone(&command), actor.clone(), keyed.clone());
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                let withdrawn = withdraw(tx, &command, actor, now).await?;
                Ok(keyed.record(tx, withdrawn).await?)
            })
        });
        unit.await
    }
}

async fn withdraw(
    tx: &mut dyn Tx,
    command: &Command,
    actor: Actor,
    now: OffsetDateTime,
) -> Result<StockedPhone, Error> {
    let phone = tx.phone(command.shop_id, command.phone_id).await?.ok_or(Error::UnknownPhone)?;
    let standing = tx.standing(phone.id, &command.serials).await?;
    let change = phone.withdraw_units(command.serials.clone(), &standing, actor, now)?;
    Ok(save_phone(tx, Some(&phone), change).await?)
}
