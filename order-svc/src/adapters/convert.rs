//! Orders on the wire.

use chassis::{
    refusal::{Refusal, Violations},
    store,
    wire::{self, timestamp},
};
use proto::{actor::v1 as actor_wire, order::v1 as order_wire};

use crate::{
    adapters::names,
    app::ports::HistoryEntry,
    domain::{
        Actor, Money, NewLine, NewOrder, Order, Recipient, RejectReason, Status,
        actor::ActorKind,
        new_order,
        order::{Line, WaitsFor},
        recipient,
    },
};

/// Reads a `PlaceOrder` request.
///
/// # Errors
/// Every wrong field at once.
pub fn new_order(request: order_wire::PlaceOrderRequest) -> Result<NewOrder, Refusal> {
    let mut violations = Violations::default();
    let shop_id = violations.check("shop_id", wire::uuid(&request.shop_id));
    let mut lines = Vec::with_capacity(request.lines.len().min(new_order::MAX_LINES));
    for (place, line) in request.lines.iter().enumerate().take(new_order::MAX_LINES + 1) {
        lines.extend(new_line(&mut violations, place, line));
    }
    if request.lines.len() > new_order::MAX_LINES {
        violations.add("lines", new_order::WrongLines::Count.to_string());
    } else if lines.len() == request.lines.len() {
        violations.check("lines", new_order::check_lines(&lines));
    }
    let recipient = new_recipient(&mut violations, &request.recipient.unwrap_or_default());
    violations.finish()?;
    match (shop_id, recipient) {
        (Some(shop_id), Some(recipient)) => Ok(NewOrder { shop_id, lines, recipient }),
        _ => Err(Refusal::invalid(Vec::new())),
    }
}

fn new_line(violations: &mut Violations, place: usize, line: &order_wire::NewOrderLine) -> Option<NewLine> {
    let phone_id = violations.check(format!("lines[{place}].phone_id"), wire::uuid(&line.phone_id));
    let quantity =
        u32::try_from(line.quantity).ok().filter(|quantity| (1..=new_order::MAX_QUANTITY).contains(quantity));
    if quantity.is_none() {
        violations.add(format!("lines[{place}].quantity"), format!("must be 1 to {}", new_order::MAX_QUANTITY));
    }
    let expected = match &line.expected_unit_price {
        None => Some(None),
        Some(price) => unit_price(violations, format!("lines[{place}].expected_unit_price"), price).map(Some),
    };
    let serials = serials(violations, place, quantity, &line.serials);
    Some(NewLine { phone_id: phone_id?, quantity: quantity?, expected_unit_price: expected?, serials: serials? })
}

fn serials(violations: &mut Violations, place: usize, quantity: Option<u32>, texts: &[String]) -> Option<Vec<String>> {
    let mut serials = Vec::with_capacity(texts.len().min(new_order::MAX_QUANTITY as usize));
    for (number, text) in texts.iter().enumerate().take(new_order::MAX_QUANTITY as usize + 1) {
        serials.extend(violations.check(format!("lines[{place}].serials[{number}]"), new_order::serial(text)));
    }
    if serials.len() < texts.len().min(new_order::MAX_QUANTITY as usize + 1) {
        return None;
    }
    violations.check(format!("lines[{place}].serials"), new_order::check_serials(quantity?, &serials))?;
    Some(serials)
}

fn unit_price(violations: &mut Violations, field: String, price: &proto::Money) -> Option<Money> {
    match wire::minor_units(Some(price)) {
        Ok((minor_units, currency)) => violations.check(field, Money::unit_price(minor_units, currency)),
        Err(wrong) => {
            violations.add(field, wrong.to_string());
            None
        }
    }
}

fn new_recipient(violations: &mut Violations, recipient: &order_wire::Recipient) -> Option<Recipient> {
    let name = violations.check("recipient.name", recipient::name(&recipient.name));
    let phone_number = violations.check("recipient.phone_number", recipient::phone_number(&recipient.phone_number));
    let address = violations.check("recipient.address", recipient::address(&recipient.address));
    Some(Recipient { name: name?, phone_number: phone_number?, address: address? })
}

/// An order on the wire.
pub fn order(order: &Order) -> order_wire::Order {
    let mut wire = order_wire::Order {
        order_id: order.id.to_string(),
        customer_id: order.customer_id.clone(),
        shop_id: order.shop_id.to_string(),
        lines: order.lines.iter().map(line).collect(),
        total: order.total.as_ref().map(money),
        reserve_by: Some(timestamp(order.reserve_by)),
        version: order.version,
        create_time: Some(timestamp(order.create_time)),
        update_time: Some(timestamp(order.update_time)),
        booking_outstanding: order.booking_outstanding(),
        ..order_wire::Order::default()
    };
    wire.set_status(match &order.status {
        Status::Placed => order_wire::order::Status::Placed,
        Status::Confirmed => order_wire::order::Status::Confirmed,
        Status::Rejected(_) => order_wire::order::Status::Rejected,
        Status::Cancelled { .. } => order_wire::order::Status::Cancelled,
        Status::Shipped(_) => order_wire::order::Status::Shipped,
        Status::Delivered(_) => order_wire::order::Status::Delivered,
    });
    match &order.status {
        Status::Placed | Status::Confirmed => {}
        Status::Rejected(reason) => wire.set_reject_reason(reject_reason(*reason)),
        Status::Cancelled { by, reason } => {
            wire.cancelled_by = Some(actor(by));
            wire.cancel_reason.clone_from(reason);
        }
        Status::Shipped(shipment) | Status::Delivered(shipment) => {
            wire.carrier.clone_from(&shipment.carrier);
            wire.tracking_number.clone_from(&shipment.tracking_number);
        }
    }
    wire
}

