//! A manager registers phones at a shop with their units, all or none.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    idempotency::{Answer, Keyed, Reused},
    store::{self, Store},
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{StockedPhone, Tx, save_phone::save_phone, serials};
use crate::domain::{Actor, Name, Phone, Price, Serial, Shop, phone::Draft, unit::NewUnits};

/// Phones that one call may register at most.
pub const MAX_PHONES: usize = 20;

/// What is asked for.
#[derive(Debug)]
pub struct Command {
    /// The shop.
    pub shop_id: Uuid,
    /// 1 to [`MAX_PHONES`] phones; no serial twice.
    pub phones: Vec<NewPhone>,
}

/// A phone to register.
#[derive(Debug)]
pub struct NewPhone {
    /// The model's name.
    pub name: Name,
    /// Price of one unit in the shop's currency.
    pub unit_price: Price,
    /// Its first units, none or more.
    pub units: NewUnits,
}

/// Why phones could not be registered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such shop.
    #[error("no such shop")]
    UnknownShop,
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

/// Registers phones.
pub struct RegisterPhones {
    store: Store<dyn Tx>,
    clock: Arc<dyn Clock>,
}

impl RegisterPhones {
    /// The use case over its ports.
    pub fn new(store: Store<dyn Tx>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// Registers phones, and answers them in the order they were asked for.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn run(
        &self,
        command: Command,
        actor: Actor,
        keyed: Keyed<Vec<StockedPhone>>,
    ) -> Result<Answer<Vec<StockedPhone>>, Error> {
        let now = self.clock.now();
        let command = Arc::new(command);
        let unit = self.store.run(move |tx| {
            let (command, actor, keyed) = (Arc::clone(&command), actor.clone(), keyed.clone());
            Box::pin(async move {
                if let Some(answer) = keyed.replay::<_, Error>(tx).await? {
                    return Ok(answer);
                }
                let phones = register(tx, &command, &actor, now).await?;
                Ok(keyed.record(tx, phones).await?)
            })
        });
        unit.await
    }
}

async fn register(
    tx: &mut dyn Tx,
    command: &Command,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<Vec<StockedPhone>, Error> {
    let shop = tx.shop_alone(command.shop_id).await?.ok_or(Error::UnknownShop)?;
    let taken = serials::taken(tx, shop.id, command.phones.iter().map(|phone| &phone.units)).await?;
    if !taken.is_empty() {
        return Err(Error::SerialTaken(taken));
    }
    let mut registered = Vec::with_capacity(command.phones.len());
    for phone in &command.phones {
        registered.push(register_one(tx, &shop, phone, actor, now).await?);
    }
    Ok(registered)
}

async fn register_one(
    tx: &mut dyn Tx,
    shop: &Shop,
    phone: &NewPhone,
    actor: &Actor,
    now: OffsetDateTime,
) -> Result<StockedPhone, store::Error> {
    let serials = serials::name(tx, shop.id, &phone.units).await?;
    let draft = Draft { name: phone.name.clone(), unit_price: phone.unit_price, serials };
    let change = Phone::register(Uuid::now_v7(), shop, draft, actor.clone(), now);
    save_phone(tx, None, change).await
}
