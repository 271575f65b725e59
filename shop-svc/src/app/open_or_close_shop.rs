//! A manager or an operator opens or closes a shop.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Tx, audit};
use crate::domain::{Actor, Shop, shop::Change};

/// [`Shop::open`] or [`Shop::close`].
pub type Transition = fn(&Shop, Actor, OffsetDateTime) -> Option<Change>;

/// Why a shop could not be opened or closed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such shop.
    #[error("no such shop")]
    UnknownShop,
    /// The idempotency key was used before with another body.
    #[error(transparent)]
    Reused(#[from] Reused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Opens and closes shops.
pub struct OpenOrCloseShop {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl OpenOrCloseShop {
    /// The use case over its ports.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Does [`Shop::open`] or [`Shop::close`]; a success without a change where that is done already.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(
        &self,
        shop_id: Uuid,
        transition: Transition,
        actor: Actor,
        keyed: Keyed<Shop>,
    ) -> Result<Answer<Shop>, Error> {
        let now = self.clock.now();
        let unit = self.store.run(move |tx| {
            let (actor, keyed) = (actor.clone(), keyed.clone());
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                let shop = tx.shop_alone(shop_id).await?.ok_or(Error::UnknownShop)?;
                let shop = match transition(&shop, actor, now) {
                    Some(change) => {
                        tx.save_shop(&change).await?;
                        tx.audit(&audit::shop(Some(&shop), &change)).await?;
                        change.state
                    }
                    None => shop,
                };
                Ok(keyed.record(tx, shop).await?)
            })
        });
        unit.await
    }
}