fn line(line: &Line) -> order_wire::OrderLine {
    order_wire::OrderLine {
        phone_id: line.phone_id.to_string(),
        quantity: i32::try_from(line.quantity).unwrap_or(i32::MAX),
        expected_unit_price: line.expected_unit_price.as_ref().map(money),
        unit_price: line.reserved.as_ref().map(|held| money(&held.unit_price)),
        serials: line.reserved.as_ref().map(|held| held.serials.clone()).unwrap_or_default(),
        requested_serials: line.requested_serials.clone(),
    }
}

fn money(amount: &Money) -> proto::Money {
    wire::money(amount.minor_units, &amount.currency)
}

fn reject_reason(reason: RejectReason) -> order_wire::order::RejectReason {
    match reason {
        RejectReason::UnknownShop => order_wire::order::RejectReason::UnknownShop,
        RejectReason::UnknownPhone => order_wire::order::RejectReason::UnknownPhone,
        RejectReason::OutOfStock => order_wire::order::RejectReason::OutOfStock,
        RejectReason::PriceChanged => order_wire::order::RejectReason::PriceChanged,
        RejectReason::ShopClosed => order_wire::order::RejectReason::ShopClosed,
        RejectReason::Expired => order_wire::order::RejectReason::Expired,
    }
}

/// An actor on the wire.
pub fn actor(actor: &Actor) -> actor_wire::Actor {
    let kind = match actor.kind {
        ActorKind::Customer => actor_wire::actor::Kind::Customer,
        ActorKind::Staff => actor_wire::actor::Kind::Staff,
        ActorKind::Manager => actor_wire::actor::Kind::Manager,
        ActorKind::Operator => actor_wire::actor::Kind::Operator,
        ActorKind::Service => actor_wire::actor::Kind::Service,
    };
    actor_wire::Actor { kind: kind.into(), id: actor.id.clone() }
}

/// An actor from the wire; none where its kind is not given.
pub fn parse_actor(actor: Option<&actor_wire::Actor>) -> Option<Actor> {
    let actor = actor?;
    let kind = match actor.kind() {
        actor_wire::actor::Kind::Unspecified => return None,
        actor_wire::actor::Kind::Customer => ActorKind::Customer,
        actor_wire::actor::Kind::Staff => ActorKind::Staff,
        actor_wire::actor::Kind::Manager => ActorKind::Manager,
        actor_wire::actor::Kind::Operator => ActorKind::Operator,
        actor_wire::actor::Kind::Service => ActorKind::Service,
    };
    Some(Actor { kind, id: actor.id.clone() })
}

/// An entry of a history on the wire.
///
/// # Errors
/// The entry names no status.
pub fn history_entry(entry: &HistoryEntry) -> Result<order_wire::OrderEvent, store::Error> {
    let kind = order_wire::order_event::Kind::from_str_name(&format!("KIND_{}", entry.status));
    let kind = kind.ok_or_else(|| store::Error::inconsistent(format!("status {}", entry.status)))?;
    Ok(order_wire::OrderEvent {
        version: entry.version,
        kind: kind.into(),
        actor: Some(actor(&entry.actor)),
        reason: entry.reason.clone(),
        event_time: Some(timestamp(entry.time)),
    })
}

/// An order that waits too long on the wire; none where it waits for nothing.
pub fn stuck_order(order: &Order) -> Option<order_wire::StuckOrder> {
    let waiting = order.waits_for()?;
    let mut wire = order_wire::StuckOrder {
        order: Some(self::order(order)),
        since: Some(timestamp(order.waits_since())),
        advice: advice(waiting).to_owned(),
        ..order_wire::StuckOrder::default()
    };
    wire.set_waits_for(waits_for(Some(waiting)));
    Some(wire)
}

/// What an order waits for on the wire.
pub fn waits_for(waits_for: Option<WaitsFor>) -> order_wire::stuck_order::WaitsFor {
    match waits_for {
        None => order_wire::stuck_order::WaitsFor::Unspecified,
        Some(WaitsFor::Booking) => order_wire::stuck_order::WaitsFor::Booking,
        Some(WaitsFor::Stock) => order_wire::stuck_order::WaitsFor::Stock,
        Some(WaitsFor::Shipment) => order_wire::stuck_order::WaitsFor::Shipment,
    }
}

fn advice(waits_for: WaitsFor) -> &'static str {
    match waits_for {
        WaitsFor::Booking => {
            "delivery-svc has not booked it. It is tried again every few seconds, and rejected after reserve_by. See \
             whether delivery-svc answers; ResumeOrder tries at once."
        }
        WaitsFor::Stock => {
            "shop-svc has not told whether the stock is reserved. It is rejected after reserve_by, once all that shop-svc \
             told is heard. See whether shop-svc runs, and its consumer lag and dead letters and order-svc's."
        }
        WaitsFor::Shipment => {
            "The shop has not shipped it. It stays so until its staff ship or cancel it, or its customer cancels. Ask the \
             shop; if it did ship, see order-svc's consumer lag and dead letters for delivery."
        }
    }
}

/// The status that a list is filtered by, by its name in rows; none where all are asked for.
///
/// # Errors
/// A number that names no status.
pub fn status_filter(status: i32) -> Result<Option<&'static str>, &'static str> {
    match order_wire::order::Status::try_from(status) {
        Ok(order_wire::order::Status::Unspecified) => Ok(None),
        Ok(status) => Ok(status.as_str_name().strip_prefix("STATUS_")),
        Err(_unknown) => Err("is none that an order can have"),
    }
}

/// A reject reason as an event of shop-svc names it; none where it names none.
pub fn parse_reject_reason(name: &str) -> Option<RejectReason> {
    names::parse_reject_reason(name.strip_prefix("REJECT_REASON_")?).ok()
}
