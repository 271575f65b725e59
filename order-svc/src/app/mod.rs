//! What order-svc does: one use case a file, and the ports they need.

pub mod cancel_order;
pub mod expire_orders;
pub mod follow_delivery;
pub mod follow_stock;
pub mod place_order;
pub mod ports;
pub mod read_orders;
pub mod resolve_bookings;

pub use ports::{Bookings, Read, Tx};
