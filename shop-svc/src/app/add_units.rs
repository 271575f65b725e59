//! A manager adds units to a phone, all or none.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StockedPhone, Tx, save_phone::save_phone, serials};
use crate::domain::{Actor, Serial, unit::NewUnits};

/// What is asked for.
#[derive(Debug)]
pub struct Command {
    /// The shop.
    pub shop_id: Uuid,
    /// The phone.
    pub phone_id: Uuid,
    /// One unit or more.
    pub units: NewUnits,
}

/// What was added.
#[derive(Clone, Debug)]
pub struct Added {
    /// The phone with its new counts.
    pub phone: StockedPhone,
    /// The new units.
    pub serials: Vec<Serial>,
}

/// Why units could not be added.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The shop sells no such phone.
    #[error("the shop sells no such phone")]
    UnknownPhone,
    /// The shop has units with these serials; there may be more than are named.
    #[error("the shop has units with these serials already")]
    SerialTaken(Vec<Serial>),
    /// The idempotency key was used before with another body.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Adds units.
pub struct AddUnits {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl AddUnits {
    /// The use case over its ports.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Adds units to a phone.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, actor: Actor, keyed: Keyed<Added>) -> Result<Answer<Added>, Error> {
        let now = self.clock.now();
        let command = Arc::new(command);
        let unit = self.store.run(move |tx| {
            let (command, actor, keyed) = (Arc::clone(&command), actor.clone(), keyed.clone());
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                let added = add(tx, &command, actor, now).await?;
                Ok(keyed.record(tx, added).await?)
            })
        });
        unit.await
    }
}

async fn add(tx: &mut dyn Tx, command: &Command, actor: Actor, now: OffsetDateTime) -> Result<Added, Error> {
    tx.shop_alone(command.shop_id).await?.ok_or(Error::UnknownPhone)?;
    let phone = tx.phone(command.shop_id, command.phone_id).await?.ok_or(Error::UnknownPhone)?;
    let taken = serials::taken(tx, phone.shop_id, std::iter::once(&command.units)).await?;
    if !taken.is_empty() {
        return Err(Error::SerialTaken(taken));
    }
    let serials = serials::name(tx, phone.shop_id, &command.units).await?;
    let change = phone.add_units(serials.clone(), actor, now);
    Ok(Added { phone: save_phone(tx, Some(&phone), change).await?, serials })
}
