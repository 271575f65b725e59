//! Reservations as messages.

use chassis::wire;
use proto::shop::v1;

use super::answers;
use crate::domain::reservation::{Change, Event, Held, HeldLine, RejectReason, State};

/// A reservation after a change. Of a release, the lines say what was freed.
pub fn after(change: &Change) -> v1::Reservation {
    let reservation = &change.state;
    let lines = match (&change.event, &reservation.state) {
        (Event::Released(freed), _) => freed.as_ref(),
        (_, State::Reserved(held) | State::Sold(held)) => Some(held),
        (_, State::Rejected(_) | State::Released) => None,
    };
    let (status, reason) = match &reservation.state {
        State::Reserved(_) => (v1::reservation::Status::Reserved, None),
        State::Rejected(reason) => (v1::reservation::Status::Rejected, Some(reject_reason(*reason))),
        State::Released => (v1::reservation::Status::Released, None),
        State::Sold(_) => (v1::reservation::Status::Sold, None),
    };
    v1::Reservation {
        order_id: reservation.order_id.to_string(),
        shop_id: reservation.shop_id.to_string(),
        status: status.into(),
        lines: lines.map(held_lines).unwrap_or_default(),
        total: lines.map(|held| wire::money(held.total(), held.currency.code())),
        reject_reason: reason.unwrap_or_default().into(),
        version: reservation.version,
        create_time: Some(wire::timestamp(reservation.create_time)),
        update_time: Some(wire::timestamp(reservation.update_time)),
    }
}

fn held_lines(held: &Held) -> Vec<v1::ReservedLine> {
    let line = |line: &HeldLine| v1::ReservedLine {
        phone_id: line.phone_id.to_string(),
        unit_price: Some(wire::money(line.unit_price.minor_units(), held.currency.code())),
        serials: answers::serials(&line.serials),
    };
    held.lines.iter().map(line).collect()
}

fn reject_reason(reason: RejectReason) -> v1::reservation::RejectReason {
    use v1::reservation::RejectReason as Wire;
    match reason {
        RejectReason::UnknownShop => Wire::UnknownShop,
        RejectReason::UnknownPhone => Wire::UnknownPhone,
        RejectReason::OutOfStock => Wire::OutOfStock,
        RejectReason::PriceChanged => Wire::PriceChanged,
        RejectReason::ShopClosed => Wire::ShopClosed,
        RejectReason::Expired => Wire::Expired,
    }
}
