//! Use cases, one a file, and the ports they need.

mod audit;
pub mod book_delivery;
pub mod cancel_delivery;
mod change;
pub mod complete_delivery;
pub mod correct_recipient;
pub mod correct_tracking_number;
pub mod erase_customer;
mod erasure;
pub mod follow_order;
pub mod get_delivery;
pub mod list_deliveries;
pub mod ports;
pub mod ship_delivery;
pub mod take_back;
mod tombstone;
pub mod viewer;
pub mod void_bookings;

pub use change::{Changed, Error as ChangeError};
pub use ports::{Claims, Read, Tx};
