//! One order: its history, its delivery, its messages and its customer's page tell the same.

use std::collections::BTreeSet;

use proto::delivery::v1::{self as delivery, Delivery};
use proto::mypage::v1::{self as mypage, MyOrder};
use proto::notify::v1::Message;
use proto::notify::v1::message::{self, RecipientKind, Template};
use proto::order::v1::order::Status;
use proto::order::v1::order_event::Kind;
use proto::order::v1::{GetOrderRequest, ListOrderEventsRequest, Order, OrderEvent};

use super::{Invariant, PAGE, Placed, View, Violation, messages};
use crate::wait::holds;

/// Checks I1, I3, I5, I6 and I8 of an acknowledged order; answers it as its customer sees it.
pub async fn check(view: &View, placed: &Placed) -> Result<Order, Violation> {
    let (order, events) = read(view, placed).await?;
    agree(view, placed, &order, &events).await?;
    Ok(order)
}

/// I1: an acknowledged order with its history.
pub(crate) async fn read(view: &View, placed: &Placed) -> Result<(Order, Vec<OrderEvent>), Violation> {
    let (id, customer) = (placed.order_id.as_str(), view.by(&placed.customer));
    let request = GetOrderRequest { order_id: id.to_owned() };
    let answer = customer.order().get_order(request).await.map_err(Invariant::I1.missing(id))?;
    let order = answer.into_inner().order.ok_or_else(|| nothing(Invariant::I1, id))?;
    let request = ListOrderEventsRequest { order_id: id.to_owned(), page_size: PAGE, page_token: String::new() };
    let answer = customer.order().list_order_events(request).await.map_err(Invariant::I1.missing(id))?;
    let events = answer.into_inner().events;
    gapless(&order, &events).map_err(Invariant::I1.broken())?;
    Ok((order, events))
}

/// I3, I5, I6 and I8: what everybody else knows of it.
pub(crate) async fn agree(view: &View, placed: &Placed, order: &Order, events: &[OrderEvent]) -> Result<(), Violation> {
    let id = placed.order_id.as_str();
    let waits = || format!("order {id} is still PLACED");
    holds(order.status() != Status::Placed, waits()).map_err(Invariant::I8.broken())?;
    let request = delivery::GetDeliveryRequest { delivery_id: id.to_owned() };
    let answer = view.operator().delivery().get_delivery(request).await.map_err(Invariant::I3.missing(id))?;
    let delivery = answer.into_inner().delivery.ok_or_else(|| nothing(Invariant::I3, id))?;
    goes_with(order, &delivery, placed).map_err(Invariant::I3.broken())?;
    let sent = messages(&view.operator(), id).await.map_err(Invariant::Unanswered.broken())?;
    told_once(order, events, &sent).map_err(Invariant::I5.broken())?;
    let request = mypage::GetMyOrderRequest { order_id: id.to_owned() };
    let answer = view.by(&placed.customer).mypage().get_my_order(request).await.map_err(Invariant::I6.missing(id))?;
    let page = answer.into_inner().order.ok_or_else(|| nothing(Invariant::I6, id))?;
    shown(order, &delivery, &sent, &page).map_err(Invariant::I6.broken())
}

fn nothing(invariant: Invariant, id: &str) -> Violation {
    invariant.broken()(format!("{id}: an answer without what was asked for"))
}

/// I3: as far as its order, and to whom it was to go.
fn goes_with(order: &Order, delivery: &Delivery, placed: &Placed) -> Result<(), String> {
    agrees(order, delivery)?;
    // What ended before it was booked left a tombstone, which knows no recipient.
    let buried = delivery.recipient.is_none() && delivery.status() == delivery::delivery::Status::Cancelled;
    // One whose customer was erased lost it by a change of its own.
    let erased = delivery.recipient.is_none() && changed_besides(delivery);
    let same = delivery.recipient.as_ref() == Some(&placed.recipient);
    holds(same || buried || erased, format!("delivery {delivery:?} was to go to {:?}", placed.recipient))
}

/// I1: versions from 1 on without a gap, each change a legal one, the last one the order's status.
fn gapless(order: &Order, events: &[OrderEvent]) -> Result<(), String> {
    let seen = || format!("order {order:?} with the history {events:?}");
    holds(i64::try_from(events.len()) == Ok(order.version), seen())?;
    let mut last = Kind::Unspecified;
    for (version, event) in (1..).zip(events) {
        holds(event.version == version && follows(last, event.kind()), seen())?;
        holds(event.actor.as_ref().is_some_and(|actor| !actor.id.is_empty()) && event.event_time.is_some(), seen())?;
        last = event.kind();
    }
    holds(last.as_str_name().trim_start_matches("KIND_") == name(order), seen())
}

