//! Where messages go to. Addresses are personal: they are shown in no log.

use std::fmt;

use super::{ChannelName, Secrets};

/// Where a contact's messages go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// The service's log, without the text.
    Log,
    /// An HTTP endpoint.
    Webhook(Webhook),
    /// A mailbox.
    Smtp(Mailbox),
}

impl Target {
    /// The channel that leads there.
    pub fn channel(&self) -> ChannelName {
        match self {
            Self::Log => ChannelName::Log,
            Self::Webhook(_) => ChannelName::Webhook,
            Self::Smtp(_) => ChannelName::Smtp,
        }
    }
}

/// Where a contact's messages are to go to from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewTarget {
    /// The service's log.
    Log,
    /// An HTTP endpoint.
    Webhook(WebhookUrl),
    /// A mailbox.
    Smtp(Mailbox),
}

/// An HTTP endpoint and what signs the messages posted to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Where it is.
    pub url: WebhookUrl,
    /// What signs.
    pub secrets: Secrets,
}

/// The URL of an HTTP endpoint. Its path may hold a token, so it is personal as a whole.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    text: String,
    receiver: String,
}

impl WebhookUrl {
    /// A URL that was found to be allowed; `receiver` is its host and port, by which endpoints are told apart that one
    /// machine serves.
    pub fn new(text: String, receiver: String) -> Self {
        Self { text, receiver }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its host and port, such as `hooks.example.com:443`.
    pub fn receiver(&self) -> &str {
        &self.receiver
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookUrl(***)")
    }
}

/// Characters that an address has at most (RFC 5321).
const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;
/// What a local part may have besides letters and digits (RFC 5322, atext).
const ATOM: &[u8] = b"!#$%&'*+-/=?^_`{|}~";

/// An e-mail address, such as `mina@example.com`.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox(String);

/// No e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an e-mail address such as mina@example.com, of ASCII and at most 254 characters")]
pub struct InvalidMailbox;

impl Mailbox {
    /// Parses an address: a local part without quotes or comments, and a host name with a dot.
    ///
    /// # Errors
    /// The text is something else.
    pub fn parse(text: &str) -> Result<Self, InvalidMailbox> {
        let (local, domain) = text.split_once('@').ok_or(InvalidMailbox)?;
        let fits = text.len() <= MAX_ADDRESS && local.len() <= MAX_LOCAL;
        if fits && local.split('.').all(is_atom) && domain.contains('.') && domain.split('.').all(is_label) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidMailbox)
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(***)")
    }
}

fn is_atom(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || ATOM.contains(&byte))
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_LABEL).contains(&text.len()) && text.bytes().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_other_texts() {
        let long = format!("{}@{}.com", "m".repeat(64), ["e".repeat(60).as_str(); 3].join("."));
        for text in ["mina@example.com", "mina.kim+tword@mail.example.co.kr", "o'neil_1@ex-ample.com", long.as_str()] {
            assert_eq!(Mailbox::parse(text).map(|mailbox| mailbox.as_str().to_owned()), Ok(text.to_owned()));
        }
        let too_long = format!("mina@{}.com", ["e".repeat(63).as_str(); 4].join("."));
        for text in [
            "",
            "mina",
            "@example.com",
            "mina@",
            "mina@example",
            "mina@@example.com",
            "mina@ex@ample.com",
            ".m@example.com",
            "m..k@example.com",
            "m k@example.com",
            "m@example..com",
            "m@-a.com",
            "m@a-.com",
            "m@[127.0.0.1]",
            "미나@example.com",
            "m@exämple.com",
            "\"m\"@example.com",
            "Mina <m@example.com>",
            "m@example.com\r\nBcc: x@example.com",
            "m@example.com ",
            too_long.as_str(),
        ] {
            assert_eq!(Mailbox::parse(text), Err(InvalidMailbox), "{text}");
        }
    }

    #[test]
    fn addresses_are_not_shown() {
        let mailbox = Mailbox::parse("mina@example.com").expect("an address");
        let url = WebhookUrl::new("https://example.com/token".to_owned(), "example.com:443".to_owned());
        let shown = format!("{:?} {url:?}", Target::Smtp(mailbox));
        assert_eq!(shown, "Smtp(Mailbox(***)) WebhookUrl(***)");
    }
}
