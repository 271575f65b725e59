//! Events: what comes in from orders, and what goes out.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    consumer::{Failure, Handler},
    inbox,
    outbox::NewEvent,
};
use futures::future::BoxFuture;
use prost::Name;
use proto::{
    actor::v1::Actor as ActorMessage,
    delivery::v1::{
        DeliveryBooked, DeliveryCancelled, DeliveryCompleted, DeliveryReady, DeliveryStarted, DeliveryUpdated,
    },
    order::v1::{
        Order as OrderMessage, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderRejected, OrderShipped,
    },
};

use super::convert::{self, Nonsense};
use crate::{
    app::{
        Tx,
        follow_order::{self, Report, follow_order},
    },
    domain::delivery::{Event, Kind},
};

/// Lets deliveries follow their orders' events, in whatever order they come.
pub struct OrderEvents {
    clock: Arc<dyn Clock>,
}

impl OrderEvents {
    /// Dates what it changes by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Handler<dyn Tx> for OrderEvents {
    fn handle<'a>(
        &'a self,
        tx: &'a mut (dyn Tx + 'static),
        event: &'a inbox::Event,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let Some(report) = learned(event)? else { return Ok(()) };
            follow_order(tx, &report, self.clock.now()).await.map_err(|error| match error {
                follow_order::Error::NotBooked => Failure::Early(error.to_string()),
                follow_order::Error::Contradiction(error) => Failure::Fault(error.to_string()),
                follow_order::Error::Store(error) => error.into(),
            })
        })
    }
}

/// What an event says of its order; none where it is of no interest.
fn learned(event: &inbox::Event) -> Result<Option<Report>, Failure> {
    let Some((order, actor)) = order_and_actor(event)? else { return Ok(None) };
    let fault = |nonsense: Nonsense| Failure::Fault(nonsense.to_string());
    let order = order.ok_or(fault(Nonsense::Missing("order")))?;
    let actor = actor.ok_or(fault(Nonsense::Missing("actor")))?;
    let by = convert::actor(&actor).map_err(fault)?;
    convert::report(&order, by).map(Some).map_err(fault)
}

type Body = (Option<OrderMessage>, Option<ActorMessage>);

fn order_and_actor(event: &inbox::Event) -> Result<Option<Body>, Failure> {
    macro_rules! body {
        ($($message:ident),*) => {
            match event.kind.strip_prefix("tword.order.v1.") {
                $(Some($message::NAME) => event.decode().map(|body: $message| Some((body.order, body.actor)))?,)*
                Some(_) | None => None,
            }
        };
    }
    Ok(body!(OrderPlaced, OrderConfirmed, OrderRejected, OrderCancelled, OrderShipped, OrderDelivered))
}

/// A change as its event, without the recipient.
pub fn outgoing(event: &Event) -> NewEvent {
    let (id, version, time) = (event.delivery.id, event.delivery.version, event.delivery.update_time);
    let delivery = Some(convert::delivery(&event.delivery, None));
    let actor = Some(convert::actor_message(&event.actor));
    match event.kind {
        Kind::Booked => NewEvent::new(id, version, time, &DeliveryBooked { delivery, actor }),
        Kind::Ready => NewEvent::new(id, version, time, &DeliveryReady { delivery, actor }),
        Kind::Started => NewEvent::new(id, version, time, &DeliveryStarted { delivery, actor }),
        Kind::Completed => NewEvent::new(id, version, time, &DeliveryCompleted { delivery, actor }),
        Kind::Cancelled => NewEvent::new(id, version, time, &DeliveryCancelled { delivery, actor }),
        Kind::Updated => NewEvent::new(id, version, time, &DeliveryUpdated { delivery, actor }),
    }
}
