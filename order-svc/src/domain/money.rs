//! Amounts of money.

/// The dearest unit: 10^12 minor units.
pub const MAX_UNIT_PRICE: i64 = 1_000_000_000_000;

/// An amount in the minor units of a currency: for KRW, won.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// The amount.
    pub minor_units: i64,
    /// ISO 4217 code.
    pub currency: String,
}

/// The price is not one that a unit can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be above 0 and at most {MAX_UNIT_PRICE} minor units")]
pub struct NotAPrice;

impl Money {
    /// The price of one unit.
    ///
    /// # Errors
    /// It is not above 0, or dearer than any phone.
    pub fn unit_price(minor_units: i64, currency: &str) -> Result<Self, NotAPrice> {
        if !(1..=MAX_UNIT_PRICE).contains(&minor_units) {
            return Err(NotAPrice);
        }
        Ok(Self { minor_units, currency: currency.to_owned() })
    }
}
