//! After a restore: customers' counters go back, and the same numbers are given once more to other changes.
//!
//! What is shown needs no taking back: the others' events come again, and are kept at their versions.

use chassis::{recovery::Loss, store::Error};
use time::OffsetDateTime;
use uuid::Uuid;

use super::ports::Tx;

/// Names the served copy anew, so that a watch which goes on after what was seen before the restore starts again; and gives
/// up the copy that is being built, which may have been served meanwhile, under its name. Answers what is to be asked for
/// again.
///
/// # Errors
/// The store failed.
pub async fn finish<T: Tx + ?Sized>(tx: &mut T, now: OffsetDateTime) -> Result<Vec<Loss>, Error> {
    tx.rename_served(Uuid::now_v7()).await?;
    let Some(building) = tx.building().await? else { return Ok(Vec::new()) };
    tx.give_up(building.copy, "the database was restored to an older point", now).await?;
    let what = "it was being built at the time of the backup and is given up; ask for another if one is still wanted";
    Ok(vec![Loss { subject: format!("rebuild {}", building.copy.epoch), what: what.to_owned() }])
}
