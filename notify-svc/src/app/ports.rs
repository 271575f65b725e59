//! What the use cases need of the world.

use std::time::Duration;

use chassis::store::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{
    Change, ChannelName, Contact, Language, Message, Recipient, Status, Target, Template, message::Event,
};

/// The transaction's part that keeps messages and contacts.
#[async_trait::async_trait]
pub trait Tx: chassis::store::Tx {
    /// What a recipient has set about its messages, if anything.
    ///
    /// # Errors
    /// The database failed.
    async fn contact(&mut self, owner: &Recipient) -> Result<Option<Contact>, Error>;

    /// The same, in order to change it: nobody else does before this transaction has ended.
    ///
    /// # Errors
    /// The database failed.
    async fn contact_to_change(&mut self, owner: &Recipient) -> Result<Option<Contact>, Error>;

    /// Keeps what a recipient has set, over what it had set before under the same id.
    ///
    /// # Errors
    /// The database failed, or the contact was never set.
    async fn save_contact(&mut self, owner: &Recipient, contact: &Contact) -> Result<(), Error>;

    /// Forgets what a recipient has set. False where there was nothing.
    ///
    /// # Errors
    /// The database failed.
    async fn forget_contact(&mut self, owner: &Recipient) -> Result<bool, Error>;

    /// Whether a message of any of these ids is kept.
    ///
    /// # Errors
    /// The database failed.
    async fn knows_any(&mut self, ids: &[Uuid]) -> Result<bool, Error>;

    /// Keeps a new message. False where its id is known: then nothing was changed.
    ///
    /// # Errors
    /// The database failed.
    async fn insert(&mut self, message: &Message) -> Result<bool, Error>;

    /// Keeps a message over whatever is kept under its id. Nobody has taken it.
    ///
    /// # Errors
    /// The database failed.
    async fn set(&mut self, message: &Message) -> Result<(), Error>;

    /// Reads a message in order to change it: nobody else does before this transaction has ended.
    ///
    /// # Errors
    /// The database failed.
    async fn message(&mut self, id: Uuid) -> Result<Option<Message>, Error>;

    /// At most `limit` messages for a recipient that were not sent and still have what their text is made of, in order to
    /// change them.
    ///
    /// # Errors
    /// The database failed.
    async fn unsent(&mut self, recipient: &Recipient, limit: u32) -> Result<Vec<Message>, Error>;

    /// Writes a change of a message from `before` to `after`, and what happened to it. Nobody has taken it any more.
    ///
    /// # Errors
    /// The database failed, or the message is not the one that was read.
    async fn update(&mut self, before: &Message, after: &Message, event: Option<Event>) -> Result<(), Error>;

    /// Takes those of `due` that still are due, and answers them as they are now. Whatever is for a recipient of whose
    /// messages any is taken already stays as it is, and so does what somebody else is just about to take or to change.
    ///
    /// # Errors
    /// The database failed.
    async fn take(&mut self, due: &[Due], hold: &Hold) -> Result<Vec<Message>, Error>;

    /// Gives messages back that were not tried: they are due as before. Does nothing to those that `holder` has not taken.
    ///
    /// # Errors
    /// The database failed.
    async fn give_back(&mut self, messages: &[Uuid], holder: Uuid) -> Result<(), Error>;
}

/// One sender's hold on messages of a channel: nobody else sends them, nor anything else to their recipients, until it ends
/// or they have an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The channel.
    pub channel: ChannelName,
    /// Who sends.
    pub holder: Uuid,
    /// From when on.
    pub now: OffsetDateTime,
    /// When it ends by itself.
    pub until: OffsetDateTime,
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

/// Whom not to send to just now.
#[derive(Clone, Debug, Default)]
pub struct Skip {
    /// Recipients that are being sent to.
    pub recipients: Vec<Recipient>,
    /// Receivers, as in [`Due`].
    pub receivers: Vec<String>,
    /// Messages that are held back.
    pub messages: Vec<Uuid>,
}

/// A message that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The message.
    pub message_id: Uuid,
    /// Whom it is for.
    pub recipient: Recipient,
    /// Which machine its contact's webhook is on, such as `hooks.example.com:443`; absent for other targets.
    pub receiver: Option<String>,
}

/// How many messages stand where, but for those that are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Those that wait to be sent.
    pub pending: u32,
    /// Those that were given up.
    pub failed: u32,
}

/// Reads outside of any transaction.
#[async_trait::async_trait]
pub trait Read: Send + Sync {
    /// At most `limit` PENDING messages of a channel that are due at `now` and are not to be skipped, those that have been
    /// due longest first; without those for recipients of whose messages any is taken.
    ///
    /// # Errors
    /// The database failed.
    async fn due(&self, channel: ChannelName, now: OffsetDateTime, skip: &Skip, limit: u32) -> Result<Vec<Due>, Error>;

    /// Where a message that `holder` has taken goes to; none where it is held no more, or not until `until`.
    ///
    /// # Errors
    /// The database failed.
    async fn target(&self, message_id: Uuid, holder: Uuid, until: OffsetDateTime) -> Result<Option<Target>, Error>;

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

    /// What a recipient has set about its messages, if anything.
    ///
    /// # Errors
    /// The database failed.
    async fn contact(&self, owner: &Recipient) -> Result<Option<Contact>, Error>;

    /// How many messages are not sent.
    ///
    /// # Errors
    /// The database failed.
    async fn standing(&self) -> Result<Standing, Error>;
}

/// A message as it leaves the system. All of it is the same at every attempt, but for where it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The same at every attempt, so that a receiver recognises a repetition.
    pub message_id: Uuid,
    /// The order it tells of.
    pub order_id: Uuid,
    /// Whom it is for.
    pub recipient: Recipient,
    /// Where that recipient is found.
    pub target: Target,
    /// The change that it tells of.
    pub template: Template,
    /// The same with what it tells.
    pub change: Change,
    /// When the change was heard of.
    pub create_time: OffsetDateTime,
    /// The language of the text.
    pub language: Language,
    /// What the recipient reads.
    pub words: Words,
}

/// A message in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// One line that says what it is about.
    pub subject: String,
    /// All of it.
    pub text: String,
}

/// Why a channel did not take a message. No variant tells an address.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The receiver answered, and did not take it.
    #[error("the receiver did not take it: {answer}")]
    Refused {
        /// What it answered, such as `HTTP 503`.
        answer: String,
        /// For how long it asked to be left alone.
        wait: Duration,
    },
    /// The receiver could not be reached.
    #[error("the receiver cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The receiver is one that nothing may be sent to.
    #[error("the target is not allowed: {0}")]
    Forbidden(&'static str),
    /// It did not answer in time.
    #[error("the channel did not answer in time")]
    Late,
    /// It panicked.
    #[error("the channel panicked")]
    Panicked,
    /// This service has no such channel.
    #[error("the channel {0} is not served")]
    Unserved(&'static str),
    /// What was to be sent cannot be put into the channel's form.
    #[error("the message cannot be put into its channel's form")]
    Form(#[source] Box<dyn std::error::Error + Send + Sync>),
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
    /// A message in words of its language; none once what it is made of is forgotten.
    ///
    /// # Errors
    /// A template is missing or asks for what the message does not have.
    fn words(&self, message: &Message) -> Result<Option<Words>, TextError>;
}
