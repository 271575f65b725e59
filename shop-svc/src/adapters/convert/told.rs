//! What this service told of itself, back from messages: the inverse of `answers` and `reservations`.

use std::fmt::Display;

use chassis::wire;
use proto::{Money, actor::v1 as actor_v1, shop::v1};

use crate::domain::{
    Actor, Currency, Name, Phone, Price, Reservation, Serial, Shop,
    actor::Kind,
    reservation::{Held, HeldLine, RejectReason, State},
    shop,
};

/// Why a message is none of this service's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// A field is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A field is wrong.
    #[error("{0} {1}")]
    Field(&'static str, String),
}

/// A shop.
///
/// # Errors
/// It is none.
pub fn shop(shop: Option<&v1::Shop>) -> Result<Shop, Wrong> {
    let shop = present("shop", shop)?;
    let status = match shop.status() {
        v1::shop::Status::Unspecified => return Err(Wrong::Missing("status")),
        v1::shop::Status::Open => shop::Status::Open,
        v1::shop::Status::Closed => shop::Status::Closed,
    };
    Ok(Shop {
        id: field("shop_id", wire::uuid(&shop.shop_id))?,
        name: field("display_name", Name::parse(&shop.display_name))?,
        currency: field("currency_code", Currency::parse(&shop.currency_code))?,
        status,
        version: version(shop.version)?,
        create_time: present("create_time", wire::time(shop.create_time.as_ref()))?,
        update_time: present("update_time", wire::time(shop.update_time.as_ref()))?,
    })
}

/// A phone.
///
/// # Errors
/// It is none.
pub fn phone(phone: Option<&v1::Phone>) -> Result<Phone, Wrong> {
    let phone = present("phone", phone)?;
    let (unit_price, currency) = price(phone.unit_price.as_ref())?;
    Ok(Phone {
        id: field("phone_id", wire::uuid(&phone.phone_id))?,
        shop_id: field("shop_id", wire::uuid(&phone.shop_id))?,
        name: field("display_name", Name::parse(&phone.display_name))?,
        unit_price,
        currency,
        version: version(phone.version)?,
        create_time: present("create_time", wire::time(phone.create_time.as_ref()))?,
        update_time: present("update_time", wire::time(phone.update_time.as_ref()))?,
    })
}

/// A reservation, with what was ever held for it: of a released one, what was freed.
///
/// # Errors
/// It is none.
pub fn reservation(reservation: Option<&v1::Reservation>) -> Result<(Reservation, Option<Held>), Wrong> {
    use v1::reservation::Status;

    let told = present("reservation", reservation)?;
    let held = held(&told.lines)?;
    let state = match told.status() {
        Status::Unspecified => return Err(Wrong::Missing("status")),
        Status::Reserved => State::Reserved(present("lines", held.clone())?),
        Status::Rejected => State::Rejected(reject_reason(told.reject_reason())?),
        Status::Released => State::Released,
        Status::Sold => State::Sold(present("lines", held.clone())?),
    };
    let reservation = Reservation {
        order_id: field("order_id", wire::uuid(&told.order_id))?,
        shop_id: field("shop_id", wire::uuid(&told.shop_id))?,
        state,
        version: version(told.version)?,
        create_time: present("create_time", wire::time(told.create_time.as_ref()))?,
        update_time: present("update_time", wire::time(told.update_time.as_ref()))?,
    };
    Ok((reservation, held))
}

/// Serials.
///
/// # Errors
/// One is none.
pub fn serials(texts: &[String]) -> Result<Vec<Serial>, Wrong> {
    texts.iter().map(|text| field("serials", Serial::parse(text))).collect()
}

/// An actor.
///
/// # Errors
/// It is none.
pub fn actor(actor: Option<&actor_v1::Actor>) -> Result<Actor, Wrong> {
    let actor = present("actor", actor)?;
    let kind = match actor.kind() {
        actor_v1::actor::Kind::Unspecified => return Err(Wrong::Missing("actor.kind")),
        actor_v1::actor::Kind::Customer => Kind::Customer,
        actor_v1::actor::Kind::Staff => Kind::Staff,
        actor_v1::actor::Kind::Manager => Kind::Manager,
        actor_v1::actor::Kind::Operator => Kind::Operator,
        actor_v1::actor::Kind::Service => Kind::Service,
    };
    Ok(Actor { kind, id: actor.id.clone() })
}

fn held(lines: &[v1::ReservedLine]) -> Result<Option<Held>, Wrong> {
    let Some(first) = lines.first() else { return Ok(None) };
    let (_, currency) = price(first.unit_price.as_ref())?;
    let line = |line: &v1::ReservedLine| {
        let (unit_price, _) = price(line.unit_price.as_ref())?;
        let phone_id = field("phone_id", wire::uuid(&line.phone_id))?;
        Ok(HeldLine { phone_id, unit_price, serials: serials(&line.serials)? })
    };
    Ok(Some(Held { currency, lines: lines.iter().map(line).collect::<Result<_, _>>()? }))
}

fn reject_reason(reason: v1::reservation::RejectReason) -> Result<RejectReason, Wrong> {
    use v1::reservation::RejectReason as Wire;
    match reason {
        Wire::Unspecified => Err(Wrong::Missing("reject_reason")),
        Wire::UnknownShop => Ok(RejectReason::UnknownShop),
        Wire::UnknownPhone => Ok(RejectReason::UnknownPhone),
        Wire::OutOfStock => Ok(RejectReason::OutOfStock),
        Wire::PriceChanged => Ok(RejectReason::PriceChanged),
        Wire::ShopClosed => Ok(RejectReason::ShopClosed),
        Wire::Expired => Ok(RejectReason::Expired),
    }
}

fn price(money: Option<&Money>) -> Result<(Price, Currency), Wrong> {
    let (minor_units, code) = field("unit_price", wire::minor_units(money))?;
    Ok((field("unit_price", Price::new(minor_units))?, field("unit_price", Currency::parse(code))?))
}

fn version(version: i64) -> Result<i64, Wrong> {
    if version < 1 { Err(Wrong::Missing("version")) } else { Ok(version) }
}

fn present<T>(name: &'static str, value: Option<T>) -> Result<T, Wrong> {
    value.ok_or(Wrong::Missing(name))
}

fn field<T>(name: &'static str, parsed: Result<T, impl Display>) -> Result<T, Wrong> {
    parsed.map_err(|wrong| Wrong::Field(name, wrong.to_string()))
}
