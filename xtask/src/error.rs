//! What went wrong, and what the person at the terminal can do about it.

use std::fmt;

/// The result of a chore.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed chore: one line that says what, and one that says what to do.
#[derive(Debug)]
pub struct Error {
    message: String,
    help: Option<String>,
}

impl Error {
    /// An error that says what went wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None }
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same error with one more thing to do about it.
    #[must_use]
    pub fn or_help(self, help: &str) -> Self {
        let help = self.help.as_ref().map_or_else(|| help.to_owned(), |first| format!("{first}; or {help}"));
        self.help(help)
    }

    /// What to do about it, where that is known.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// What went wrong without the advice.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.message)?;
        if let Some(help) = &self.help {
            write!(formatter, "\nhelp: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Says what was being done when a foreign error came up.
pub trait Context<T> {
    /// Turns the failure into one of ours, which begins with `doing`.
    fn context(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: std::error::Error> Context<T> for std::result::Result<T, E> {
    fn context(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::new(format!("{}: {}", doing(), chain(&error))))
    }
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Context, Error};

    #[test]
    fn shows_the_help_on_a_line_of_its_own() {
        let error = Error::new("no pip").help("install it");
        assert_eq!(error.to_string(), "error: no pip\nhelp: install it");
    }

    #[test]
    fn names_what_was_being_done() {
        let failed: Result<(), _> = Err(std::io::Error::other("disk full"));
        let error = failed.context(|| "writing keys".to_owned()).expect_err("failed");
        assert_eq!(error.to_string(), "error: writing keys: disk full");
    }
}
