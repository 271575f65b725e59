//! gRPC in: the public service and the one that delivery-svc calls.

mod claims;
mod orders;

pub use claims::Claims;
pub use orders::Orders;
