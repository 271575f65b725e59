//! Where the mail server is, and how it is spoken to.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// A mail server: `smtps://HOST[:465]` for TLS from the start, `smtp://HOST[:587]` for STARTTLS, which it then must offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What protects the dialogue.
    pub security: Security,
    /// Whether it is this machine.
    pub loopback: bool,
}

/// What protects the dialogue with a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte on.
    Tls,
    /// TLS before anything is said that matters.
    StartTls,
    /// Nothing.
    Plain,
}

/// No mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write smtps://HOST[:PORT], smtp://HOST[:PORT]?tls=required, or smtp://HOST[:PORT]?tls=none; a user and password have settings of their own"
)]
pub struct InvalidServer;

impl FromStr for Server {
    type Err = InvalidServer;

    fn from_str(text: &str) -> Result<Self, InvalidServer> {
        let url = Url::parse(text).map_err(|_error| InvalidServer)?;
        let (security, usual_port) = match (url.scheme(), url.query()) {
            ("smtps", None | Some("tls=required")) => (Security::Tls, 465),
            ("smtp", None | Some("tls=required")) => (Security::StartTls, 587),
            ("smtp", Some("tls=none")) => (Security::Plain, 25),
            _ => return Err(InvalidServer),
        };
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let host = url.host_str().filter(|host| bare && !host.is_empty() && matches!(url.path(), "" | "/"));
        // This scheme's hosts are not normalised by the parser.
        let host = Host::parse(host.ok_or(InvalidServer)?).map_err(|_error| InvalidServer)?;
        let loopback = match &host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        let host = match host {
            Host::Ipv6(address) => address.to_string(),
            Host::Domain(_) | Host::Ipv4(_) => host.to_string(),
        };
        Ok(Self { host, port: url.port().unwrap_or(usual_port), security, loopback })
    }
}

/// Who the mail server takes this service for. The password is shown in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_understood() {
        let table = [
            ("smtps://mail.example.com", "mail.example.com", 465, Security::Tls, false),
            ("smtp://mail.example.com", "mail.example.com", 587, Security::StartTls, false),
            ("smtp://mail.example.com:2525?tls=required", "mail.example.com", 2_525, Security::StartTls, false),
            ("smtp://localhost:1025?tls=none", "localhost", 1_025, Security::Plain, true),
            ("smtp://127.0.0.1:1025?tls=none", "127.0.0.1", 1_025, Security::Plain, true),
            ("smtps://[::1]:465/", "::1", 465, Security::Tls, true),
        ];
        for (text, host, port, security, loopback) in table {
            let expected = Server { host: host.to_owned(), port, security, loopback };
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "mail.example.com",
            "smtp://",
            "http://mail.example.com",
            "smtp://mina:pw@mail.example.com",
            "smtp://mail.example.com?tls=opportunistic",
            "smtps://mail.example.com?tls=none",
            "smtp://mail.example.com/x",
            "smtp://mail.example.com#x",
        ] {
            assert_eq!(text.parse::<Server>(), Err(InvalidServer), "{text}");
        }
    }
}
