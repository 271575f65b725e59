//! What order-svc does: one use case a file, and the ports they need.

pub mod cancel_order;
pub mod expire_orders;
pub mod follow_delivery;
pub mod follow_stock;
pub mod get_order;
pub mod list_order_events;
pub mod list_orders;
pub mod place_order;
pub mod ports;
pub mod resolve_bookings;

pub use cancel_order::CancelOrder;
pub use expire_orders::ExpireOrders;
pub use get_order::GetOrder;
pub use list_order_events::ListOrderEvents;
pub use list_orders::ListOrders;
pub use place_order::PlaceOrder;
pub use ports::{Bookings, Read, Tx};
pub use resolve_bookings::ResolveBookings;
