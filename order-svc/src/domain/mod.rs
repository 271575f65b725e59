//! Orders: what they are, what may happen to them, and what follows.

pub mod actor;
pub mod booking;
pub mod canonical;
pub mod expiry;
pub mod money;
pub mod new_order;
pub mod order;
pub mod order_id;
pub mod placing;
pub mod recipient;
pub mod saga;
pub mod taking_back;

pub use actor::{Actor, Caller};
pub use money::Money;
pub use new_order::{NewLine, NewOrder};
pub use order::{Change, Order, RejectReason, Status};
pub use recipient::Recipient;
