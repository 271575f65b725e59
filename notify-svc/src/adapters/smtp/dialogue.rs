//! The dialogue with the mail server: one connection a letter, so that a dialogue that was broken off is no other's.

use std::time::Duration;

use lettre::{
    Message,
    transport::smtp::{
        self,
        authentication::Mechanism,
        client::{AsyncSmtpConnection, Certificate, TlsParameters},
        extension::ClientId,
    },
};

use super::{Credentials, Security, Server};
use crate::app::ports::ChannelError;

/// How long connecting may take, the TLS handshake aside; the attempt as a whole is bounded by its caller.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the farewell may take: the letter is taken by then.
const FAREWELL: Duration = Duration::from_millis(500);
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// Hands letters to one mail server.
pub struct Dialogue {
    address: (String, u16),
    hello: ClientId,
    tls: Option<TlsParameters>,
    security: Security,
    credentials: Option<smtp::authentication::Credentials>,
}

impl Dialogue {
    /// Dialogues in which this service is called `name`; `extra_roots` are certificates in PEM.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn new(
        server: &Server,
        credentials: Option<Credentials>,
        name: &str,
        extra_roots: Option<&[u8]>,
    ) -> Result<Self, smtp::Error> {
        let tls = match server.security {
            Security::Tls | Security::StartTls => Some(parameters(&server.host, extra_roots)?),
            Security::Plain => None,
        };
        Ok(Self {
            address: (server.host.clone(), server.port),
            hello: ClientId::Domain(name.to_owned()),
            tls,
            security: server.security,
            credentials: credentials
                .map(|Credentials { username, password }| smtp::authentication::Credentials::new(username, password)),
        })
    }

    /// Hands a letter over.
    ///
    /// # Errors
    /// The server did not take it.
    pub async fn deliver(&self, letter: &Message) -> Result<(), ChannelError> {
        let mut connection = self.connect().await.map_err(told)?;
        connection.send(letter.envelope(), &letter.formatted()).await.map_err(told)?;
        let _gone = tokio::time::timeout(FAREWELL, connection.quit()).await;
        Ok(())
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, smtp::Error> {
        let wrapper = self.tls.clone().filter(|_| self.security == Security::Tls);
        let address = (self.address.0.as_str(), self.address.1);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(address, Some(CONNECT_TIMEOUT), &self.hello, wrapper, None);
        let mut connection = connecting.await?;
        if let (Security::StartTls, Some(tls)) = (self.security, self.tls.clone()) {
            connection.starttls(tls, &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

fn parameters(host: &str, extra_roots: Option<&[u8]>) -> Result<TlsParameters, smtp::Error> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(pem) = extra_roots {
        builder = builder.add_root_certificate(Certificate::from_pem(pem)?);
    }
    builder.build()
}

/// An error without what the server said: that may name the mailbox.
fn told(error: smtp::Error) -> ChannelError {
    match error.status() {
        Some(code) => ChannelError::Refused { answer: format!("SMTP {code}"), wait: Duration::ZERO },
        None if error.is_response() => {
            ChannelError::Refused { answer: "no SMTP that makes sense".to_owned(), wait: Duration::ZERO }
        }
        None => ChannelError::Unreachable(error.into()),
    }
}
