//! What one service says in another's words, as the contracts carry it.

use delivery_svc::domain::{
    actor::{Actor as DeliveryActor, Role},
    delivery::{self, Cancellation, Delivery, State as DeliveryState},
    follow::Standing,
    tracking::Tracking,
};
use mypage_svc::domain as page;
use notify_svc::domain as notify;
use order_svc::domain::{
    Actor, Change, Money, Order, RejectReason, Status,
    actor::ActorKind,
    order::{Reservation as Held, ReservedLine, Shipment},
    saga::{Progress, Stock},
};
use shop_svc::domain::{
    Order as ShopOrder, Reservation,
    order::{Line, Lines, Status as ShopStatus},
    reservation::{RejectReason as ShopReason, State as ReservationState},
};

use crate::{AT, events::Id};

/// An order in shop-svc's words; none where it breaks a rule that every order keeps.
pub fn shop_order(order: &Order) -> Option<ShopOrder> {
    let line = |line: &order_svc::domain::order::Line| Line {
        phone_id: line.phone_id,
        quantity: line.quantity,
        expected: None,
        requested: Vec::new(),
    };
    Some(ShopOrder {
        id: order.id,
        shop_id: order.shop_id,
        customer_id: order.customer_id.clone(),
        lines: Lines::new(order.lines.iter().map(line).collect()).ok()?,
        status: match order.status {
            Status::Placed => ShopStatus::Placed,
            Status::Confirmed => ShopStatus::Confirmed,
            Status::Rejected(_) => ShopStatus::Rejected,
            Status::Cancelled { .. } => ShopStatus::Cancelled,
            Status::Shipped(_) => ShopStatus::Shipped,
            Status::Delivered(_) => ShopStatus::Delivered,
        },
        reserve_by: order.reserve_by,
        version: order.version,
        create_time: order.create_time,
        update_time: order.update_time,
    })
}

/// What a reservation says to its order; none where it says nothing.
pub fn stock(reservation: &Reservation) -> Option<Stock> {
    let money = |currency: &str, minor_units| Money { minor_units, currency: currency.to_owned() };
    match &reservation.state {
        ReservationState::Reserved(held) => {
            let line = |line: &shop_svc::domain::reservation::HeldLine| {
                let unit_price = money(held.currency.code(), line.unit_price.minor_units());
                let serials = line.serials.iter().map(|serial| serial.as_str().to_owned()).collect();
                (line.phone_id, ReservedLine { unit_price, serials })
            };
            let total = money(held.currency.code(), held.total());
            Some(Stock::Reserved(Held { lines: held.lines.iter().map(line).collect(), total }))
        }
        ReservationState::Rejected(reason) => Some(Stock::Rejected(match reason {
            ShopReason::UnknownShop => RejectReason::UnknownShop,
            ShopReason::UnknownPhone => RejectReason::UnknownPhone,
            ShopReason::OutOfStock => RejectReason::OutOfStock,
            ShopReason::PriceChanged => RejectReason::PriceChanged,
            ShopReason::ShopClosed => RejectReason::ShopClosed,
            ShopReason::Expired => RejectReason::Expired,
        })),
        ReservationState::Released | ReservationState::Sold(_) => None,
    }
}

/// What a delivery's event says to its order; none where it says nothing.
pub fn progress(event: &delivery::Event) -> Option<Progress> {
    match &event.delivery.state {
        DeliveryState::Booked { .. } => Some(Progress::Booked),
        DeliveryState::Ready => None,
        DeliveryState::Shipped(tracking) => Some(Progress::Started(shipment(tracking))),
        DeliveryState::Delivered(tracking) => Some(Progress::Completed(shipment(tracking))),
        DeliveryState::Cancelled(cancellation) => {
            Some(Progress::Cancelled { by: order_actor(&cancellation.by), reason: cancellation.reason.clone() })
        }
    }
}

fn shipment(tracking: &Tracking) -> Shipment {
    Shipment { carrier: tracking.carrier.as_str().to_owned(), tracking_number: tracking.number.as_str().to_owned() }
}

/// What an order says to its delivery; `by` is who brought it there. None where it was shipped nobody can say how.
pub fn standing(order: &Order, by: &Actor) -> Option<Standing> {
    let tracking = |shipment: &Shipment| Tracking::new(&shipment.carrier, &shipment.tracking_number).ok();
    Some(match &order.status {
        Status::Placed => Standing::Placed,
        Status::Confirmed => Standing::Confirmed,
        Status::Rejected(reason) => {
            Standing::Ended(Cancellation { by: delivery_actor(by), reason: reason.name().to_owned() })
        }
        Status::Cancelled { by, reason } => {
            Standing::Ended(Cancellation { by: delivery_actor(by), reason: reason.clone() })
        }
        Status::Shipped(shipment) => Standing::Shipped(tracking(shipment)?),
        Status::Delivered(shipment) => Standing::Delivered(tracking(shipment)?),
    })
}

