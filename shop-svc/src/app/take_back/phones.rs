//! Phones and the units that their events name.

use std::collections::BTreeSet;

use chassis::{recovery::Loss, store::Error};
use time::OffsetDateTime;

use super::{Course, lead, losses};
use crate::{
    app::Tx,
    domain::{
        Serial,
        history::Happening,
        phone::{Change, Event},
    },
};

/// Makes a phone what `change` made it, with its units.
pub async fn take_back(tx: &mut dyn Tx, change: &Change, now: OffsetDateTime) -> Result<Vec<Loss>, Error> {
    let phone = &change.state;
    if tx.shop_alone(phone.shop_id).await?.is_none() {
        return Ok(vec![losses::no_shop(phone)]);
    }
    let mut losses = Vec::new();
    let before = tx.phone(phone.shop_id, phone.id).await?;
    if before.is_some_and(|before| before.version >= phone.version) {
        losses.push(losses::changed_here(phone));
    }
    tx.set_phone(phone).await?;
    match &change.event {
        Event::Updated => {}
        Event::Registered(serials) | Event::UnitsAdded(serials) => {
            let taken = register(tx, change, serials).await?;
            losses.extend(losses::taken(phone, &taken));
        }
        Event::UnitsWithdrawn(serials) => {
            let (actor, time) = (&change.actor, phone.update_time);
            let course = Course { phone_id: phone.id, what: Happening::Withdrawn, actor, time };
            let lost = lead(tx, &course, serials, now, &mut losses).await?;
            losses.extend(losses::not_withdrawn(phone, &lost));
        }
    }
    Ok(losses)
}

/// Adds those of `serials` that the phone does not have; answers those that another phone of the shop has.
async fn register(tx: &mut dyn Tx, change: &Change, serials: &[Serial]) -> Result<Vec<Serial>, Error> {
    let phone = &change.state;
    let here = tx.standing(phone.id, serials).await?;
    let missing: Vec<Serial> = serials.iter().filter(|serial| !here.contains_key(*serial)).cloned().collect();
    let taken = tx.taken_serials(phone.shop_id, &missing, missing.len()).await?;
    let elsewhere: BTreeSet<&Serial> = taken.iter().collect();
    let new: Vec<Serial> = missing.iter().filter(|serial| !elsewhere.contains(serial)).cloned().collect();
    tx.set_units(change, &new).await?;
    if let Some(number) = serials.iter().filter_map(Serial::number).max() {
        tx.pass_number(phone.shop_id, number).await?;
    }
    Ok(taken)
}
