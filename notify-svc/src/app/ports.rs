//! What the use cases need of the world.

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{ChannelName, Contact, Language, Message, Recipient, Status, Template, message::Event};

/// The transaction's part that keeps messages.
#[async_trait::async_trait]
pub trait Tx: chassis::store::Tx {
    /// What a recipient has set about its messages, if anything.
    ///
    /// # Errors
    /// The database failed.
    async fn contact(&mut self, recipient: &Recipient) -> Result<Option<Contact>, Error>;

    /// Keeps a new message. False where its id is known: then nothing was changed.
    ///
    /// # Errors
    /// The database failed.
    async fn insert(&mut self, message: &Message) -> Result<bool, Error>;

    /// Reads a message in order to change it.
    ///
    /// # Errors
    /// The database failed.
    async fn message(&mut self, id: Uuid) -> Result<Option<Message>, Error>;

    /// Writes what an attempt changed of a message that was PENDING, and what happened to it.
    ///
    /// # Errors
    /// The database failed, or the message is not the one that was read.
    async fn record_attempt(&mut self, message: &Message, event: Option<Event>) -> Result<(), Error>;
}

/// Whose messages someone may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Everyone's.
    Operator,
    /// Those for these recipients; none where empty.
    Recipients(Vec<Recipient>),
}

impl Viewer {
    /// Whether a message for `recipient` may be seen.
    pub fn sees(&self, recipient: &Recipient) -> bool {
        match self {
            Self::Operator => true,
            Self::Recipients(own) => own.contains(recipient),
        }
    }
}

/// A run of messages that was asked for, oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Who asks.
    pub viewer: Viewer,
    /// Only about this order.
    pub order_id: Option<Uuid>,
    /// Only those that stand here.
    pub status: Option<Status>,
    /// Only those after this create time and id.
    pub after: Option<(OffsetDateTime, Uuid)>,
    /// At most this many.
    pub rows: i64,
}

/// Reads outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// At most `limit` PENDING messages that are due at `now` and not for one of the `busy` recipients, those that have
    /// been due longest first.
    ///
    /// # Errors
    /// The database failed.
    async fn due(&self, now: OffsetDateTime, busy: &[Recipient], limit: u32) -> Result<Vec<Message>, Error>;

    /// One message, whoever asks.
    ///
    /// # Errors
    /// The database failed.
    async fn message(&self, id: Uuid) -> Result<Option<Message>, Error>;

    /// The messages that a query asks for.
    ///
    /// # Errors
    /// The database failed.
    async fn messages(&self, query: &Query) -> Result<Vec<Message>, Error>;
}

/// A message as it leaves the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The same at every attempt, so that a receiver recognises a repetition.
    pub message_id: Uuid,
    /// The order it tells of.
    pub order_id: Uuid,
    /// Whom it is for.
    pub recipient: Recipient,
    /// The change that it tells of.
    pub template: Template,
    /// The way that it goes.
    pub channel: ChannelName,
    /// The language of the text.
    pub language: Language,
    /// What the recipient reads.
    pub text: String,
}

/// Why a channel did not take a message.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// It said so, or could not be reached.
    #[error("the channel failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It did not answer in time.
    #[error("the channel did not answer in time")]
    Late,
    /// It panicked.
    #[error("the channel panicked")]
    Panicked,
    /// This service has no such channel.
    #[error("the channel {0} is not served")]
    Unserved(&'static str),
    /// There was no text to send.
    #[error("the text could not be written")]
    Text(#[from] TextError),
}

/// A way out of the system, such as a log, e-mail or a webhook.
#[async_trait::async_trait]
pub trait Channel: Send + Sync {
    /// Hands a message over. It may be handed over again, with the same id.
    ///
    /// # Errors
    /// The message was not taken; another attempt may help.
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError>;
}

/// A text could not be made.
#[derive(Debug, thiserror::Error)]
#[error("a template of the texts is missing or wrong")]
pub struct TextError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Puts messages into words.
pub trait Texts: Send + Sync {
    /// The text of a message in its language; none once what it is made of is forgotten.
    ///
    /// # Errors
    /// A template is missing or asks for what the message does not have.
    fn text(&self, message: &Message) -> Result<Option<String>, TextError>;
}
