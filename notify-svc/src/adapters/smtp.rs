//! The channel `smtp`: e-mail by way of one mail server.

mod dialogue;
mod letter;
mod server;

pub use self::server::{Credentials, InvalidServer, Security, Server};
use self::{dialogue::Dialogue, letter::Letterhead};
use crate::{
    app::ports::{Channel, ChannelError, Envelope},
    domain::{ChannelName, Target},
};

/// Hands messages to a mail server.
pub struct SmtpChannel {
    dialogue: Dialogue,
    letterhead: Letterhead,
}

/// Why mail cannot be sent with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// No sender's address.
    #[error("must be an address such as no-reply@example.com or Tword <no-reply@example.com>")]
    From(#[source] lettre::address::AddressError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] lettre::transport::smtp::Error),
}

impl SmtpChannel {
    /// A channel to `server` for mail from `from`. It trusts the machine's certificates and those of `extra_roots`, in PEM.
    ///
    /// # Errors
    /// See [`SetupError`].
    pub fn new(
        server: &Server,
        credentials: Option<Credentials>,
        from: &str,
        extra_roots: Option<&[u8]>,
    ) -> Result<Self, SetupError> {
        let letterhead = Letterhead::parse(from).map_err(SetupError::From)?;
        let dialogue = Dialogue::new(server, credentials, letterhead.domain(), extra_roots).map_err(SetupError::Tls)?;
        Ok(Self { dialogue, letterhead })
    }
}

#[async_trait::async_trait]
impl Channel for SmtpChannel {
    async fn send(&self, envelope: &Envelope) -> Result<(), ChannelError> {
        let Target::Smtp(mailbox) = &envelope.target else {
            return Err(ChannelError::Unserved(ChannelName::Smtp.name()));
        };
        let letter = self.letterhead.letter(envelope, mailbox).map_err(ChannelError::Form)?;
        self.dialogue.deliver(&letter).await
    }
}
