//! Events: those of orders come in, those of messages go out.

mod own;

use chassis::{
    consumer::{Failure, Handler},
    inbox,
    outbox::NewEvent,
};
use futures::{FutureExt, future::BoxFuture};
use prost::Name;
use proto::{
    actor::v1::{Actor, actor},
    notify::v1::{MessageFailed, MessageSent},
    order::v1::{Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderRejected, OrderShipped},
};

pub use self::own::OwnEvents;
use super::convert;
use crate::{
    NAME,
    app::{Tell, Tx},
    domain::{Heard, Message, Template, message::Event},
};

/// Makes messages of order events, whatever their order.
#[derive(Clone)]
pub struct OrderEvents {
    tell: Tell,
}

impl OrderEvents {
    /// Hands what was heard to `tell`.
    pub fn new(tell: Tell) -> Self {
        Self { tell }
    }
}

impl Handler<dyn Tx> for OrderEvents {
    fn handle<'a>(
        &'a self,
        tx: &'a mut (dyn Tx + 'static),
        event: &'a inbox::Event,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            match heard(event)? {
                Some(heard) => Ok(self.tell.run(tx, &heard).await?),
                None => Ok(()),
            }
        }
        .boxed()
    }
}

/// What an event tells, if it is one of those that people are told of.
fn heard(event: &inbox::Event) -> Result<Option<Heard>, Failure> {
    let Some((template, order, actor)) = carried(event)? else { return Ok(None) };
    let order = order.ok_or_else(|| Failure::Fault("the event carries no order".to_owned()))?;
    let heard =
        convert::heard(event, template, order, actor.as_ref()).map_err(|wrong| Failure::Fault(wrong.to_string()))?;
    Ok(Some(heard))
}

type Carried = (Template, Option<Order>, Option<Actor>);

fn carried(event: &inbox::Event) -> Result<Option<Carried>, Failure> {
    let kind = event.kind.as_str();
    let carried = if kind == OrderPlaced::full_name() {
        let OrderPlaced { order, actor } = event.decode()?;
        (Template::Placed, order, actor)
    } else if kind == OrderConfirmed::full_name() {
        let OrderConfirmed { order, actor } = event.decode()?;
        (Template::Confirmed, order, actor)
    } else if kind == OrderRejected::full_name() {
        let OrderRejected { order, actor } = event.decode()?;
        (Template::Rejected, order, actor)
    } else if kind == OrderCancelled::full_name() {
        let OrderCancelled { order, actor } = event.decode()?;
        (Template::Cancelled, order, actor)
    } else if kind == OrderShipped::full_name() {
        let OrderShipped { order, actor } = event.decode()?;
        (Template::Shipped, order, actor)
    } else if kind == OrderDelivered::full_name() {
        let OrderDelivered { order, actor } = event.decode()?;
        (Template::Delivered, order, actor)
    } else {
        return Ok(None);
    };
    Ok(Some(carried))
}

/// What happened to a message, as it is published: without its text.
pub fn outgoing(message: &Message, event: Event) -> NewEvent {
    let (state, by) = (Some(convert::message(message, String::new())), Some(this_service()));
    let published = match event {
        Event::Sent { time } => {
            NewEvent::new(message.id, message.version, time, &MessageSent { message: state, actor: by })
        }
        Event::Failed { time } => {
            NewEvent::new(message.id, message.version, time, &MessageFailed { message: state, actor: by })
        }
    };
    // It is recorded together with others, and belongs to the trace of its own order.
    NewEvent { traceparent: message.traceparent.clone(), ..published }
}

fn this_service() -> Actor {
    Actor { kind: actor::Kind::Service.into(), id: NAME.to_owned() }
}
