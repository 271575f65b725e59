//! Whom messages go to, and the languages and channels there are.

use std::{fmt, str::FromStr};

use uuid::Uuid;

/// Who is told.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recipient {
    /// A customer, by its opaque subject.
    Customer(String),
    /// A shop, by its id.
    Shop(Uuid),
}

impl Recipient {
    /// `CUSTOMER` or `SHOP`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Customer(_) => "CUSTOMER",
            Self::Shop(_) => "SHOP",
        }
    }

    /// The subject, or the shop's id as text.
    pub fn id(&self) -> String {
        match self {
            Self::Customer(subject) => subject.clone(),
            Self::Shop(id) => id.to_string(),
        }
    }
}

/// A language that texts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Korean.
    Korean,
    /// English.
    English,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::Korean, Self::English];

    /// ISO 639-1 code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Korean => "ko",
            Self::English => "en",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// No language that texts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be ko or en")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Self::ALL.into_iter().find(|language| language.code() == code).ok_or(UnknownLanguage)
    }
}

/// A way out of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChannelName {
    /// A structured line of this service's log, without the text.
    Log,
    /// An HTTP endpoint of the recipient.
    Webhook,
    /// The recipient's mailbox.
    Smtp,
}

impl ChannelName {
    /// Every channel.
    pub const ALL: [Self; 3] = [Self::Log, Self::Webhook, Self::Smtp];

    /// Its name, such as `log`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Webhook => "webhook",
            Self::Smtp => "smtp",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_code() {
        assert_eq!("ko".parse(), Ok(Language::Korean));
        assert_eq!("en".parse(), Ok(Language::English));
        assert_eq!("EN".parse::<Language>(), Err(UnknownLanguage));
    }
}
