//! Units: none lost, none made, none in two orders, and each with a history that leads to where it stands.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use proto::order::v1::Order;
use proto::order::v1::order::Status as OrderStatus;
use proto::shop::v1::unit::Status;
use proto::shop::v1::unit_event::Kind;
use proto::shop::v1::{GetPhoneRequest, GetUnitRequest, ListUnitsRequest, Stock, Unit, UnitEvent};

use super::{Invariant, LOOKS, PAGE, Violation, said};
use crate::grpc::Grpc;
use crate::wait::holds;
use crate::world::Shop;

/// Checks I2 and I4 of each of a shop's phones.
pub async fn check(staff: &Grpc, shop: &Shop, orders: &[Order]) -> Result<(), Violation> {
    for phone_id in &shop.phones {
        check_phone(staff, shop, phone_id, orders).await?;
    }
    Ok(())
}

/// The same of one phone; answers its units.
pub(crate) async fn check_phone(
    staff: &Grpc,
    shop: &Shop,
    phone_id: &str,
    orders: &[Order],
) -> Result<Vec<Unit>, Violation> {
    let units = units(staff, shop, phone_id).await.map_err(Invariant::Unanswered.broken())?;
    let request = GetPhoneRequest { shop_id: shop.id.clone(), phone_id: phone_id.to_owned() };
    let answer = staff.shop().get_phone(request).await.map_err(Invariant::I2.missing(phone_id))?.into_inner();
    let stock = answer.phone.and_then(|phone| phone.stock);
    let stock = stock.ok_or_else(|| Invariant::I2.broken()(format!("{phone_id}: a phone without its stock")))?;
    let of_phone = |what: String| format!("phone {phone_id}: {what}");
    counted(&stock, &units).map_err(of_phone).map_err(Invariant::I2.broken())?;
    freed(&units, orders).map_err(of_phone).map_err(Invariant::I4.broken())?;
    held(phone_id, &units, orders).map_err(of_phone).map_err(Invariant::I2.broken())?;
    let told = stream::iter(&units).map(Ok).try_for_each_concurrent(LOOKS, |unit| told(staff, shop, unit)).await;
    told.map_err(of_phone).map_err(Invariant::I2.broken())?;
    Ok(units)
}

async fn units(staff: &Grpc, shop: &Shop, phone_id: &str) -> Result<Vec<Unit>, String> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListUnitsRequest {
            shop_id: shop.id.clone(),
            phone_id: phone_id.to_owned(),
            status: 0,
            page_size: PAGE,
            page_token,
        };
        let page = staff.shop().list_units(request).await.map_err(said)?.into_inner();
        all.extend(page.units);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}

/// I2: registered = available + reserved + sold + withdrawn, and each is what the units say.
fn counted(stock: &Stock, units: &[Unit]) -> Result<(), String> {
    let count = |status: Status| units.iter().filter(|unit| unit.status() == status).count();
    let counts = [
        (stock.registered, units.len()),
        (stock.available, count(Status::Available)),
        (stock.reserved, count(Status::Reserved)),
        (stock.sold, count(Status::Sold)),
        (stock.withdrawn, count(Status::Withdrawn)),
    ];
    let right = counts.iter().all(|(said, counted)| usize::try_from(*said).is_ok_and(|said| said == *counted));
    let sum = stock.available + stock.reserved + stock.sold + stock.withdrawn;
    holds(right && stock.registered == sum, format!("{stock:?}, but the units are {counts:?}"))?;
    let serials: BTreeSet<_> = units.iter().map(|unit| unit.serial.as_str()).collect();
    holds(serials.len() == units.len(), "a serial number stands twice")
}

/// I4: no order that ended without a shipment holds a unit.
fn freed(units: &[Unit], orders: &[Order]) -> Result<(), String> {
    let ended = orders.iter().filter(|order| matches!(order.status(), OrderStatus::Rejected | OrderStatus::Cancelled));
    let ended: BTreeSet<_> = ended.map(|order| order.order_id.as_str()).collect();
    let kept: Vec<_> = units.iter().filter(|unit| ended.contains(unit.order_id.as_str())).collect();
    holds(kept.is_empty(), format!("units that ended orders still hold: {kept:?}"))
}

