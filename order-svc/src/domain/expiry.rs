//! The saga deadline: when an order whose stock was not reserved in time may be rejected.

use std::time::Duration;

use time::OffsetDateTime;

use super::Order;

/// How long after its deadline an order is rejected though shop's events have not been caught up with.
pub const GRACE: Duration = Duration::from_hours(1);

/// Deadlines before this may be held against their orders. `caught_up` is the begin of the last sweep that found no gap
/// in what shop-svc had numbered.
pub fn heard_out(caught_up: Option<OffsetDateTime>, now: OffsetDateTime) -> OffsetDateTime {
    let unheard = now - GRACE;
    caught_up.map_or(unheard, |since| since.max(unheard).min(now))
}

/// Whether an order's deadline may be held against it.
pub fn is_overdue(order: &Order, caught_up: Option<OffsetDateTime>, now: OffsetDateTime) -> bool {
    order.reserve_by < heard_out(caught_up, now)
}
