//! This service's own events, read back after a restore.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    consumer::Failure,
    inbox::Event,
    recovery::{Loss, TakeBack, TakenBack},
};
use futures::future::BoxFuture;
use prost::Name;
use proto::{actor::v1::Actor, shop::v1};

use crate::{
    adapters::convert::told::{self, Wrong},
    app::{
        Tx,
        take_back::{self, Told},
    },
    domain::{
        phone,
        reservation::{self, State},
        shop,
    },
};

/// Takes back what this service told of its shops, phones and reservations.
pub struct OwnEvents {
    clock: Arc<dyn Clock>,
}

impl OwnEvents {
    /// The reader; `clock` tells when something gives way to what is taken back.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl TakeBack<dyn Tx> for OwnEvents {
    fn take_back<'a>(
        &'a self,
        tx: &'a mut (dyn Tx + 'static),
        event: &'a Event,
    ) -> BoxFuture<'a, Result<TakenBack, Failure>> {
        Box::pin(async move {
            let told = read(event)?;
            let (subject, _version) = told.subject();
            if subject != event.aggregate_id {
                let what = format!("the event is of {} and tells of {subject}", event.aggregate_id);
                return Err(Failure::Fault(what));
            }
            Ok(take_back::run(tx, &told, self.clock.now()).await?)
        })
    }

    fn finish<'a>(&'a self, tx: &'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<Vec<Loss>, Failure>> {
        Box::pin(async move { Ok(take_back::finish(tx, self.clock.now()).await?) })
    }
}

/// What an event of this service tells.
fn read(event: &Event) -> Result<Told, Failure> {
    macro_rules! read {
        ($($message:ident => $told:expr,)*) => {
            $(
                if event.kind == v1::$message::full_name() {
                    let told: fn(&v1::$message) -> Result<Told, Wrong> = $told;
                    return told(&event.decode()?).map_err(|wrong| Failure::Fault(wrong.to_string()));
                }
            )*
        };
    }
    read! {
        ShopRegistered => |told| shop(told.shop.as_ref(), told.actor.as_ref(), shop::Event::Registered),
        ShopUpdated => |told| shop(told.shop.as_ref(), told.actor.as_ref(), shop::Event::Updated),
        PhoneRegistered => |told| {
            let event = phone::Event::Registered(told::serials(&told.serials)?);
            phone(told.phone.as_ref(), told.actor.as_ref(), event)
        },
        PhoneUpdated => |told| phone(told.phone.as_ref(), told.actor.as_ref(), phone::Event::Updated),
        UnitsAdded => |told| {
            let event = phone::Event::UnitsAdded(told::serials(&told.serials)?);
            phone(told.phone.as_ref(), told.actor.as_ref(), event)
        },
        UnitsWithdrawn => |told| {
            let event = phone::Event::UnitsWithdrawn(told::serials(&told.serials)?);
            phone(told.phone.as_ref(), told.actor.as_ref(), event)
        },
        StockReserved => |told| reservation(told.reservation.as_ref(), told.actor.as_ref()),
        StockRejected => |told| reservation(told.reservation.as_ref(), told.actor.as_ref()),
        StockReleased => |told| reservation(told.reservation.as_ref(), told.actor.as_ref()),
        UnitsSold => |told| reservation(told.reservation.as_ref(), told.actor.as_ref()),
    }
    Err(Failure::Fault(format!("{} is of a kind that this version does not know", event.kind)))
}

fn shop(state: Option<&v1::Shop>, actor: Option<&Actor>, event: shop::Event) -> Result<Told, Wrong> {
    Ok(Told::Shop(shop::Change { state: told::shop(state)?, event, actor: told::actor(actor)? }))
}

fn phone(state: Option<&v1::Phone>, actor: Option<&Actor>, event: phone::Event) -> Result<Told, Wrong> {
    Ok(Told::Phone(phone::Change { state: told::phone(state)?, event, actor: told::actor(actor)? }))
}

fn reservation(state: Option<&v1::Reservation>, actor: Option<&Actor>) -> Result<Told, Wrong> {
    let (state, held) = told::reservation(state)?;
    let event = match &state.state {
        State::Reserved(_) => reservation::Event::Reserved,
        State::Rejected(_) => reservation::Event::Rejected,
        State::Released => reservation::Event::Released(held),
        State::Sold(_) => reservation::Event::Sold,
    };
    Ok(Told::Reservation(reservation::Change { state, event, actor: told::actor(actor)? }))
}
