//! What order-svc does: one use case a file, and the ports they need.

mod audit;
pub mod book_outstanding;
pub mod cancel_order;
pub mod erase_customer;
pub mod expire_orders;
pub mod follow_delivery;
pub mod follow_stock;
pub mod get_order;
pub mod list_order_events;
pub mod list_orders;
pub mod list_stuck_orders;
pub mod place_order;
pub mod ports;
pub mod resolve_bookings;
pub mod resume_order;
pub mod settle_booking;
pub mod take_back;
mod void_id;

pub use book_outstanding::BookOutstanding;
pub use cancel_order::CancelOrder;
pub use erase_customer::EraseCustomer;
pub use expire_orders::ExpireOrders;
pub use get_order::GetOrder;
pub use list_order_events::ListOrderEvents;
pub use list_orders::ListOrders;
pub use list_stuck_orders::ListStuckOrders;
pub use place_order::PlaceOrder;
pub use ports::{Bookings, Read, Tx};
pub use resolve_bookings::ResolveBookings;
pub use resume_order::ResumeOrder;
