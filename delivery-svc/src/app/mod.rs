//! Use cases, one a file, and the ports they need.

pub mod book_delivery;
pub mod cancel_delivery;
pub mod complete_delivery;
pub mod follow_order;
pub mod get_delivery;
pub mod list_deliveries;
pub mod ports;
pub mod ship_delivery;
mod staff_change;
mod tombstone;
pub mod viewer;
pub mod void_bookings;

pub use ports::{Claims, Read, Tx};
pub use staff_change::{Changed, Error as StaffChangeError};
