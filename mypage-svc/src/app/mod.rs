//! The use cases, one a file, and the ports they need.

pub mod get_my_order;
pub mod list_my_orders;
pub mod ports;
pub mod project;

pub use get_my_order::GetMyOrder;
pub use list_my_orders::ListMyOrders;
pub use ports::{Query, Read, Tx};
pub use project::Project;
