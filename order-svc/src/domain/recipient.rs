//! Whom a delivery goes to: personal data, which passes through and is not kept.

use std::fmt;

/// Whom a delivery goes to.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The person's name.
    pub name: String,
    /// The person's phone number.
    pub phone_number: String,
    /// The address.
    pub address: String,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recipient(..)")
    }
}

/// Why a part of a recipient is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Empty, too long, or with control characters.
    #[error("must have 1 to {0} characters, none of them a control character")]
    Text(usize),
    /// No phone number.
    #[error("must have 7 to 20 characters, all of them digits, spaces, '+' or '-'")]
    PhoneNumber,
}

/// A name of 1 to 100 characters, trimmed.
///
/// # Errors
/// See [`Wrong::Text`].
pub fn name(text: &str) -> Result<String, Wrong> {
    trimmed(text, 100)
}

/// An address of 1 to 500 characters, trimmed.
///
/// # Errors
/// See [`Wrong::Text`].
pub fn address(text: &str) -> Result<String, Wrong> {
    trimmed(text, 500)
}

/// A phone number, trimmed.
///
/// # Errors
/// See [`Wrong::PhoneNumber`].
pub fn phone_number(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let sound = (7..=20).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit() || " +-".contains(c));
    if sound { Ok(text.to_owned()) } else { Err(Wrong::PhoneNumber) }
}

fn trimmed(text: &str, max: usize) -> Result<String, Wrong> {
    let text = text.trim();
    let sound = !text.is_empty() && text.chars().count() <= max && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err(Wrong::Text(max)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_trimmed_and_bounded() {
        assert_eq!(name("  김하나 "), Ok("김하나".to_owned()));
        assert_eq!(name("   "), Err(Wrong::Text(100)));
        assert_eq!(name(&"x".repeat(101)), Err(Wrong::Text(100)));
        assert_eq!(address("a\nb"), Err(Wrong::Text(500)));
        assert_eq!(phone_number("+82 10-1234-5678"), Ok("+82 10-1234-5678".to_owned()));
        assert_eq!(phone_number("call me"), Err(Wrong::PhoneNumber));
        assert_eq!(phone_number("123456"), Err(Wrong::PhoneNumber));
    }

    #[test]
    fn a_recipient_is_never_printed() {
        let recipient =
            Recipient { name: "secret".to_owned(), phone_number: "secret".to_owned(), address: "secret".to_owned() };
        assert!(!format!("{recipient:?}").contains("secret"));
    }
}
