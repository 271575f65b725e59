//! Reservations and the units that their events name.

use std::collections::BTreeMap;

use chassis::{recovery::Loss, store::Error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Course, lead, losses};
use crate::{
    app::Tx,
    domain::{
        Actor, Reservation, Serial,
        history::Happening,
        recovery,
        reservation::{Change, Event, Held, State},
    },
};

/// Makes an order's stock what `change` made it: the very units, their prices, or none.
pub async fn take_back(tx: &mut dyn Tx, change: &Change, now: OffsetDateTime) -> Result<Vec<Loss>, Error> {
    let told = &change.state;
    let before = tx.reservation(told.order_id).await?;
    if before.as_ref().is_some_and(|before| recovery::stays(before, told)) {
        return Ok(vec![losses::sold_here(told)]);
    }
    for line in recovery::freed(before.as_ref(), told) {
        let what = Happening::Released(told.order_id);
        tx.step(line.phone_id, &line.serials, what, &change.actor, told.update_time).await?;
    }
    let mut losses = Vec::new();
    let lost = hold(tx, change, now, &mut losses).await?;
    losses.extend(losses::not_held(told, &lost));
    let held = match (recovery::holding(told), &change.event) {
        (Some((_, held)), _) => held.without(&lost),
        (None, Event::Released(Some(freed))) => known(tx, told.shop_id, freed).await?,
        (None, Event::Reserved | Event::Rejected | Event::Released(None) | Event::Sold) => None,
    };
    tx.set_reservation(&told.clone().holding_only(held.clone()), held.as_ref()).await?;
    Ok(losses)
}

/// Leads the units that an event tells to be held to where they are; answers those that cannot be, by phone.
async fn hold(
    tx: &mut dyn Tx,
    change: &Change,
    now: OffsetDateTime,
    losses: &mut Vec<Loss>,
) -> Result<BTreeMap<Uuid, Vec<Serial>>, Error> {
    let told = &change.state;
    let mut lost = BTreeMap::new();
    let Some((what, held)) = recovery::holding(told) else { return Ok(lost) };
    for line in &held.lines {
        let course = Course { phone_id: line.phone_id, what, actor: &change.actor, time: told.update_time };
        let missing = lead(tx, &course, &line.serials, now, losses).await?;
        if !missing.is_empty() {
            lost.insert(line.phone_id, missing);
        }
    }
    Ok(lost)
}

/// What was held, but for lines of phones that are not here; none where no line is left.
async fn known(tx: &mut dyn Tx, shop_id: Uuid, held: &Held) -> Result<Option<Held>, Error> {
    let mut gone = BTreeMap::new();
    for line in &held.lines {
        if tx.phone(shop_id, line.phone_id).await?.is_none() {
            gone.insert(line.phone_id, line.serials.clone());
        }
    }
    Ok(held.without(&gone))
}

/// An order gives up all of its units, since one of them is another's: where nobody heard that it holds them, it is rejected
/// instead; where somebody did, it must have been released in between.
pub async fn give_way(tx: &mut dyn Tx, order_id: Uuid, now: OffsetDateTime) -> Result<Loss, Error> {
    let reservation = tx.reservation(order_id).await?;
    let Some((reservation, held)) = reservation.as_ref().and_then(held_by) else {
        return Err(Error::inconsistent(format!("units are reserved for order {order_id}, which holds none")));
    };
    for line in &held.lines {
        let what = Happening::Released(order_id);
        tx.step(line.phone_id, &line.serials, what, &Actor::shop_svc(), now).await?;
    }
    if tx.unsay(order_id).await? > 0 {
        tx.forget_reservation(order_id).await?;
        tx.save_reservation(&reservation.reject_instead(now)).await?;
        return Ok(losses::rejected_instead(order_id));
    }
    tx.set_reservation(&reservation.released_meanwhile(now), Some(held)).await?;
    Ok(losses::released_meanwhile(order_id))
}

fn held_by(reservation: &Reservation) -> Option<(&Reservation, &Held)> {
    match &reservation.state {
        State::Reserved(held) => Some((reservation, held)),
        State::Rejected(_) | State::Released | State::Sold(_) => None,
    }
}
