//! Orders: what they are, what may happen to them, and what follows.

pub mod actor;
pub mod money;
pub mod order;
pub mod order_id;
pub mod recipient;

pub use actor::{Actor, Caller};
pub use money::Money;
pub use order::{Change, NewLine, NewOrder, Order, RejectReason, Status};
pub use recipient::Recipient;
