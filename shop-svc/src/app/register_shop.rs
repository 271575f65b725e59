//! An operator registers a shop.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use uuid::Uuid;

use super::{Tx, audit};
use crate::domain::{Actor, Currency, Name, Shop};

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Command {
    /// The name that customers see.
    pub name: Name,
    /// What the shop sells in.
    pub currency: Currency,
}

/// Why a shop could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The idempotency key was used before with another body.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Registers shops.
pub struct RegisterShop {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl RegisterShop {
    /// The use case over its ports.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Registers a shop, open.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(&self, command: Command, actor: Actor, keyed: Keyed<Shop>) -> Result<Answer<Shop>, Error> {
        let now = self.clock.now();
        let unit = self.store.run(move |tx| {
            let (command, actor, keyed) = (command.clone(), actor.clone(), keyed.clone());
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                let change = Shop::register(Uuid::now_v7(), command.name, command.currency, actor, now);
                tx.save_shop(&change).await?;
                tx.audit(&audit::shop(None, &change)).await?;
                Ok(keyed.record(tx, change.state).await?)
            })
        });
        unit.await
    }
}