/// An actor in delivery-svc's words.
pub fn delivery_actor(actor: &Actor) -> DeliveryActor {
    let role = match actor.kind {
        ActorKind::Customer => Role::Customer,
        ActorKind::Staff => Role::Staff,
        ActorKind::Manager => Role::Manager,
        ActorKind::Operator => Role::Operator,
        ActorKind::Service => Role::Service,
    };
    DeliveryActor { role, id: actor.id.clone() }
}

/// An actor in order-svc's words.
pub fn order_actor(actor: &DeliveryActor) -> Actor {
    let kind = match actor.role {
        Role::Customer => ActorKind::Customer,
        Role::Staff => ActorKind::Staff,
        Role::Manager => ActorKind::Manager,
        Role::Operator => ActorKind::Operator,
        Role::Service => ActorKind::Service,
    };
    Actor { kind, id: actor.id.clone() }
}

/// What a change of an order tells people; none where it lacks what its status gives it.
pub fn heard(id: Id, change: &Change) -> Option<notify::Heard> {
    let order = &change.order;
    let told = match &order.status {
        Status::Placed => notify::Change::Placed,
        Status::Confirmed => {
            let Money { minor_units, currency } = order.total.clone()?;
            notify::Change::Confirmed { total: notify::Money { minor_units, currency } }
        }
        Status::Rejected(reason) => {
            let reason = notify::RejectReason::ALL.into_iter().find(|known| known.name() == reason.name())?;
            notify::Change::Rejected { reason }
        }
        Status::Cancelled { reason, .. } => notify::Change::Cancelled { reason: reason.clone() },
        Status::Shipped(Shipment { carrier, tracking_number }) => {
            notify::Change::Shipped { carrier: carrier.clone(), tracking_number: tracking_number.clone() }
        }
        Status::Delivered(_) => notify::Change::Delivered,
    };
    Some(notify::Heard {
        event_id: id.uuid(),
        order_id: order.id,
        customer_id: order.customer_id.clone(),
        shop_id: order.shop_id,
        change: told,
        by_customer: change.actor.kind == ActorKind::Customer,
        traceparent: None,
    })
}

/// An order as its customer sees it.
pub fn page_order(order: &Order) -> page::Order {
    let money = |amount: &Money| page::Money { minor_units: amount.minor_units, currency: amount.currency.clone() };
    let line = |line: &order_svc::domain::order::Line| page::Line {
        phone_id: line.phone_id,
        quantity: i32::try_from(line.quantity).unwrap_or(i32::MAX),
        unit_price: line.reserved.as_ref().map(|held| money(&held.unit_price)),
        serials: line.reserved.as_ref().map(|held| held.serials.clone()).unwrap_or_default(),
    };
    let (status, reason) = match &order.status {
        Status::Placed => (page::order::Status::Placed, String::new()),
        Status::Confirmed => (page::order::Status::Confirmed, String::new()),
        Status::Rejected(reason) => (page::order::Status::Rejected, reason.name().to_owned()),
        Status::Cancelled { reason, .. } => (page::order::Status::Cancelled, reason.clone()),
        Status::Shipped(_) => (page::order::Status::Shipped, String::new()),
        Status::Delivered(_) => (page::order::Status::Delivered, String::new()),
    };
    page::Order {
        id: order.id,
        customer_id: order.customer_id.clone(),
        shop_id: order.shop_id,
        lines: order.lines.iter().map(line).collect(),
        status,
        total: order.total.as_ref().map(money),
        reason,
        booking_outstanding: order.booking_outstanding(),
        version: order.version,
        create_time: order.create_time,
        update_time: order.update_time,
    }
}

/// A delivery as the customer sees it.
pub fn page_delivery(delivery: &Delivery) -> page::Delivery {
    let (status, tracking) = match &delivery.state {
        DeliveryState::Booked { .. } => (page::delivery::Status::Booked, None),
        DeliveryState::Ready => (page::delivery::Status::Ready, None),
        DeliveryState::Shipped(tracking) => (page::delivery::Status::Shipped, Some(tracking)),
        DeliveryState::Delivered(tracking) => (page::delivery::Status::Delivered, Some(tracking)),
        DeliveryState::Cancelled(_) => (page::delivery::Status::Cancelled, None),
    };
    page::Delivery {
        order_id: delivery.id,
        status,
        carrier: tracking.map(|tracking| tracking.carrier.as_str().to_owned()).unwrap_or_default(),
        tracking_number: tracking.map(|tracking| tracking.number.as_str().to_owned()).unwrap_or_default(),
        version: delivery.version,
    }
}

/// A message as the customer sees it; none where it has no outcome.
pub fn page_message(message: &notify::Message) -> Option<page::Message> {
    let status = match message.status() {
        notify::Status::Pending => return None,
        notify::Status::Sent => page::message::Status::Sent,
        notify::Status::Failed => page::message::Status::Failed,
    };
    Some(page::Message {
        id: message.id,
        order_id: message.order_id,
        template: message.template.name().to_owned(),
        channel: message.channel.name().to_owned(),
        status,
        time: AT,
        version: message.version,
    })
}
