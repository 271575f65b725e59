//! A manager corrects a phone's name or price. What is reserved keeps its price.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use uuid::Uuid;

use super::{StockedPhone, Tx, save_phone::save_phone};
use crate::domain::{Actor, phone::Correction};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Command {
    /// The shop.
    pub shop_id: Uuid,
    /// The phone.
    pub phone_id: Uuid,
    /// What is to change.
    pub correction: Correction,
}

/// Why a phone could not be corrected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The shop sells no such phone.
    #[error("the shop sells no such phone")]
    UnknownPhone,
    /// The idempotency key was used before with another body.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Corrects phones.
pub struct UpdatePhone {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl UpdatePhone {
    /// The use case over its ports.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Corrects a phone; a success without a change where it is so already.
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
        let unit = self.store.run(move |tx| {
            let (command, actor, keyed) = (command.clone(), actor.clone(), keyed.clone());
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                let phone = tx.phone(command.shop_id, command.phone_id).await?.ok_or(Error::UnknownPhone)?;
                let stocked = match phone.correct(command.correction, actor, now) {
                    Some(change) => save_phone(tx, Some(&phone), change).await?,
                    None => StockedPhone { stock: tx.stock(phone.id).await?, phone },
                };
                Ok(keyed.record(tx, stocked).await?)
            })
        });
        unit.await
    }
}
