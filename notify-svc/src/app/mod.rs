//! The use cases, one a file, and the ports they need.

pub mod get_message;
pub mod list_messages;
pub mod message_id;
pub mod ports;
pub mod send;
pub mod tell;

pub use get_message::GetMessage;
pub use list_messages::ListMessages;
pub use ports::{Channel, Envelope, Query, Read, Texts, Tx, Viewer};
pub use send::Sender;
pub use tell::Tell;