/// I2: a confirmed order's units are reserved for it, a shipped one's are sold, no other order holds any.
fn held(phone_id: &str, units: &[Unit], orders: &[Order]) -> Result<(), String> {
    let mut wanted = BTreeMap::new();
    for order in orders {
        let status = match order.status() {
            OrderStatus::Confirmed => Status::Reserved,
            OrderStatus::Shipped | OrderStatus::Delivered => Status::Sold,
            OrderStatus::Unspecified | OrderStatus::Placed | OrderStatus::Rejected | OrderStatus::Cancelled => continue,
        };
        for line in order.lines.iter().filter(|line| line.phone_id == *phone_id) {
            let whole = usize::try_from(line.quantity).is_ok_and(|quantity| quantity == line.serials.len());
            holds(whole, format!("an order with other than its quantity of units: {order:?}"))?;
            for serial in &line.serials {
                let twice = wanted.insert(serial.as_str(), (status, order.order_id.as_str()));
                holds(twice.is_none(), format!("unit {serial} belongs to two orders"))?;
            }
        }
    }
    let taken = units.iter().filter(|unit| matches!(unit.status(), Status::Reserved | Status::Sold));
    let found: BTreeMap<_, _> =
        taken.map(|unit| (unit.serial.as_str(), (unit.status(), unit.order_id.as_str()))).collect();
    let wrong: Vec<_> = found.iter().filter(|(serial, held)| wanted.get(*serial) != Some(held)).collect();
    let missing: Vec<_> = wanted.keys().filter(|serial| !found.contains_key(*serial)).collect();
    holds(wrong.is_empty() && missing.is_empty(), format!("units held by no live order {wrong:?}, missing {missing:?}"))
}

/// A unit's history goes its ways without a gap, each change by somebody, and ends where the unit stands.
async fn told(staff: &Grpc, shop: &Shop, unit: &Unit) -> Result<(), String> {
    let events = history(staff, shop, &unit.serial).await?;
    let seen = || format!("unit {unit:?} with the history {events:?}");
    let mut stands = (Status::Unspecified, "");
    for event in &events {
        stands = after(stands, event).ok_or_else(seen)?;
        holds(event.actor.as_ref().is_some_and(|actor| !actor.id.is_empty()) && event.event_time.is_some(), seen())?;
    }
    holds(stands == (unit.status(), unit.order_id.as_str()), seen())
}

/// Where a change leaves a unit, and for which order; none where there is no such way.
fn after<'a>((status, order_id): (Status, &'a str), event: &'a UnitEvent) -> Option<(Status, &'a str)> {
    let for_one = !event.order_id.is_empty();
    let for_same = for_one && event.order_id == order_id;
    match (status, event.kind()) {
        (Status::Unspecified, Kind::Registered) if !for_one => Some((Status::Available, "")),
        (Status::Available, Kind::Reserved) if for_one => Some((Status::Reserved, &event.order_id)),
        (Status::Available, Kind::Withdrawn) if !for_one => Some((Status::Withdrawn, "")),
        (Status::Reserved, Kind::Released) if for_same => Some((Status::Available, "")),
        (Status::Reserved, Kind::Sold) if for_same => Some((Status::Sold, &event.order_id)),
        _ => None,
    }
}

/// The whole history of a unit, oldest first.
///
/// # Errors
/// It could not be read.
pub async fn history(staff: &Grpc, shop: &Shop, serial: &str) -> Result<Vec<UnitEvent>, String> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request =
            GetUnitRequest { shop_id: shop.id.clone(), serial: serial.to_owned(), page_size: PAGE, page_token };
        let page = staff.shop().get_unit(request).await.map_err(said)?.into_inner();
        all.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(all);
        }
    }
}
