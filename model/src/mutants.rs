//! Decisions with one guard gone each: the model has to find every one of them, or it proves nothing.

use delivery_svc::domain::delivery::{Delivery, Event, Kind, State as DeliveryState};
use notify_svc::domain::message_id::message_id;
use order_svc::domain::{
    Order, Status,
    order::{Decider, Refused},
    placing::{Claim, Replay},
    saga::{self, OnStock, Stock},
};
use shop_svc::domain::{
    Reservation,
    order::{Effect, Status as ShopStatus},
    reservation::{self, Decision, Held, HeldLine, Pick, State as ReservationState, Take},
};

use crate::{
    check::explore,
    decisions::{Decisions, Met},
    properties, setup,
};

/// One wrong decision.
#[derive(Clone, Copy)]
pub struct Mutant {
    /// What is wrong.
    pub name: &'static str,
    /// The exploration that finds it.
    pub setup: &'static str,
    /// The property that it breaks.
    pub breaks: &'static str,
    /// The decisions with the wrong one among them.
    pub decisions: fn() -> Decisions,
}

macro_rules! mutants {
    ($($name:literal in $setup:literal breaks $breaks:ident: $decision:ident = $wrong:expr;)*) => {
        /// All of them.
        pub const ALL: &[Mutant] = &[$(Mutant {
            name: $name,
            setup: $setup,
            breaks: properties::$breaks,
            decisions: || Decisions { $decision: $wrong, ..Decisions::production() },
        }),*];
    };
}

mutants! {
    "a delivery that is only booked is shipped" in "order" breaks SHIPPED:
        ship = |delivery, tracking, actor, now| match delivery.state {
            DeliveryState::Booked { .. } => Ok(next(delivery, DeliveryState::Shipped(tracking), Kind::Started, actor, now)),
            _ => delivery.ship(tracking, actor, now),
        };
    "a booking that was cancelled is taken again" in "fallback" breaks FORWARD:
        meet = |found, booking, now| match found {
            None => Ok(Met::New(Delivery::book(booking, now))),
            Some(delivery) if matches!(delivery.state, DeliveryState::Cancelled(_)) => {
                let actor = delivery_svc::domain::actor::Actor::customer(booking.customer_id.clone());
                let delivery = Delivery { request_hash: Some(booking.request_hash), ..delivery };
                Ok(Met::New(next(delivery, DeliveryState::Booked { claimed: false }, Kind::Booked, actor, now)))
            }
            Some(delivery) => delivery.rebook(&booking).map(Met::Found),
        };
    "a booking is another request's as well" in "reuse" breaks COMPLETE:
        meet = |found, booking, now| Ok(match found {
            None => Met::New(Delivery::book(booking, now)),
            Some(delivery) => Met::Found(delivery),
        });
    "stock is reserved in spite of a tombstone" in "competing" breaks FORWARD:
        is_due = |found| match found.map(|reservation| &reservation.state) {
            None | Some(ReservationState::Released) => true,
            Some(ReservationState::Reserved(_) | ReservationState::Rejected(_) | ReservationState::Sold(_)) => false,
        };
    "stock is reserved again when the order is heard of again" in "competing" breaks VERSION:
        is_due = |_| true;
    "units are reserved that are not there" in "competing" breaks UNITS:
        decide = |order, shop, offers, now| match reservation::decide(order, shop, offers, now) {
            Decision::Reject(reservation::RejectReason::OutOfStock) => Decision::Reserve {
                currency: shop.map_or_else(|| unreachable!("a shop"), |shop| shop.currency.clone()),
                takes: order.lines.as_slice().iter().map(|line| Take {
                    phone_id: line.phone_id,
                    pick: Pick::Oldest(line.quantity),
                    unit_price: offers[&line.phone_id].phone.unit_price,
                }).collect(),
            },
            decision => decision,
        };
    "units are freed each time that the order's end is heard of" in "competing" breaks UNITS:
        end = |found, order, now| match found {
            Some(Reservation { state: ReservationState::Released, .. }) => free_again(found, order, now),
            found => Reservation::end(found, order, now),
        };
    "units of rejected orders are not freed" in "order" breaks FREED:
        effect = |status| match status {
            ShopStatus::Rejected => Effect::Nothing,
            status => status.effect(),
        };
    "an order is confirmed without a booking" in "fallback" breaks COMPLETE:
        on_stock = |order, told, actor, now| match (order, told) {
            (Some(order), Stock::Reserved(_)) if order.booking_outstanding() => {
                let booked = order.booked().unwrap_or_else(|| order.clone());
                match saga::on_stock(Some(&booked), told, actor, now) {
                    Ok(OnStock::Save(changes)) => Ok(OnStock::Save(changes)),
                    other => other,
                }
            }
            (order, told) => saga::on_stock(order, told, actor, now),
        };
    "a late reservation confirms an order that has ended" in "competing" breaks FORWARD:
        on_stock = |order, told, actor, now| match (order, told) {
            (Some(order), Stock::Reserved(_)) if matches!(order.status, Status::Cancelled { .. } | Status::Rejected(_)) => {
                saga::on_stock(Some(&Order { status: Status::Placed, ..order.clone() }), told, actor, now)
            }
            (order, told) => saga::on_stock(order, told, actor, now),
        };
    "what is held is forgotten when the booking is made" in "fallback" breaks AGREED:
        settled = |order, _, actor, now| order.settled(None, actor, now);
    "a confirmed order is cancelled without asking its delivery" in "order" breaks SHIPPED:
        cancel_decider = |_| Decider::Order;
    "a shipped order is cancelled" in "order" breaks SHIPPED:
        cancel = |order, by, reason, now| match order.cancel(by.clone(), reason.clone(), now) {
            Err(Refused::AlreadyShipped) => {
                Order { status: Status::Confirmed, ..order.clone() }.cancel(by, reason, now)
            }
            other => other,
        };
    "a reserved order expires" in "order" breaks SHIPPED:
        reject = |order, reason, actor, now| match order.status {
            Status::Confirmed => {
                Order { status: Status::Placed, ..order.clone() }.reject(reason, actor, now)
            }
            _ => order.reject(reason, actor, now),
        };
    "a void is later than an order" in "void" breaks CLAIM:
        claim = |_, asked| asked;
    "a key that placed an order places another one" in "fallback-retry" breaks KEY:
        replay = |_, _| Replay::New;
    "a key is not bound to its request" in "reuse" breaks KEY:
        replay = |placed, _| match placed {
            None => Replay::New,
            Some((order, _)) => Replay::Placed(Box::new(order.as_placed())),
        };
    "a replay answers the order as it is now" in "retry" breaks KEY:
        replay = |placed, hash| match placed {
            Some((order, asked)) if asked == *hash => Replay::Placed(Box::new(order)),
            placed => order_svc::domain::placing::replay(placed, hash),
        };
    "an order's id can become void" in "void" breaks CLAIM:
        claim = |standing, asked| match (standing, asked) {
            (Some(Claim::Void), Claim::Order) | (_, Claim::Void) => Claim::Void,
            (_, Claim::Order) => Claim::Order,
        };
    "a shipment is always too early" in "order" breaks DRAINS:
        on_delivery = |order, told, actor, now| match told {
            saga::Progress::Started(_) => Err(saga::Unable::Early(Refused::NotConfirmed)),
            told => saga::on_delivery(order, told, actor, now),
        };
    "a cancelled delivery becomes ready" in "order" breaks FORWARD:
        follow = |delivery, standing, actor, now| match (&delivery.state, standing) {
            (DeliveryState::Cancelled(_), delivery_svc::domain::follow::Standing::Confirmed) => {
                Delivery { state: DeliveryState::Booked { claimed: true }, ..delivery }.follow(standing, actor, now)
            }
            _ => delivery.follow(standing, actor, now),
        };
    "a shipped delivery is cancelled" in "order" breaks SENSE:
        cancel_delivery = |delivery, cancellation, now| match delivery.state {
            DeliveryState::Shipped(_) => {
                Delivery { state: DeliveryState::Ready, ..delivery }.cancel(cancellation, now)
            }
            _ => delivery.cancel(cancellation, now),
        };
    "a message's id does not tell its recipient" in "messages" breaks ALL_TOLD:
        message = |heard, recipient, contact, now| {
            let nobody = notify_svc::domain::Recipient::Customer(String::new());
            let id = message_id(heard.event_id, &nobody, contact.channel());
            notify_svc::domain::Message { id, ..heard.message(recipient, contact, now) }
        };
    "a shop's message goes to the customer" in "messages" breaks TOLD:
        message = |heard, recipient, contact, now| {
            let customer = notify_svc::domain::Recipient::Customer(heard.customer_id.clone());
            notify_svc::domain::Message { recipient: customer, ..heard.message(recipient, contact, now) }
        };
    "a message's id does not tell its event" in "messages" breaks ALL_TOLD:
        message = |heard, recipient, contact, now| {
            let id = message_id(heard.order_id, &recipient, contact.channel());
            notify_svc::domain::Message { id, ..heard.message(recipient, contact, now) }
        };
    "my page keeps what was heard last" in "page" breaks PAGE_FORWARD:
        is_news = |_, _| true;
    "my page keeps what was heard first" in "page" breaks PAGE:
        is_news = |kept, _| kept.is_none();
}

