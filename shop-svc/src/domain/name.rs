//! Names that customers see.

/// The longest name, in characters.
pub const MAX_CHARS: usize = 100;

/// A name without surrounding space: 1 to [`MAX_CHARS`] characters, no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too short or too long.
    #[error("must have 1 to 100 characters besides surrounding space")]
    Length,
    /// It would not print as it is written.
    #[error("must not contain control characters")]
    Control,
}

impl Name {
    /// Trims a text and takes it as a name.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err(Error::Control);
        }
        if !(1..=MAX_CHARS).contains(&text.chars().count()) {
            return Err(Error::Length);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_trimmed_and_bounded() {
        assert_eq!(Name::parse("  은하 S30 ").expect("a name").as_str(), "은하 S30");
        assert_eq!(Name::parse(&"가".repeat(100)).map(|name| name.as_str().chars().count()), Ok(100));
        for wrong in ["", "   ", &"가".repeat(101)] {
            assert_eq!(Name::parse(wrong), Err(Error::Length));
        }
    }

    #[test]
    fn control_characters_are_refused() {
        for wrong in ["a\nb", "a\u{0}b", "a\u{85}b"] {
            assert_eq!(Name::parse(wrong), Err(Error::Control));
        }
    }
}
