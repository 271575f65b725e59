//! How states, reasons and kinds are read from rows.

use chassis::store::Error;

use crate::domain::{RejectReason, actor::ActorKind, booking};

/// The reject reason of a name.
///
/// # Errors
/// It names none.
pub fn parse_reject_reason(name: &str) -> Result<RejectReason, Error> {
    Ok(match name {
        "UNKNOWN_SHOP" => RejectReason::UnknownShop,
        "UNKNOWN_PHONE" => RejectReason::UnknownPhone,
        "OUT_OF_STOCK" => RejectReason::OutOfStock,
        "PRICE_CHANGED" => RejectReason::PriceChanged,
        "SHOP_CLOSED" => RejectReason::ShopClosed,
        "EXPIRED" => RejectReason::Expired,
        other => return Err(Error::inconsistent(format!("reject reason {other}"))),
    })
}

/// The actor's kind of a name.
///
/// # Errors
/// It names none.
pub fn parse_actor_kind(name: &str) -> Result<ActorKind, Error> {
    Ok(match name {
        "CUSTOMER" => ActorKind::Customer,
        "STAFF" => ActorKind::Staff,
        "MANAGER" => ActorKind::Manager,
        "OPERATOR" => ActorKind::Operator,
        "SERVICE" => ActorKind::Service,
        other => return Err(Error::inconsistent(format!("actor kind {other}"))),
    })
}

/// The name of a booking's state.
pub fn booking(state: booking::State) -> &'static str {
    match state {
        booking::State::AtOnce => "AT_ONCE",
        booking::State::Outstanding => "OUTSTANDING",
        booking::State::Later => "LATER",
    }
}

/// The booking's state of a name.
///
/// # Errors
/// It names none.
pub fn parse_booking(name: &str) -> Result<booking::State, Error> {
    Ok(match name {
        "AT_ONCE" => booking::State::AtOnce,
        "OUTSTANDING" => booking::State::Outstanding,
        "LATER" => booking::State::Later,
        other => return Err(Error::inconsistent(format!("booking {other}"))),
    })
}
