//! What this service measures of its business.

use chassis::store::Error;
use metrics::{Unit, describe_gauge, gauge};

use crate::{app::Read, domain::Stock};

/// Sets the gauges to what is stored now. They are described each time: before the server runs nobody listens.
///
/// # Errors
/// The database failed.
pub async fn measure(reads: &dyn Read) -> Result<(), Error> {
    let Stock { available, reserved, sold, withdrawn } = reads.stock_of_all().await?;
    describe_gauge!("tword_units", Unit::Count, "Units of all shops, by where they stand.");
    for (status, count) in [("AVAILABLE", available), ("RESERVED", reserved), ("SOLD", sold), ("WITHDRAWN", withdrawn)]
    {
        gauge!("tword_units", "status" => status).set(f64::from(count));
    }
    Ok(())
}
