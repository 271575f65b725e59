//! Prices in the minor units of a shop's one currency.

/// The highest price of one unit, in minor units.
pub const MAX_MINOR_UNITS: i64 = 1_000_000_000_000;

/// An ISO 4217 code.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Currency(String);

/// The price of one unit: above 0, at most [`MAX_MINOR_UNITS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price(i64);

/// Why something is no price or currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Out of bounds.
    #[error("must be above 0 and at most 1,000,000,000,000 minor units")]
    Range,
    /// Not three capital letters.
    #[error("must be an ISO 4217 code")]
    Currency,
}

impl Currency {
    /// Takes a code of three capital letters.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(code: &str) -> Result<Self, Error> {
        if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            Ok(Self(code.to_owned()))
        } else {
            Err(Error::Currency)
        }
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.0
    }
}

impl Price {
    /// Takes an amount of minor units (for KRW, won).
    ///
    /// # Errors
    /// It is 0, below, or above the highest price.
    pub fn new(minor_units: i64) -> Result<Self, Error> {
        if (1..=MAX_MINOR_UNITS).contains(&minor_units) { Ok(Self(minor_units)) } else { Err(Error::Range) }
    }

    /// The amount in minor units.
    pub fn minor_units(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_bounded_on_both_sides() {
        for right in [1, MAX_MINOR_UNITS] {
            assert_eq!(Price::new(right).map(Price::minor_units), Ok(right));
        }
        for wrong in [i64::MIN, -1, 0, MAX_MINOR_UNITS + 1] {
            assert_eq!(Price::new(wrong), Err(Error::Range));
        }
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!(Currency::parse("KRW").expect("a currency").code(), "KRW");
        for wrong in ["", "krw", "KRWW", "원"] {
            assert_eq!(Currency::parse(wrong), Err(Error::Currency));
        }
    }
}
