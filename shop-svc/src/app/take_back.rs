//! After a restore: shops, phones, units and reservations become what this service's own later events tell of them.

mod losses;
mod phones;
mod reservations;

use chassis::{
    recovery::{Loss, TakenBack},
    store::Error,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::Tx;
use crate::domain::{Actor, Serial, history::Happening, order::Effect, phone, recovery, reservation, shop};

/// Orders that are looked after at once.
const ROWS: i64 = 100;

/// What an event of this service tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Of a shop.
    Shop(shop::Change),
    /// Of a phone and its units.
    Phone(phone::Change),
    /// Of an order's stock.
    Reservation(reservation::Change),
}

impl Told {
    /// What changed, and its version after that.
    pub fn subject(&self) -> (Uuid, i64) {
        match self {
            Self::Shop(change) => (change.state.id, change.state.version),
            Self::Phone(change) => (change.state.id, change.state.version),
            Self::Reservation(change) => (change.state.order_id, change.state.version),
        }
    }
}

/// Makes everything what an event told; `now` is the time of what has to change besides, because it was decided here since
/// the restore and stands in the way.
///
/// # Errors
/// The store failed.
pub async fn run(tx: &mut dyn Tx, told: &Told, now: OffsetDateTime) -> Result<TakenBack, Error> {
    let (_id, version) = told.subject();
    let losses = match told {
        Told::Shop(change) => {
            tx.set_shop(&change.state).await?;
            Vec::new()
        }
        Told::Phone(change) => phones::take_back(tx, change, now).await?,
        Told::Reservation(change) => reservations::take_back(tx, change, now).await?,
    };
    Ok(TakenBack { version, losses })
}

/// Frees or sells what the events taken back hold for orders that were heard since the restore to have ended or to be
/// shipped: their own events do not come again. Answers what no event tells.
///
/// # Errors
/// The store failed.
pub async fn finish(tx: &mut dyn Tx, now: OffsetDateTime) -> Result<Vec<Loss>, Error> {
    let mut after = Uuid::nil();
    loop {
        let orders = tx.unfollowed(after, ROWS).await?;
        let Some((last, _)) = orders.last() else { return Ok(vec![losses::answers()]) };
        after = *last;
        for (order_id, status) in orders {
            follow(tx, order_id, status.effect(), now).await?;
        }
    }
}

async fn follow(tx: &mut dyn Tx, order_id: Uuid, effect: Effect, now: OffsetDateTime) -> Result<(), Error> {
    let Some(reservation) = tx.reservation(order_id).await? else { return Ok(()) };
    let change = match effect {
        Effect::Release => reservation.release(now),
        Effect::Sell => reservation.sell(now),
        Effect::Reserve | Effect::Nothing => Ok(None),
    };
    match change.map_err(Error::inconsistent)? {
        Some(change) => tx.save_reservation(&change).await,
        None => Ok(()),
    }
}

/// What an event tells to have happened to units of a phone.
struct Course<'a> {
    phone_id: Uuid,
    what: Happening,
    actor: &'a Actor,
    time: OffsetDateTime,
}

/// Leads units where an event left them; orders that nobody heard to hold them give them up. Answers those that cannot go
/// there.
async fn lead(
    tx: &mut dyn Tx,
    course: &Course<'_>,
    serials: &[Serial],
    now: OffsetDateTime,
    losses: &mut Vec<Loss>,
) -> Result<Vec<Serial>, Error> {
    let Course { phone_id, what, actor, time } = *course;
    let mut standing = tx.standing(phone_id, serials).await?;
    let holders = recovery::holders(&standing, what);
    if !holders.is_empty() {
        for holder in holders {
            losses.push(reservations::give_way(tx, holder, now).await?);
        }
        standing = tx.standing(phone_id, serials).await?;
    }
    let found = recovery::ways(serials, &standing, what);
    for (way, serials) in &found.ways {
        for step in way {
            tx.step(phone_id, serials, *step, actor, time).await?;
        }
    }
    Ok(found.lost)
}
