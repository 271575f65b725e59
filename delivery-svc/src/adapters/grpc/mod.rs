//! The gRPC services, thin: parse, run the use case, answer.

mod bookings;
mod deliveries;
mod operations;

pub use bookings::Bookings;
pub use deliveries::Deliveries;
pub use operations::Operations;
