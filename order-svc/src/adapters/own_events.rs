//! Its own events, read back after a restore: each tells the whole order.

use chassis::{
    consumer::Failure,
    inbox::Event,
    recovery::{Loss, TakeBack, TakenBack},
    wire,
};
use futures::future::BoxFuture;
use prost::Name;
use proto::{
    actor::v1::Actor as ActorMessage,
    order::v1::{
        Order as OrderMessage, OrderCancelled, OrderConfirmed, OrderDelivered, OrderLine, OrderPlaced, OrderRejected,
        OrderShipped, order::Status as WireStatus,
    },
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    adapters::convert,
    app::{Tx, take_back},
    domain::{
        Change, Money, Order, Status, booking,
        order::{Line, ReservedLine, Shipment},
    },
};

/// Takes orders back.
pub struct OwnEvents;

impl TakeBack<dyn Tx> for OwnEvents {
    fn take_back<'a>(
        &'a self,
        tx: &'a mut (dyn Tx + 'static),
        event: &'a Event,
    ) -> BoxFuture<'a, Result<TakenBack, Failure>> {
        Box::pin(async move { Ok(take_back::take_back(tx, change(event)?).await?) })
    }

    fn finish<'a>(&'a self, tx: &'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<Vec<Loss>, Failure>> {
        Box::pin(async move { Ok(take_back::finish(tx).await?) })
    }
}

/// The change that an event tells of.
fn change(event: &Event) -> Result<Change, Failure> {
    let (order, actor) = body(event)?;
    let actor = convert::parse_actor(actor.as_ref()).ok_or_else(|| fault("nobody caused it"))?;
    Ok(Change { order: told(&order.ok_or_else(|| fault("it tells of no order"))?)?, actor })
}

type Body = (Option<OrderMessage>, Option<ActorMessage>);

fn body(event: &Event) -> Result<Body, Failure> {
    macro_rules! body {
        ($($message:ident),*) => {
            match event.kind.strip_prefix("tword.order.v1.") {
                $(Some($message::NAME) => event.decode().map(|body: $message| (body.order, body.actor))?,)*
                Some(_) | None => return Err(fault("it is none of order-svc's own")),
            }
        };
    }
    Ok(body!(OrderPlaced, OrderConfirmed, OrderRejected, OrderCancelled, OrderShipped, OrderDelivered))
}

/// An order from the wire. Whether it was booked at once or later is not told; that is decided by what is here.
fn told(wire: &OrderMessage) -> Result<Order, Failure> {
    let outstanding = wire.booking_outstanding;
    Ok(Order {
        id: uuid(&wire.order_id)?,
        customer_id: wire.customer_id.clone(),
        shop_id: uuid(&wire.shop_id)?,
        lines: wire.lines.iter().map(line).collect::<Result<_, _>>()?,
        status: status(wire)?,
        booking: if outstanding { booking::State::Outstanding } else { booking::State::AtOnce },
        total: wire.total.as_ref().map(money).transpose()?,
        reserve_by: time(wire.reserve_by.as_ref())?,
        version: wire.version,
        create_time: time(wire.create_time.as_ref())?,
        update_time: time(wire.update_time.as_ref())?,
    })
}

fn status(wire: &OrderMessage) -> Result<Status, Failure> {
    let shipment = || Shipment { carrier: wire.carrier.clone(), tracking_number: wire.tracking_number.clone() };
    match wire.status() {
        WireStatus::Unspecified => Err(fault("it tells no status of this version")),
        WireStatus::Placed => Ok(Status::Placed),
        WireStatus::Confirmed => Ok(Status::Confirmed),
        WireStatus::Rejected => {
            let reason = convert::parse_reject_reason(wire.reject_reason().as_str_name());
            reason.map(Status::Rejected).ok_or_else(|| fault("the order was rejected for no reason of this version"))
        }
        WireStatus::Cancelled => {
            let by = convert::parse_actor(wire.cancelled_by.as_ref());
            let by = by.ok_or_else(|| fault("the order was cancelled by nobody"))?;
            Ok(Status::Cancelled { by, reason: wire.cancel_reason.clone() })
        }
        WireStatus::Shipped => Ok(Status::Shipped(shipment())),
        WireStatus::Delivered => Ok(Status::Delivered(shipment())),
    }
}

fn line(wire: &OrderLine) -> Result<Line, Failure> {
    let unit_price = wire.unit_price.as_ref().map(money).transpose()?;
    Ok(Line {
        phone_id: uuid(&wire.phone_id)?,
        quantity: u32::try_from(wire.quantity).map_err(|_negative| fault("a line has fewer units than none"))?,
        expected_unit_price: wire.expected_unit_price.as_ref().map(money).transpose()?,
        requested_serials: wire.requested_serials.clone(),
        reserved: unit_price.map(|unit_price| ReservedLine { unit_price, serials: wire.serials.clone() }),
    })
}

fn money(amount: &proto::Money) -> Result<Money, Failure> {
    let (minor_units, currency) = wire::minor_units(Some(amount)).map_err(|wrong| fault(wrong.to_string()))?;
    Ok(Money { minor_units, currency: currency.to_owned() })
}

fn time(timestamp: Option<&prost_types::Timestamp>) -> Result<OffsetDateTime, Failure> {
    wire::time(timestamp).ok_or_else(|| fault("a time is missing"))
}

fn uuid(text: &str) -> Result<Uuid, Failure> {
    wire::uuid(text).map_err(|wrong| fault(wrong.to_string()))
}

fn fault(why: impl Into<String>) -> Failure {
    Failure::Fault(why.into())
}
