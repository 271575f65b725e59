//! What the business measures: orders by state, what is outstanding or stuck, how orders change and how long they take.

use chassis::store;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use time::Duration;

use crate::{
    app::{ListStuckOrders, ports::Counts},
    domain::{Order, Status},
};

const ORDERS: &str = "tword_orders";
const OUTSTANDING: &str = "tword_bookings_outstanding";
const STUCK: &str = "tword_orders_stuck";
const CHANGES: &str = "tword_order_changes_total";
const CONFIRM_SECONDS: &str = "tword_order_confirm_seconds";
/// Every status that a change can bring an order to, so that each is shown before its first time.
const STATUSES: [&str; 6] = ["PLACED", "CONFIRMED", "REJECTED", "CANCELLED", "SHIPPED", "DELIVERED"];

/// Describes the metrics, and shows the counters at 0.
pub fn describe() {
    describe_gauge!(ORDERS, Unit::Count, "Orders that are not final, by status.");
    describe_gauge!(OUTSTANDING, Unit::Count, "PLACED orders whose delivery is not booked yet.");
    describe_gauge!(STUCK, Unit::Count, "Orders that wait longer than they should, by what they wait for.");
    describe_counter!(CHANGES, Unit::Count, "Changes of orders, by the status that they brought.");
    describe_histogram!(CONFIRM_SECONDS, Unit::Seconds, "Time from an order's placement to its confirmation.");
    for status in STATUSES {
        counter!(CHANGES, "status" => status).absolute(0);
    }
    let _shown_from_the_start = histogram!(CONFIRM_SECONDS);
}

/// Measures what there is now.
///
/// # Errors
/// The database failed.
pub async fn measure(stuck: &ListStuckOrders) -> Result<(), store::Error> {
    show(&stuck.count().await?);
    Ok(())
}

/// A change of an order, to be counted once it is committed.
pub struct Change {
    status: &'static str,
    /// From placement to confirmation; none of another change.
    confirmed_after: Option<Duration>,
}

impl Change {
    /// The change that brought an order to where it is.
    pub fn of(order: &Order) -> Self {
        let confirmed = order.status == Status::Confirmed;
        let confirmed_after = confirmed.then(|| order.update_time - order.create_time);
        Self { status: order.status.name(), confirmed_after }
    }

    /// Counts it.
    pub fn count(&self) {
        counter!(CHANGES, "status" => self.status).increment(1);
        if let Some(after) = self.confirmed_after {
            histogram!(CONFIRM_SECONDS).record(after.as_seconds_f64());
        }
    }
}

fn show(counts: &Counts) {
    for (status, orders) in [("PLACED", counts.placed), ("CONFIRMED", counts.confirmed), ("SHIPPED", counts.shipped)] {
        gauge!(ORDERS, "status" => status).set(f64::from(orders));
    }
    gauge!(OUTSTANDING).set(f64::from(counts.bookings_outstanding));
    for (waits_for, orders) in [
        ("BOOKING", counts.stuck_for_booking),
        ("STOCK", counts.stuck_for_stock),
        ("SHIPMENT", counts.stuck_for_shipment),
    ] {
        gauge!(STUCK, "waits_for" => waits_for).set(f64::from(orders));
    }
}
