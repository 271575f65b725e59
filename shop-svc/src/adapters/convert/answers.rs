//! The domain's types as messages.

use chassis::wire;
use proto::{actor::v1 as actor_v1, shop::v1};

use crate::{
    app::StockedPhone,
    domain::{
        Actor, Currency, Phone, Price, Serial, Shop, Stock, Unit,
        actor::Kind,
        history::{Entry, Happening},
        order::{self, Listed, ListedLine},
        shop,
        unit::State,
    },
};

/// An actor.
pub fn actor(actor: &Actor) -> actor_v1::Actor {
    let kind = match actor.kind {
        Kind::Customer => actor_v1::actor::Kind::Customer,
        Kind::Staff => actor_v1::actor::Kind::Staff,
        Kind::Manager => actor_v1::actor::Kind::Manager,
        Kind::Operator => actor_v1::actor::Kind::Operator,
        Kind::Service => actor_v1::actor::Kind::Service,
    };
    actor_v1::Actor { kind: kind.into(), id: actor.id.clone() }
}

/// A shop.
pub fn shop(shop: &Shop) -> v1::Shop {
    let status = match shop.status {
        shop::Status::Open => v1::shop::Status::Open,
        shop::Status::Closed => v1::shop::Status::Closed,
    };
    v1::Shop {
        shop_id: shop.id.to_string(),
        display_name: shop.name.as_str().to_owned(),
        currency_code: shop.currency.code().to_owned(),
        status: status.into(),
        version: shop.version,
        create_time: Some(wire::timestamp(shop.create_time)),
        update_time: Some(wire::timestamp(shop.update_time)),
    }
}

/// A phone, with its counts where they are given.
pub fn phone(phone: &Phone, stock: Option<Stock>) -> v1::Phone {
    v1::Phone {
        phone_id: phone.id.to_string(),
        shop_id: phone.shop_id.to_string(),
        display_name: phone.name.as_str().to_owned(),
        unit_price: Some(money(phone.unit_price, &phone.currency)),
        stock: stock.map(counts),
        version: phone.version,
        create_time: Some(wire::timestamp(phone.create_time)),
        update_time: Some(wire::timestamp(phone.update_time)),
    }
}

/// A phone with its counts.
pub fn stocked(stocked: &StockedPhone) -> v1::Phone {
    phone(&stocked.phone, Some(stocked.stock))
}

/// Serials as texts.
pub fn serials(serials: &[Serial]) -> Vec<String> {
    serials.iter().map(|serial| serial.as_str().to_owned()).collect()
}

/// A unit.
pub fn unit(unit: &Unit) -> v1::Unit {
    let (status, order_id) = match unit.state {
        State::Available => (v1::unit::Status::Available, None),
        State::Reserved(order_id) => (v1::unit::Status::Reserved, Some(order_id)),
        State::Sold(order_id) => (v1::unit::Status::Sold, Some(order_id)),
        State::Withdrawn => (v1::unit::Status::Withdrawn, None),
    };
    v1::Unit {
        serial: unit.serial.as_str().to_owned(),
        phone_id: unit.phone_id.to_string(),
        status: status.into(),
        order_id: order_id.map(|id| id.to_string()).unwrap_or_default(),
        create_time: Some(wire::timestamp(unit.create_time)),
    }
}

/// A unit as a customer may see it: who holds it and since when it is there is the shop's business.
pub fn choice(unit: &Unit) -> v1::Unit {
    v1::Unit { order_id: String::new(), create_time: None, ..self::unit(unit) }
}

/// An entry of a unit's history.
pub fn unit_event(entry: &Entry) -> v1::UnitEvent {
    let (kind, order_id) = match entry.what {
        Happening::Registered => (v1::unit_event::Kind::Registered, None),
        Happening::Reserved(order_id) => (v1::unit_event::Kind::Reserved, Some(order_id)),
        Happening::Released(order_id) => (v1::unit_event::Kind::Released, Some(order_id)),
        Happening::Sold(order_id) => (v1::unit_event::Kind::Sold, Some(order_id)),
        Happening::Withdrawn => (v1::unit_event::Kind::Withdrawn, None),
    };
    v1::UnitEvent {
        kind: kind.into(),
        order_id: order_id.map(|id| id.to_string()).unwrap_or_default(),
        actor: entry.actor.as_ref().map(actor),
        event_time: Some(wire::timestamp(entry.time)),
    }
}

/// An order as its shop sees it.
pub fn order(order: &Listed) -> v1::ShopOrder {
    let status = match order.status {
        order::Status::Placed => v1::shop_order::Status::Placed,
        order::Status::Confirmed => v1::shop_order::Status::Confirmed,
        order::Status::Rejected => v1::shop_order::Status::Rejected,
        order::Status::Cancelled => v1::shop_order::Status::Cancelled,
        order::Status::Shipped => v1::shop_order::Status::Shipped,
        order::Status::Delivered => v1::shop_order::Status::Delivered,
    };
    let total = order.total().zip(order.currency.as_ref());
    v1::ShopOrder {
        order_id: order.id.to_string(),
        shop_id: order.shop_id.to_string(),
        customer_id: order.customer_id.clone(),
        lines: order.lines.iter().map(|line| order_line(line, order.currency.as_ref())).collect(),
        status: status.into(),
        total: total.map(|(total, currency)| wire::money(total, currency.code())),
        version: order.version,
        create_time: Some(wire::timestamp(order.create_time)),
        update_time: Some(wire::timestamp(order.update_time)),
    }
}

fn order_line(line: &ListedLine, currency: Option<&Currency>) -> v1::ShopOrderLine {
    v1::ShopOrderLine {
        phone_id: line.phone_id.to_string(),
        quantity: clamped(line.quantity),
        unit_price: line.unit_price.zip(currency).map(|(price, currency)| money(price, currency)),
        serials: serials(&line.serials),
        requested_serials: serials(&line.requested),
    }
}

fn money(price: Price, currency: &Currency) -> proto::Money {
    wire::money(price.minor_units(), currency.code())
}

fn counts(stock: Stock) -> v1::Stock {
    v1::Stock {
        registered: clamped(stock.registered()),
        available: clamped(stock.available),
        reserved: clamped(stock.reserved),
        sold: clamped(stock.sold),
        withdrawn: clamped(stock.withdrawn),
    }
}

fn clamped(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
