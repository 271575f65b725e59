//! The use cases, one a file, and the ports they need.

pub mod actor;
pub mod audit;
pub mod bell;
pub mod change_contact;
pub mod erase_customer;
pub mod get_contact;
pub mod get_message;
pub mod list_messages;
pub mod ports;
pub mod redrive_message;
pub mod rotate_secret;
pub mod send;
pub mod take_back;
pub mod tell;
pub mod update_contact;

pub use actor::Actor;
pub use bell::Bell;
pub use erase_customer::EraseCustomer;
pub use get_contact::GetContact;
pub use get_message::GetMessage;
pub use list_messages::ListMessages;
pub use ports::{Channel, Envelope, Query, Read, Texts, Tx, Viewer, Words};
pub use redrive_message::RedriveMessage;
pub use rotate_secret::RotateSecret;
pub use send::Sender;
pub use tell::Tell;
pub use update_contact::UpdateContact;
