//! What people changed of shops and phones, as the audit keeps it.

use chassis::audit::{Fields, Record};

use crate::domain::{Actor, Phone, Serial, Shop, phone, shop};

/// Serials that a record names at most; the units' own histories have all of them.
const NAMED_AT_MOST: usize = 100;

/// The record of a shop's change; `before` is absent where the change registered it.
pub fn shop(before: Option<&Shop>, change: &shop::Change) -> Record {
    let after = &change.state;
    let action = match (change.event, after.status) {
        (shop::Event::Registered, shop::Status::Open | shop::Status::Closed) => "RegisterShop",
        (shop::Event::Updated, shop::Status::Open) => "OpenShop",
        (shop::Event::Updated, shop::Status::Closed) => "CloseShop",
    };
    let changes = before.map(shop_fields).unwrap_or_default().changes(&shop_fields(after));
    let Actor { kind, id } = &change.actor;
    Record {
        actor_role: kind.name(),
        actor_id: id.clone(),
        action,
        subject_kind: "shop",
        subject_id: after.id.to_string(),
        changes,
        time: after.update_time,
    }
}

/// The record of a phone's change; `before` is absent where the change registered it.
pub fn phone(before: Option<&Phone>, change: &phone::Change) -> Record {
    let after = &change.state;
    let fields = phone_fields(after);
    let (action, fields) = match &change.event {
        phone::Event::Registered(serials) => ("RegisterPhones", fields.with("units_added", named(serials))),
        phone::Event::Updated => ("UpdatePhone", fields),
        phone::Event::UnitsAdded(serials) => ("AddUnits", fields.with("units_added", named(serials))),
        phone::Event::UnitsWithdrawn(serials) => ("WithdrawUnits", fields.with("units_withdrawn", named(serials))),
    };
    let Actor { kind, id } = &change.actor;
    Record {
        actor_role: kind.name(),
        actor_id: id.clone(),
        action,
        subject_kind: "phone",
        subject_id: after.id.to_string(),
        changes: before.map(phone_fields).unwrap_or_default().changes(&fields),
        time: after.update_time,
    }
}

fn shop_fields(shop: &Shop) -> Fields {
    Fields::default()
        .with("display_name", shop.name.as_str())
        .with("currency_code", shop.currency.code())
        .with("status", shop.status.name())
}

fn phone_fields(phone: &Phone) -> Fields {
    Fields::default()
        .with("shop_id", phone.shop_id)
        .with("display_name", phone.name.as_str())
        .with("unit_price", format_args!("{} {}", phone.unit_price.minor_units(), phone.currency.code()))
}

fn named(serials: &[Serial]) -> String {
    let (named, more) = serials.split_at(serials.len().min(NAMED_AT_MOST));
    let named = named.iter().map(Serial::as_str).collect::<Vec<_>>().join(",");
    if more.is_empty() { named } else { format!("{named} and {} more", more.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_names_a_bounded_number_of_serials() {
        let serials: Vec<Serial> = (1..=103).map(Serial::assigned).collect();
        assert_eq!(named(&serials[..2]), "TW-00000001,TW-00000002");
        assert!(named(&serials).ends_with("TW-00000100 and 3 more"));
        assert_eq!(named(&[]), "");
    }
}
