//! Events: out, each change as the event of its status; in, what shop-svc and delivery-svc tell.

use std::sync::Arc;

use chassis::{
    clock::Clock,
    consumer::{Failure, Handler},
    inbox::Event,
    outbox::NewEvent,
    wire,
};
use futures::future::BoxFuture;
use prost::Name;
use proto::{delivery::v1 as delivery_wire, order::v1 as order_wire, shop::v1 as shop_wire};
use uuid::Uuid;

use crate::{
    adapters::convert,
    app::{Tx, follow_delivery, follow_stock},
    domain::{
        Actor, Change, Money, Status,
        order::{Reservation, ReservedLine, Shipment},
        saga::{Progress, Stock},
    },
};

/// The event of a change.
pub fn encode(change: &Change) -> NewEvent {
    let order = Some(convert::order(&change.order));
    let actor = Some(convert::actor(&change.actor));
    let of = Envelope { id: change.order.id, version: change.order.version, time: change.order.update_time };
    match change.order.status {
        Status::Placed => of.event(&order_wire::OrderPlaced { order, actor }),
        Status::Confirmed => of.event(&order_wire::OrderConfirmed { order, actor }),
        Status::Rejected(_) => of.event(&order_wire::OrderRejected { order, actor }),
        Status::Cancelled { .. } => of.event(&order_wire::OrderCancelled { order, actor }),
        Status::Shipped(_) => of.event(&order_wire::OrderShipped { order, actor }),
        Status::Delivered(_) => of.event(&order_wire::OrderDelivered { order, actor }),
    }
}

struct Envelope {
    id: Uuid,
    version: i64,
    time: time::OffsetDateTime,
}

impl Envelope {
    fn event<M: prost::Message + Name>(&self, message: &M) -> NewEvent {
        NewEvent::new(self.id, self.version, self.time, message)
    }
}

/// Follows shop-svc.
pub struct ShopEvents {
    clock: Arc<dyn Clock>,
}

impl ShopEvents {
    /// Changes happen at the time that `clock` tells.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Handler<dyn Tx> for ShopEvents {
    fn handle<'a>(&'a self, tx: &'a mut (dyn Tx + 'static), event: &'a Event) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let (decision, actor) = if event.kind == shop_wire::StockReserved::full_name() {
                let told: shop_wire::StockReserved = event.decode()?;
                let reservation = told.reservation.unwrap_or_default();
                (Stock::Reserved(reserved(&reservation)?), told.actor)
            } else if event.kind == shop_wire::StockRejected::full_name() {
                let told: shop_wire::StockRejected = event.decode()?;
                let name = told.reservation.unwrap_or_default().reject_reason().as_str_name();
                let reason = convert::parse_reject_reason(name);
                (Stock::Rejected(reason.ok_or_else(|| fault("stock was rejected for no reason"))?), told.actor)
            } else {
                return Ok(());
            };
            let actor = convert::parse_actor(actor.as_ref()).unwrap_or_else(|| Actor::service("shop-svc"));
            follow_stock::follow(tx, event.aggregate_id, &decision, actor, self.clock.now()).await
        })
    }
}

/// Follows delivery-svc.
pub struct DeliveryEvents {
    clock: Arc<dyn Clock>,
}

impl DeliveryEvents {
    /// Changes happen at the time that `clock` tells.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

impl Handler<dyn Tx> for DeliveryEvents {
    fn handle<'a>(&'a self, tx: &'a mut (dyn Tx + 'static), event: &'a Event) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let Some((progress, actor)) = progress(event)? else { return Ok(()) };
            follow_delivery::follow(tx, event.aggregate_id, &progress, actor, self.clock.now()).await
        })
    }
}

/// What an event of delivery-svc says, where the order has to follow.
fn progress(event: &Event) -> Result<Option<(Progress, Actor)>, Failure> {
    let (progress, actor) = if event.kind == delivery_wire::DeliveryBooked::full_name() {
        (Progress::Booked, None)
    } else if event.kind == delivery_wire::DeliveryStarted::full_name() {
        let told: delivery_wire::DeliveryStarted = event.decode()?;
        (Progress::Started(shipment(told.delivery.unwrap_or_default())?), told.actor)
    } else if event.kind == delivery_wire::DeliveryCompleted::full_name() {
        let told: delivery_wire::DeliveryCompleted = event.decode()?;
        (Progress::Completed(shipment(told.delivery.unwrap_or_default())?), told.actor)
    } else if event.kind == delivery_wire::DeliveryCancelled::full_name() {
        let told: delivery_wire::DeliveryCancelled = event.decode()?;
        let delivery = told.delivery.unwrap_or_default();
        let by = convert::parse_actor(delivery.cancelled_by.as_ref());
        let by = by.ok_or_else(|| fault("a delivery was cancelled by nobody"))?;
        (Progress::Cancelled { by, reason: delivery.cancel_reason }, told.actor)
    } else {
        return Ok(None);
    };
    let actor = convert::parse_actor(actor.as_ref()).unwrap_or_else(|| Actor::service("delivery-svc"));
    Ok(Some((progress, actor)))
}

fn shipment(delivery: delivery_wire::Delivery) -> Result<Shipment, Failure> {
    if delivery.carrier.is_empty() || delivery.tracking_number.is_empty() {
        return Err(fault("a delivery was shipped without carrier or tracking number"));
    }
    Ok(Shipment { carrier: delivery.carrier, tracking_number: delivery.tracking_number })
}

fn reserved(reservation: &shop_wire::Reservation) -> Result<Reservation, Failure> {
    let lines = reservation.lines.iter().map(|line| {
        let phone_id = wire::uuid(&line.phone_id).map_err(|wrong| fault(wrong.to_string()))?;
        Ok((phone_id, ReservedLine { unit_price: money(line.unit_price.as_ref())?, serials: line.serials.clone() }))
    });
    Ok(Reservation { lines: lines.collect::<Result<_, Failure>>()?, total: money(reservation.total.as_ref())? })
}

fn money(amount: Option<&proto::Money>) -> Result<Money, Failure> {
    let (minor_units, currency) = wire::minor_units(amount).map_err(|wrong| fault(wrong.to_string()))?;
    Ok(Money { minor_units, currency: currency.to_owned() })
}

fn fault(why: impl Into<String>) -> Failure {
    Failure::Fault(why.into())
}
