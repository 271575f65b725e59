//! Names new units: checks serials that were given against the shop's, or assigns them.

use chassis::store;
use uuid::Uuid;

use super::Tx;
use crate::domain::{Serial, unit::NewUnits};

/// Taken serials that an answer names at most.
pub const NAMED_AT_MOST: usize = 20;

/// Which of the serials that `units` gives the shop has already.
pub async fn taken<'a>(
    tx: &mut dyn Tx,
    shop_id: Uuid,
    units: impl Iterator<Item = &'a NewUnits> + Send,
) -> Result<Vec<Serial>, store::Error> {
    let given = units.filter_map(|units| match units {
        NewUnits::Given(serials) => Some(serials.as_slice()),
        NewUnits::Assigned(_) => None,
    });
    let given: Vec<Serial> = given.flatten().cloned().collect();
    if given.is_empty() { Ok(Vec::new()) } else { tx.taken_serials(shop_id, &given, NAMED_AT_MOST).await }
}

/// The serials of new units.
pub async fn name(tx: &mut dyn Tx, shop_id: Uuid, units: &NewUnits) -> Result<Vec<Serial>, store::Error> {
    match units {
        NewUnits::Given(serials) => Ok(serials.clone()),
        NewUnits::Assigned(0) => Ok(Vec::new()),
        NewUnits::Assigned(count) => {
            let first = tx.assign_numbers(shop_id, *count).await?;
            Ok((0..u64::from(*count)).map(|index| Serial::assigned(first + index)).collect())
        }
    }
}
