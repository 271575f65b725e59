//! What could not be taken back, in words for whoever runs the service.

use std::collections::BTreeMap;

use chassis::recovery::Loss;
use uuid::Uuid;

use crate::domain::{Phone, Reservation, Serial};

/// Serials that a sentence names at most.
const NAMED_AT_MOST: usize = 20;

/// Calls were answered that nobody remembers.
pub fn answers() -> Loss {
    let what = "calls with an idempotency key that were answered after the backup are not remembered: one that is tried \
                again may have its effect again; look what is there before one is repeated";
    Loss { subject: "calls of managers and operators".to_owned(), what: what.to_owned() }
}

/// A phone's shop is not here.
pub fn no_shop(phone: &Phone) -> Loss {
    of_phone(
        phone,
        format!("its shop {} is not here, so nothing of it was taken back; register both anew", phone.shop_id),
    )
}

/// A phone was changed here since the restore.
pub fn changed_here(phone: &Phone) -> Loss {
    let what = "it was changed here after the restore; its name and price are as its peers know them, but units that were \
                added or withdrawn here stay so; compare them with the shelf";
    of_phone(phone, what.to_owned())
}

/// Serials that an event adds to a phone are another's.
pub fn taken(phone: &Phone, serials: &[Serial]) -> Option<Loss> {
    let what = "are units of another phone here, registered after the restore; look whose they are";
    named(serials).map(|named| of_phone(phone, format!("{named} {what}")))
}

/// Units that were withdrawn cannot be.
pub fn not_withdrawn(phone: &Phone, serials: &[Serial]) -> Option<Loss> {
    let what = "were withdrawn before the restore, but are not here or are sold; look where they are";
    named(serials).map(|named| of_phone(phone, format!("{named} {what}")))
}

/// Units that an order held cannot be held for it.
pub fn not_held(reservation: &Reservation, lost: &BTreeMap<Uuid, Vec<Serial>>) -> Option<Loss> {
    let serials: Vec<Serial> = lost.values().flatten().cloned().collect();
    let what = "are held for it as its peers know, but are not here, are withdrawn or are another order's; fulfil it by \
                other units or cancel it";
    named(&serials).map(|named| of_order(reservation.order_id, &format!("{named} {what}")))
}

/// An order's units were sold here, and its peers know otherwise.
pub fn sold_here(reservation: &Reservation) -> Loss {
    let what = "its units were sold here after the restore, which cannot be undone; its peers were told of its stock \
                otherwise; compare what was shipped";
    of_order(reservation.order_id, what)
}

/// An order that was reserved since the restore is rejected.
pub fn rejected_instead(order_id: Uuid) -> Loss {
    let what = "units that it got after the restore are another order's; it is rejected as out of stock";
    of_order(order_id, what)
}

/// An order that held units does not any more, though no event says so.
pub fn released_meanwhile(order_id: Uuid) -> Loss {
    let what = "units that it holds are another order's later on; it must have been released, and is so now; look whether \
                it was cancelled";
    of_order(order_id, what)
}

fn of_phone(phone: &Phone, what: String) -> Loss {
    Loss { subject: format!("phone {}", phone.id), what }
}

fn of_order(order_id: Uuid, what: &str) -> Loss {
    Loss { subject: format!("order {order_id}"), what: what.to_owned() }
}

/// The serials as a sentence begins with them; none where there are none.
fn named(serials: &[Serial]) -> Option<String> {
    let (first, more) = serials.split_at(serials.len().min(NAMED_AT_MOST));
    let names = first.iter().map(Serial::as_str).collect::<Vec<_>>().join(", ");
    match (first, more) {
        ([], _) => None,
        (_, []) => Some(format!("units {names}")),
        (_, more) => Some(format!("units {names} and {} more", more.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_a_bounded_number_of_units() {
        let serials: Vec<Serial> = (1..=22).map(Serial::assigned).collect();
        assert_eq!(named(&[]), None);
        assert_eq!(named(&serials[..2]).as_deref(), Some("units TW-00000001, TW-00000002"));
        assert!(named(&serials).expect("names").ends_with("TW-00000020 and 2 more"));
    }
}
