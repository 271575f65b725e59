//! What a message is: whom it tells of which change, where it goes, and where it stands. Pure and synchronous.

pub mod change;
pub mod contact;
pub mod heard;
pub mod message;
pub mod message_id;
pub mod recipient;
pub mod retry;
pub mod secret;
pub mod target;
pub mod told;

pub use change::{Change, Money, RejectReason, Template};
pub use contact::{Contact, Fresh, Wish};
pub use heard::Heard;
pub use message::{Message, Status};
pub use recipient::{ChannelName, Language, Recipient};
pub use retry::Retry;
pub use secret::{Previous, Secret, Secrets};
pub use target::{Mailbox, NewTarget, Target, Webhook, WebhookUrl};
pub use told::Told;
