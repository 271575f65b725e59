//! How states, reasons and kinds are written in rows.

use chassis::store::Error;

use crate::domain::{RejectReason, Status, actor::ActorKind};

/// The name of a status.
pub fn status(status: &Status) -> &'static str {
    match status {
        Status::Placed => "PLACED",
        Status::Confirmed => "CONFIRMED",
        Status::Rejected(_) => "REJECTED",
        Status::Cancelled { .. } => "CANCELLED",
        Status::Shipped(_) => "SHIPPED",
        Status::Delivered(_) => "DELIVERED",
    }
}

/// The name of a reject reason.
pub fn reject_reason(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::UnknownShop => "UNKNOWN_SHOP",
        RejectReason::UnknownPhone => "UNKNOWN_PHONE",
        RejectReason::OutOfStock => "OUT_OF_STOCK",
        RejectReason::PriceChanged => "PRICE_CHANGED",
        RejectReason::ShopClosed => "SHOP_CLOSED",
        RejectReason::Expired => "EXPIRED",
    }
}

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

/// The name of an actor's kind.
pub fn actor_kind(kind: ActorKind) -> &'static str {
    match kind {
        ActorKind::Customer => "CUSTOMER",
        ActorKind::Staff => "STAFF",
        ActorKind::Manager => "MANAGER",
        ActorKind::Operator => "OPERATOR",
        ActorKind::Service => "SERVICE",
    }
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
