//! A message to a customer, as notify-svc told it.

use time::OffsetDateTime;
use uuid::Uuid;

/// Whether a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Handed to its channel.
    Sent,
    /// Given up after the last attempt.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Sent, Self::Failed];

    /// Its name, such as `SENT`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "SENT",
            Self::Failed => "FAILED",
        }
    }
}

/// A message at one version.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// The message's id.
    pub id: Uuid,
    /// The order it tells of.
    pub order_id: Uuid,
    /// The change it tells of, such as `CONFIRMED`.
    pub template: String,
    /// The channel it went through.
    pub channel: String,
    /// Whether it was sent.
    pub status: Status,
    /// When it was sent or given up.
    pub time: OffsetDateTime,
    /// The higher one is the later one.
    pub version: i64,
}
