//! I2 and I4, with what managers were told.

use std::collections::{BTreeMap, BTreeSet};

use proto::order::v1::Order;
use proto::shop::v1::Unit;
use proto::shop::v1::unit::Status;

use super::super::ledger::Book;
use super::Audit;
use crate::checker::{Invariant, units};
use crate::grpc::Grpc;
use crate::wait::holds;
use crate::world::Shop;

pub(super) async fn check(staff: &Grpc, shop: &Shop, book: &Book, orders: &[Order], audit: &mut Audit) {
    for phone_id in &shop.phones {
        match units::check_phone(staff, shop, phone_id, orders).await {
            Ok(units) => {
                audit.units += units.len();
                let agreed = agrees(&units, phone_id, book).map_err(|what| format!("phone {phone_id}: {what}"));
                audit.violations.extend(agreed.map_err(Invariant::I2.broken()).err());
            }
            Err(violation) => audit.violations.push(violation),
        }
    }
}

/// As many units as were registered, each one that was added, and withdrawn what was withdrawn and nothing else.
fn agrees(units: &[Unit], phone_id: &str, book: &Book) -> Result<(), String> {
    let registered = book.registered.get(phone_id).copied().unwrap_or_default();
    holds(units.len() == registered, format!("{} units, and {registered} were registered", units.len()))?;
    let found: BTreeMap<_, _> = units.iter().map(|unit| (unit.serial.as_str(), unit.status())).collect();
    let none = BTreeSet::new();
    let added = book.added.get(phone_id).unwrap_or(&none);
    let missing: Vec<_> = added.iter().filter(|serial| !found.contains_key(serial.as_str())).collect();
    holds(missing.is_empty(), format!("units that were added and are not there: {missing:?}"))?;
    let withdrawn: BTreeSet<_> = found.iter().filter(|(_, status)| **status == Status::Withdrawn).collect();
    let withdrawn: BTreeSet<_> = withdrawn.into_iter().map(|(serial, _)| (*serial).to_owned()).collect();
    let told = book.withdrawn.get(phone_id).unwrap_or(&none);
    holds(withdrawn == *told, format!("withdrawn are {withdrawn:?}, and {told:?} were to be"))
}
