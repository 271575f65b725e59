//! gRPC in: the public service, the operators' one and the one that delivery-svc calls.

mod claims;
mod operations;
mod orders;

use chassis::{refusal::Violations, wire};
use tracing::Span;
use uuid::Uuid;

use crate::domain::{Order, order::Line};

pub use claims::Claims;
pub use operations::Operations;
pub use orders::Orders;

/// Units that a page names at most, and lines, so that it fits an answer; a page ends early for it.
const MAX_UNITS_A_PAGE: usize = 20_000;

/// The id; the nil one, which is no order's, where it is wrong.
fn order_id(violations: &mut Violations, text: &str) -> Uuid {
    violations.check("order_id", wire::uuid(text)).unwrap_or_default()
}

/// What is logged in it is about one order.
fn about(order_id: Uuid) -> Span {
    tracing::info_span!("order", %order_id)
}

/// Lines and units that an order names.
fn units(order: &Order) -> usize {
    let held = |line: &Line| line.reserved.as_ref().map_or(0, |held| held.serials.len());
    order.lines.iter().map(|line| 1 + line.requested_serials.len() + held(line)).sum()
}
