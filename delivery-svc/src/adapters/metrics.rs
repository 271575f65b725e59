//! What the service measures of its business.

use std::sync::Arc;

use chassis::store;
use metrics::Unit;

use crate::{
    app::Read,
    domain::{delivery::Status, named::Named},
};

const DELIVERIES: &str = "tword_deliveries";
/// The final ones are not counted: they grow for ever.
const COUNTED: [Status; 3] = [Status::Booked, Status::Ready, Status::Shipped];
/// Counted of each at most, so that counting stays cheap.
const MOST: u32 = 100_000;

/// Says what the gauges mean.
pub fn describe() {
    let help = "Deliveries that are under way, by where they stand; more than 100,000 are counted as 100,000.";
    metrics::describe_gauge!(DELIVERIES, Unit::Count, help);
}

/// Counts anew.
///
/// # Errors
/// The database failed.
pub async fn sweep(reads: Arc<dyn Read>) -> Result<(), store::Error> {
    for status in COUNTED {
        let count = reads.standing(status, MOST).await?;
        metrics::gauge!(DELIVERIES, "status" => status.name()).set(f64::from(count));
    }
    Ok(())
}