const fn follows(before: Kind, after: Kind) -> bool {
    matches!(
        (before, after),
        (Kind::Unspecified, Kind::Placed)
            | (Kind::Placed, Kind::Confirmed | Kind::Rejected | Kind::Cancelled)
            | (Kind::Confirmed, Kind::Shipped | Kind::Cancelled)
            | (Kind::Shipped, Kind::Delivered)
    )
}

fn name(order: &Order) -> &'static str {
    order.status().as_str_name().trim_start_matches("STATUS_")
}

/// I3: the delivery is of this order and as far as it is.
pub fn agrees(order: &Order, delivery: &Delivery) -> Result<(), String> {
    let seen = || format!("order {order:?} with the delivery {delivery:?}");
    let same = delivery.order_id == order.order_id
        && delivery.shop_id == order.shop_id
        && delivery.customer_id == order.customer_id
        && delivery.carrier == order.carrier
        // The order keeps what it was told at the shipment.
        && (delivery.tracking_number == order.tracking_number || changed_besides(delivery));
    holds(same, seen())?;
    let wanted = match order.status() {
        Status::Unspecified => return Err(seen()),
        Status::Placed => delivery::delivery::Status::Booked,
        Status::Confirmed => delivery::delivery::Status::Ready,
        Status::Rejected | Status::Cancelled => delivery::delivery::Status::Cancelled,
        Status::Shipped => delivery::delivery::Status::Shipped,
        Status::Delivered => delivery::delivery::Status::Delivered,
    };
    holds(delivery.status() == wanted, seen())
}

/// Whether a delivery that was shipped changed otherwise than by passing through its states: corrected, or erased.
fn changed_besides(delivery: &Delivery) -> bool {
    match delivery.status() {
        delivery::delivery::Status::Shipped => delivery.version > 3,
        delivery::delivery::Status::Delivered => delivery.version > 4,
        delivery::delivery::Status::Unspecified
        | delivery::delivery::Status::Booked
        | delivery::delivery::Status::Ready
        | delivery::delivery::Status::Cancelled => false,
    }
}

/// I5: one message per change, recipient and channel.
fn told_once(order: &Order, events: &[OrderEvent], sent: &[Message]) -> Result<(), String> {
    let mut wanted: Vec<_> = events
        .iter()
        .flat_map(|event| {
            let template = event.kind().as_str_name().trim_start_matches("KIND_");
            let shop = matches!(event.kind(), Kind::Placed | Kind::Cancelled);
            [Some(("CUSTOMER", template)), shop.then_some(("SHOP", template))].into_iter().flatten()
        })
        .collect();
    let mut found: Vec<_> = sent.iter().map(|message| (kind(message), template(message))).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    holds(wanted == found, format!("order {}: told {found:?} and not {wanted:?}", order.order_id))?;
    for message in sent {
        let recipient = match message.recipient_kind() {
            RecipientKind::Customer => &order.customer_id,
            RecipientKind::Shop => &order.shop_id,
            RecipientKind::Unspecified => return Err(format!("a message to nobody: {message:?}")),
        };
        let right = message.status() == message::Status::Sent
            && message.recipient_id == *recipient
            && ["log", "webhook", "smtp"].contains(&message.channel.as_str())
            && message.version == 1;
        holds(right, format!("message {message:?} of order {order:?}"))?;
    }
    Ok(())
}

fn kind(message: &Message) -> &'static str {
    message.recipient_kind().as_str_name().trim_start_matches("RECIPIENT_KIND_")
}

fn template(message: &Message) -> &'static str {
    Template::as_str_name(&message.template()).trim_start_matches("TEMPLATE_")
}

/// I6: the customer's page equals what order, delivery and messages hold.
fn shown(order: &Order, delivery: &Delivery, sent: &[Message], page: &MyOrder) -> Result<(), String> {
    let seen = || format!("my page shows {page:?} of {order:?} with {delivery:?} and {sent:?}");
    let same = page.status == order.status
        && page.order_version == order.version
        && page.total == order.total
        && page.shop_id == order.shop_id
        && page.create_time == order.create_time
        && page.update_time == order.update_time;
    holds(same, seen())?;
    let lines: Vec<_> = page.lines.iter().map(|line| (&line.phone_id, line.quantity, &line.serials)).collect();
    let ordered: Vec<_> = order.lines.iter().map(|line| (&line.phone_id, line.quantity, &line.serials)).collect();
    holds(lines == ordered, seen())?;
    let shipment = page.delivery.as_ref().ok_or_else(seen)?;
    let same = shipment.status == delivery.status
        && shipment.version == delivery.version
        && shipment.carrier == delivery.carrier
        && shipment.tracking_number == delivery.tracking_number;
    holds(same, seen())?;
    let told: BTreeSet<_> = page.messages.iter().map(|message| message.message_id.as_str()).collect();
    let customers = sent.iter().filter(|message| message.recipient_kind() == RecipientKind::Customer);
    let wanted: BTreeSet<_> = customers.map(|message| message.message_id.as_str()).collect();
    holds(told == wanted && page.messages.len() == wanted.len(), seen())
}
