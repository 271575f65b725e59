//! How a shipped delivery is found on its way.

use super::text;

const MOST: usize = 50;

/// Who carries a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Carrier(String);

/// The carrier's number for a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Number(String);

/// Who carries a delivery, under which number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tracking {
    /// Who carries it.
    pub carrier: Carrier,
    /// The carrier's number.
    pub number: Number,
}

/// The text is no carrier and no tracking number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MOST} characters, none of them a control character")]
pub struct Invalid;

impl Carrier {
    /// A carrier's name of 1 to 50 characters; the space around it is dropped.
    ///
    /// # Errors
    /// The text is empty, too long, or holds control characters.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        text::trimmed(text, MOST).map(Self).ok_or(Invalid)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Number {
    /// A tracking number of 1 to 50 characters; the space around it is dropped.
    ///
    /// # Errors
    /// The text is empty, too long, or holds control characters.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        text::trimmed(text, MOST).map(Self).ok_or(Invalid)
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tracking {
    /// Both parts from text.
    ///
    /// # Errors
    /// Either is invalid.
    pub fn new(carrier: &str, number: &str) -> Result<Self, Invalid> {
        Ok(Self { carrier: Carrier::new(carrier)?, number: Number::new(number)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracking_is_trimmed_and_bounded() {
        let tracking = Tracking::new(" CJ Logistics ", "\t123-456\n").expect("valid");
        assert_eq!((tracking.carrier.as_str(), tracking.number.as_str()), ("CJ Logistics", "123-456"));
        assert!(Number::new(&"9".repeat(50)).is_ok());
        for wrong in ["", "   ", "1\u{0}2", "1\n2", &"9".repeat(51)] {
            assert_eq!(Number::new(wrong), Err(Invalid), "{wrong:?}");
            assert_eq!(Carrier::new(wrong), Err(Invalid), "{wrong:?}");
        }
    }
}
