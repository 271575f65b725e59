//! Its own events, read back after a restore: each tells the whole delivery but its personal data.

use chassis::{
    consumer::Failure,
    inbox,
    recovery::{Loss, TakeBack, TakenBack},
    wire,
};
use futures::future::BoxFuture;
use prost::Name;
use proto::{
    actor::v1::Actor as ActorMessage,
    delivery::v1::{
        Delivery as DeliveryMessage, DeliveryBooked, DeliveryCancelled, DeliveryCompleted, DeliveryReady,
        DeliveryStarted, DeliveryUpdated,
    },
};

use super::convert::{self, Nonsense};
use crate::{
    app::{Tx, take_back},
    domain::{
        delivery::{Cancellation, Delivery, Event, Kind, State, Status},
        tracking::Tracking,
    },
};

/// Takes deliveries back.
pub struct OwnEvents;

impl TakeBack<dyn Tx> for OwnEvents {
    fn take_back<'a>(
        &'a self,
        tx: &'a mut (dyn Tx + 'static),
        event: &'a inbox::Event,
    ) -> BoxFuture<'a, Result<TakenBack, Failure>> {
        Box::pin(async move { Ok(take_back::take_back(tx, change(event)?).await?) })
    }

    fn finish<'a>(&'a self, tx: &'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<Vec<Loss>, Failure>> {
        Box::pin(async move { Ok(take_back::finish(tx).await?) })
    }
}

/// The change that an event tells of.
fn change(event: &inbox::Event) -> Result<Event, Failure> {
    let (kind, delivery, actor) = body(event)?;
    let fault = |nonsense: Nonsense| Failure::Fault(nonsense.to_string());
    let delivery = delivery.ok_or(fault(Nonsense::Missing("delivery")))?;
    let actor = actor.ok_or(fault(Nonsense::Missing("actor")))?;
    let actor = convert::actor(&actor).map_err(fault)?;
    Ok(Event { kind, delivery: told(&delivery).map_err(fault)?, actor })
}

type Body = (Kind, Option<DeliveryMessage>, Option<ActorMessage>);

fn body(event: &inbox::Event) -> Result<Body, Failure> {
    macro_rules! body {
        ($($message:ident: $kind:ident),*) => {
            match event.kind.strip_prefix("tword.delivery.v1.") {
                $(Some($message::NAME) => event.decode().map(|body: $message| (Kind::$kind, body.delivery, body.actor))?,)*
                Some(_) | None => return Err(Failure::Fault("it is none of delivery-svc's own".to_owned())),
            }
        };
    }
    Ok(body!(
        DeliveryBooked: Booked,
        DeliveryReady: Ready,
        DeliveryStarted: Started,
        DeliveryCompleted: Completed,
        DeliveryCancelled: Cancelled,
        DeliveryUpdated: Updated
    ))
}

/// A delivery from the wire. Neither its request nor who claimed it is told.
fn told(message: &DeliveryMessage) -> Result<Delivery, Nonsense> {
    Ok(Delivery {
        id: wire::uuid(&message.delivery_id).map_err(|_wrong| Nonsense::Id("delivery_id"))?,
        shop_id: wire::uuid(&message.shop_id).map_err(|_wrong| Nonsense::Id("shop_id"))?,
        customer_id: message.customer_id.clone(),
        request_hash: None,
        state: state(message)?,
        version: message.version,
        create_time: wire::time(message.create_time.as_ref()).ok_or(Nonsense::Missing("create_time"))?,
        update_time: wire::time(message.update_time.as_ref()).ok_or(Nonsense::Missing("update_time"))?,
    })
}

fn state(message: &DeliveryMessage) -> Result<State, Nonsense> {
    let tracking = || Tracking::new(&message.carrier, &message.tracking_number).map_err(|_invalid| Nonsense::Tracking);
    match convert::status(message.status).ok().flatten().ok_or(Nonsense::Status)? {
        Status::Booked => Ok(State::Booked { claimed: false }),
        Status::Ready => Ok(State::Ready),
        Status::Shipped => Ok(State::Shipped(tracking()?)),
        Status::Delivered => Ok(State::Delivered(tracking()?)),
        Status::Cancelled => {
            let by = convert::actor(message.cancelled_by.as_ref().ok_or(Nonsense::Missing("cancelled_by"))?)?;
            Ok(State::Cancelled(Cancellation { by, reason: message.cancel_reason.clone() }))
        }
    }
}
