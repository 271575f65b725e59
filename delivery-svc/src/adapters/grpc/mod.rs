//! The gRPC services, thin: parse, run the use case, answer.

mod bookings;
mod deliveries;

pub use bookings::Bookings;
pub use deliveries::Deliveries;
