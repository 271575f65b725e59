//! What a message is: whom it tells of which change, and where it stands. Pure and synchronous.

pub mod change;
pub mod message;
pub mod recipient;
pub mod retry;

pub use change::{Change, Money, RejectReason, Template};
pub use message::{Message, Status};
pub use recipient::{ChannelName, Contact, Language, Recipient};
pub use retry::Retry;