/// The next version of a delivery, whatever it was.
fn next(
    delivery: Delivery,
    state: DeliveryState,
    kind: Kind,
    actor: delivery_svc::domain::actor::Actor,
    now: time::OffsetDateTime,
) -> Event {
    Event { kind, delivery: Delivery { state, version: delivery.version + 1, update_time: now, ..delivery }, actor }
}

/// Frees once more what the shop's first unit is.
fn free_again(
    found: Option<Reservation>,
    order: &shop_svc::domain::Order,
    now: time::OffsetDateTime,
) -> Result<Option<reservation::Change>, reservation::Error> {
    let line = |line: &shop_svc::domain::order::Line| {
        let unit_price = shop_svc::domain::Price::new(1).unwrap_or_else(|_| unreachable!("a price"));
        HeldLine { phone_id: line.phone_id, unit_price, serials: vec![shop_svc::domain::Serial::assigned(1)] }
    };
    let currency = shop_svc::domain::Currency::parse("KRW").unwrap_or_else(|_| unreachable!("a currency"));
    let held = Held { currency, lines: order.lines.as_slice().iter().map(line).collect() };
    let reservation = found.map(|found| Reservation { state: ReservationState::Reserved(held), ..found });
    Reservation::end(reservation, order, now)
}

/// Explores every mutant whose name contains `only`, and prints the shortest way to what it breaks; whether all were found.
pub fn show(only: &str) -> bool {
    let chosen = ALL.iter().filter(|mutant| mutant.name.contains(only));
    chosen.fold(true, |found, mutant| {
        let Some(setup) = setup::SMALL.iter().find(|setup| setup.name == mutant.setup) else { return false };
        let explored = explore(*setup, (mutant.decisions)(), 1);
        println!("{}\n{explored}\n", mutant.name);
        found && explored.broken.iter().any(|(property, _)| *property == mutant.breaks)
    })
}
