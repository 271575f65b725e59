//! Whom a delivery goes to: personal data, which passes through, and is kept only while the booking is outstanding.

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
    /// Empty, too long, with control characters, or with nothing in it that can be read.
    #[error("must have 1 to {0} characters, a letter or a digit among them and no control character")]
    Text(usize),
    /// No phone number.
    #[error("must have 7 to 20 characters: at least 7 digits, spaces and '-', and '+' in front only")]
    PhoneNumber,
}

/// A name of 1 to 100 characters, trimmed, with a letter or a digit that can be seen.
///
/// # Errors
/// See [`Wrong::Text`].
pub fn name(text: &str) -> Result<String, Wrong> {
    trimmed(text, 100)
}

/// An address of 1 to 500 characters, trimmed, with a letter or a digit that can be seen.
///
/// # Errors
/// See [`Wrong::Text`].
pub fn address(text: &str) -> Result<String, Wrong> {
    trimmed(text, 500)
}

/// A phone number of 7 to 20 characters, trimmed: at least 7 digits, spaces and `-`, and `+` in front only.
///
/// # Errors
/// See [`Wrong::PhoneNumber`].
pub fn phone_number(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let national = text.strip_prefix('+').unwrap_or(text);
    let digits = national.chars().filter(char::is_ascii_digit).count();
    let sound = text.len() <= 20 && digits >= 7 && national.chars().all(|c| c.is_ascii_digit() || " -".contains(c));
    if sound { Ok(text.to_owned()) } else { Err(Wrong::PhoneNumber) }
}

fn trimmed(text: &str, max: usize) -> Result<String, Wrong> {
    let text = text.trim();
    let bounded = text.chars().take(max + 1).count() <= max;
    let sound = bounded && text.chars().any(is_readable) && !text.chars().any(char::is_control);
    if sound { Ok(text.to_owned()) } else { Err(Wrong::Text(max)) }
}

/// A letter or a digit that can be seen. Unicode counts the fillers of Hangul among its letters, and they show nothing.
fn is_readable(c: char) -> bool {
    c.is_alphanumeric() && !matches!(c, '\u{115F}' | '\u{1160}' | '\u{3164}' | '\u{FFA0}')
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
    fn what_nobody_can_read_is_no_recipient() {
        for blank in [
            "",
            "\u{200B}\u{200D}",
            "\u{3164}\u{3164}",
            "\u{115F}\u{1160}\u{FFA0}",
            "\u{2800}",
            "...",
            "+-+",
            "\u{FEFF}",
            "😀",
        ] {
            assert_eq!(name(blank), Err(Wrong::Text(100)), "{blank:?}");
            assert_eq!(address(blank), Err(Wrong::Text(500)), "{blank:?}");
        }
        for sound in ["ㄱ", "김", "O'Neil", "東京", "3", "é"] {
            assert_eq!(name(sound), Ok(sound.to_owned()));
        }
        for signs in
            ["+++++++", "-------", "+-+-+-+ 1", "123456-", "010+12345678", "++8210123456", "+82 10-1234-5678-90123"]
        {
            assert_eq!(phone_number(signs), Err(Wrong::PhoneNumber), "{signs}");
        }
        assert_eq!(phone_number("  02 123-4567"), Ok("02 123-4567".to_owned()));
    }

    #[test]
    fn a_recipient_is_never_printed() {
        let recipient =
            Recipient { name: "secret".to_owned(), phone_number: "secret".to_owned(), address: "secret".to_owned() };
        assert!(!format!("{recipient:?}").contains("secret"));
    }
}
