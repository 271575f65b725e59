//! The use cases, one a file, and the ports they need.

pub mod advance_as_of;
pub mod announced;
pub mod build_copy;
pub mod clear_copies;
pub mod get_my_order;
pub mod hear_changes;
pub mod list_my_orders;
pub mod look_for_watches;
mod patient;
pub mod ports;
pub mod project;
pub mod rebuild_my_page;
pub mod take_back;
pub mod watch_my_orders;
pub mod watches;

pub use advance_as_of::AdvanceAsOf;
pub use build_copy::BuildCopy;
pub use clear_copies::ClearCopies;
pub use get_my_order::GetMyOrder;
pub use hear_changes::HearChanges;
pub use list_my_orders::ListMyOrders;
pub use look_for_watches::LookForWatches;
pub use ports::{AsOf, Query, Read, Tx};
pub use project::Project;
pub use rebuild_my_page::RebuildMyPage;
pub use watch_my_orders::WatchMyOrders;
pub use watches::Watches;
