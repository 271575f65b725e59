//! Saves what a manager changed of a phone.

use chassis::store::Error;

use super::{StockedPhone, Tx, audit};
use crate::domain::{Phone, phone::Change};

/// Saves a phone's new version with the audit of it, and answers it with its new counts. `before` is absent where the change
/// registered it.
pub async fn save_phone(tx: &mut dyn Tx, before: Option<&Phone>, change: Change) -> Result<StockedPhone, Error> {
    tx.save_phone(&change).await?;
    tx.audit(&audit::phone(before, &change)).await?;
    let stock = tx.stock(change.state.id).await?;
    Ok(StockedPhone { phone: change.state, stock })
}
