//! Recovery: orders become again what their own events tell, in a database that was restored to an older point.
//!
//! An order's event tells all of it but its idempotency key and its recipient. A key finds its order again by the id that
//! follows from it, see [`super::place_order`]. What shop-svc holds for an order comes again with shop-svc's own events.

use chassis::{
    recovery::{Loss, TakenBack},
    store,
};
use uuid::Uuid;

use super::ports::{Claim, Tx};
use crate::domain::{
    Change,
    taking_back::{self, Lost},
};

/// Makes an order what a change made it that was told.
///
/// # Errors
/// The database failed.
pub async fn take_back(tx: &mut dyn Tx, told: Change) -> Result<TakenBack, store::Error> {
    let here = tx.order(told.order.id).await?;
    let (told, mut lost) = taking_back::taken_back(here.as_ref(), told);
    match tx.take_back(&told).await? {
        Claim::Void => lost.push(Lost::Void),
        Claim::Order => {}
    }
    let losses = lost.into_iter().map(|lost| loss(told.order.id, what(&lost))).collect();
    Ok(TakenBack { version: told.order.version, losses })
}

/// Tells of the orders whose recipient is lost: it was kept here alone, until their delivery was booked.
///
/// # Errors
/// The database failed.
pub async fn finish(tx: &mut dyn Tx) -> Result<Vec<Loss>, store::Error> {
    let lost = "its recipient was only here; where delivery-svc had booked it meanwhile it goes on by itself, otherwise \
                cancel it, or leave it to be rejected when its deadline has passed";
    Ok(tx.without_recipient().await?.into_iter().map(|id| loss(id, lost.to_owned())).collect())
}

fn loss(id: Uuid, what: String) -> Loss {
    Loss { subject: format!("order {id}"), what }
}

fn what(lost: &Lost) -> String {
    match lost {
        Lost::Key => {
            "it was taken while delivery-svc was away, and its idempotency key is lost: where its customer tries \
                      again, that is another order; cancel one of them"
                .to_owned()
        }
        Lost::Later { status, version } => format!(
            "since the restore it had become {status} here (version {version}), which gives way to what was told before; \
             look at it, and do again what is still wanted"
        ),
        Lost::Void => {
            "its id was voided here since the restore, and its delivery may be cancelled because of that; where \
                       it is, cancel the order"
                .to_owned()
        }
    }
}
