//! Whom and where a delivery goes to: personal data.

use std::fmt;

use super::text;

/// The name, phone number and address a delivery goes to. Kept beside the delivery and never in an event; its `Debug`
/// tells nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    name: Name,
    phone_number: PhoneNumber,
    address: Address,
}

/// A person's name.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

/// A person's phone number.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber(String);

/// A person's address.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

/// What is wrong with a part of a recipient; it never repeats what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The name.
    #[error("must have 1 to 100 characters, a letter or a digit among them and no control character")]
    Name,
    /// The phone number.
    #[error("must have 7 to 20 characters: at least 7 digits, spaces and '-', and '+' in front only")]
    PhoneNumber,
    /// The address.
    #[error("must have 1 to 500 characters, a letter or a digit among them and no control character")]
    Address,
}

impl Name {
    /// A name of 1 to 100 characters with a letter or a digit that can be seen; the space around it is dropped.
    ///
    /// # Errors
    /// [`Invalid::Name`].
    pub fn new(text: &str) -> Result<Self, Invalid> {
        text::readable(text, 100).map(Self).ok_or(Invalid::Name)
    }
}

impl PhoneNumber {
    /// A phone number of 7 to 20 characters: at least 7 digits, spaces and `-`, and `+` in front only; the space around
    /// it is dropped.
    ///
    /// # Errors
    /// [`Invalid::PhoneNumber`].
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let sound = |number: &String| {
            let national = number.strip_prefix('+').unwrap_or(number);
            let digits = national.chars().filter(char::is_ascii_digit).count();
            digits >= 7 && national.chars().all(|c| c.is_ascii_digit() || " -".contains(c))
        };
        text::trimmed(text, 20).filter(sound).map(Self).ok_or(Invalid::PhoneNumber)
    }
}

impl Address {
    /// An address of 1 to 500 characters with a letter or a digit that can be seen; the space around it is dropped.
    ///
    /// # Errors
    /// [`Invalid::Address`].
    pub fn new(text: &str) -> Result<Self, Invalid> {
        text::readable(text, 500).map(Self).ok_or(Invalid::Address)
    }
}

impl Recipient {
    /// A recipient from its parts.
    pub fn new(name: Name, phone_number: PhoneNumber, address: Address) -> Self {
        Self { name, phone_number, address }
    }

    /// A recipient as it was kept: made by these rules or by those of its time.
    pub fn kept(name: String, phone_number: String, address: String) -> Self {
        Self { name: Name(name), phone_number: PhoneNumber(phone_number), address: Address(address) }
    }

    /// The person's name.
    pub fn name(&self) -> &str {
        &self.name.0
    }

    /// The person's phone number.
    pub fn phone_number(&self) -> &str {
        &self.phone_number.0
    }

    /// The address.
    pub fn address(&self) -> &str {
        &self.address.0
    }
}

macro_rules! tells_nothing {
    ($($personal:ident),*) => {$(
        impl fmt::Debug for $personal {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($personal))
            }
        }
    )*};
}

tells_nothing!(Recipient, Name, PhoneNumber, Address);

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient() -> Recipient {
        let name = Name::new(" 홍길동 ").expect("a name");
        let phone_number = PhoneNumber::new("+82 10-1234-5678").expect("a phone number");
        Recipient::new(name, phone_number, Address::new("서울시 중구 세종대로 110").expect("an address"))
    }

    #[test]
    fn debug_tells_nothing() {
        let recipient = recipient();
        assert_eq!(format!("{recipient:?}"), "Recipient");
        assert_eq!(
            format!("{:?}", (&recipient.name, &recipient.phone_number, &recipient.address)),
            "(Name, PhoneNumber, Address)"
        );
    }

    #[test]
    fn parts_are_trimmed() {
        assert_eq!(recipient().name(), "홍길동");
    }

    #[test]
    fn parts_are_bounded() {
        assert!(Name::new(&"가".repeat(100)).is_ok());
        assert_eq!(Name::new(&"가".repeat(101)), Err(Invalid::Name));
        assert_eq!(Name::new("홍\n길동"), Err(Invalid::Name));
        assert!(Address::new(&"가".repeat(500)).is_ok());
        assert_eq!(Address::new(&"가".repeat(501)), Err(Invalid::Address));
        for wrong in ["\u{1b}[2J", "서울시 중구\n세종대로 110", "\u{200B}", "..."] {
            assert_eq!(Address::new(wrong), Err(Invalid::Address), "{wrong:?}");
        }
        assert_eq!(Name::new("\u{3164}"), Err(Invalid::Name));
        let wrong = [
            "",
            "123456",
            "1-2-3-4",
            "+++++++",
            "010+1234567",
            "010-1234-5678-9012-34",
            "010.1234.5678",
            "０１０１２３４５６７８",
            "call me!",
        ];
        for wrong in wrong {
            assert_eq!(PhoneNumber::new(wrong), Err(Invalid::PhoneNumber), "{wrong}");
        }
    }
}
