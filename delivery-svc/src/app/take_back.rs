//! Recovery: deliveries become again what their own events tell, in a database that was restored to an older point.
//!
//! An event tells all of a delivery but its personal data and the request that it was booked for. A repeated booking brings
//! both again; otherwise the customer has to, and until then the delivery is not shipped.

use chassis::{
    recovery::{Loss, TakenBack},
    store,
};
use uuid::Uuid;

use super::Tx;
use crate::domain::delivery::{self, Event, Lost, Status};

/// Makes a delivery what a change made it that was told.
///
/// # Errors
/// The database failed.
pub async fn take_back(tx: &mut dyn Tx, told: Event) -> Result<TakenBack, store::Error> {
    let id = told.delivery.id;
    let here = tx.delivery(id).await?;
    let delivery::TakenBack { delivery, cleared, lost } = delivery::taken_back(here.as_ref(), told);
    tx.take_back(&delivery, cleared).await?;
    Ok(TakenBack { version: delivery.version, losses: lost.iter().map(|lost| loss(id, what(lost))).collect() })
}

/// Tells of the deliveries whose recipient is lost, and of the erasures that may be.
///
/// # Errors
/// The database failed.
pub async fn finish(tx: &mut dyn Tx) -> Result<Vec<Loss>, store::Error> {
    let mut losses = vec![Loss {
        subject: "erased customers".to_owned(),
        what: "erasures since the backup have to be asked again (twordctl erase)".to_owned(),
    }];
    for (id, status) in tx.without_recipient().await? {
        losses.extend(without_recipient(status).map(|what| loss(id, what.to_owned())));
    }
    Ok(losses)
}

fn without_recipient(status: Status) -> Option<&'static str> {
    match status {
        Status::Booked | Status::Ready => {
            Some("its recipient is lost; the customer has to give it again (CorrectRecipient) before it can be shipped")
        }
        Status::Shipped => Some("its recipient is lost; it is on its way, and the carrier knows where to"),
        Status::Delivered | Status::Cancelled => None,
    }
}

fn loss(id: Uuid, what: String) -> Loss {
    Loss { subject: format!("delivery {id}"), what }
}

fn what(lost: &Lost) -> String {
    match lost {
        Lost::Later { status, version } => format!(
            "since the restore it had become {status} here (version {version}), which gives way to what was told before; \
             look at it, and do again what is still wanted"
        ),
    }
}
