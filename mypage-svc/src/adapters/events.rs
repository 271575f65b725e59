//! The events that come in: of orders, deliveries and messages.

use chassis::{
    consumer::{Failure, Handler},
    inbox::Event,
};
use futures::{FutureExt, future::BoxFuture};
use prost::Name;
use proto::{
    delivery::v1::{
        Delivery, DeliveryBooked, DeliveryCancelled, DeliveryCompleted, DeliveryReady, DeliveryStarted, DeliveryUpdated,
    },
    notify::v1::{Message, MessageFailed, MessageSent},
    order::v1::{Order, OrderCancelled, OrderConfirmed, OrderDelivered, OrderPlaced, OrderRejected, OrderShipped},
};

use super::hear;
use crate::{
    app::{Project, Tx},
    domain::Heard,
};

/// Keeps what the events of orders, deliveries and messages carry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Projection;

impl Handler<dyn Tx> for Projection {
    fn handle<'a>(&'a self, tx: &'a mut (dyn Tx + 'static), event: &'a Event) -> BoxFuture<'a, Result<(), Failure>> {
        async move {
            match heard(event)? {
                Some(heard) => Ok(Project.run(tx, event, &heard).await?),
                None => Ok(()),
            }
        }
        .boxed()
    }
}

/// What an event carries, if it is of interest here.
///
/// # Errors
/// It makes no sense.
pub fn heard(event: &Event) -> Result<Option<Heard>, Failure> {
    let heard = match carried(event)? {
        None => Ok(None),
        Some(Carried::Order(order)) => hear::order(present(order)?).map(|order| Some(Heard::Order(order))),
        Some(Carried::Delivery(delivery)) => {
            hear::delivery(present(delivery)?).map(|delivery| Some(Heard::Delivery(delivery)))
        }
        Some(Carried::Message(message)) => {
            hear::message(present(message)?, event.time).map(|message| message.map(Heard::Message))
        }
    };
    heard.map_err(|wrong| Failure::Fault(wrong.to_string()))
}

fn present<T>(carried: Option<T>) -> Result<T, Failure> {
    carried.ok_or_else(|| Failure::Fault("the event carries nothing".to_owned()))
}

/// The state in an event's body.
enum Carried {
    Order(Option<Order>),
    Delivery(Option<Delivery>),
    Message(Option<Message>),
}

/// Decodes the event as the first of the listed kinds that it is.
macro_rules! decode {
    ($event:ident, $($body:ident => $carried:ident($field:ident),)*) => {
        $(if $event.kind == $body::full_name() {
            return Ok(Some(Carried::$carried($event.decode::<$body>()?.$field)));
        })*
    };
}

fn carried(event: &Event) -> Result<Option<Carried>, Failure> {
    decode! { event,
        OrderPlaced => Order(order),
        OrderConfirmed => Order(order),
        OrderRejected => Order(order),
        OrderCancelled => Order(order),
        OrderShipped => Order(order),
        OrderDelivered => Order(order),
        DeliveryBooked => Delivery(delivery),
        DeliveryReady => Delivery(delivery),
        DeliveryStarted => Delivery(delivery),
        DeliveryUpdated => Delivery(delivery),
        DeliveryCompleted => Delivery(delivery),
        DeliveryCancelled => Delivery(delivery),
        MessageSent => Message(message),
        MessageFailed => Message(message),
    }
    Ok(None)
}
