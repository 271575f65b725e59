//! Conversions between wire types and the plain values that domains use.

use prost_types::Timestamp;
use proto::{Money, ops};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::audit::FieldChange;

/// A time as a Timestamp.
pub fn timestamp(time: OffsetDateTime) -> Timestamp {
    let nanos = i32::try_from(time.nanosecond()).unwrap_or_default();
    Timestamp { seconds: time.unix_timestamp(), nanos }
}

/// A Timestamp as a time; none where it is absent or out of range.
pub fn time(timestamp: Option<&Timestamp>) -> Option<OffsetDateTime> {
    let timestamp = timestamp?;
    let nanos = i128::from(timestamp.seconds) * 1_000_000_000 + i128::from(timestamp.nanos);
    OffsetDateTime::from_unix_timestamp_nanos(nanos).ok()
}

impl From<FieldChange> for ops::v1::FieldChange {
    fn from(FieldChange { name: field, before, after, personal }: FieldChange) -> Self {
        Self { field, before, after, personal }
    }
}

impl From<ops::v1::FieldChange> for FieldChange {
    fn from(ops::v1::FieldChange { field: name, before, after, personal }: ops::v1::FieldChange) -> Self {
        Self { name, before, after, personal }
    }
}

/// Why a field of the wire is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// Not a UUID.
    #[error("must be a UUID")]
    Uuid,
    /// No money.
    #[error("is required")]
    Missing,
    /// A currency that is not known here.
    #[error("currency_code must be one of KRW, JPY, USD, EUR")]
    Currency,
    /// More decimals than the currency has.
    #[error("{0} has {1} decimals: nanos must be a multiple of {2}")]
    Scale(&'static str, u32, i64),
    /// Units and nanos differ in sign, or nanos are a unit or more.
    #[error("nanos must be within one unit and of the same sign as units")]
    Nanos,
    /// More than fits.
    #[error("is too large")]
    Overflow,
}

/// Parses a UUID.
///
/// # Errors
/// It is none.
pub fn uuid(text: &str) -> Result<Uuid, Wrong> {
    Uuid::try_parse(text).map_err(|_invalid| Wrong::Uuid)
}

const NANOS: i64 = 1_000_000_000;

/// The currencies known here with their decimals (ISO 4217).
const CURRENCIES: [(&str, u32); 4] = [("KRW", 0), ("JPY", 0), ("USD", 2), ("EUR", 2)];

/// The currency's own code and how many decimals it has.
///
/// # Errors
/// A currency that is not known here.
pub fn currency(code: &str) -> Result<(&'static str, u32), Wrong> {
    CURRENCIES.into_iter().find(|(known, _)| *known == code).ok_or(Wrong::Currency)
}

/// An amount in minor units (for KRW, won) as Money.
pub fn money(minor: i64, currency_code: &str) -> Money {
    let decimals = currency(currency_code).map_or(0, |(_, decimals)| decimals);
    let scale = 10_i64.pow(decimals);
    let nanos = i32::try_from((minor % scale) * (NANOS / scale)).unwrap_or_default();
    Money { currency_code: currency_code.to_owned(), units: minor / scale, nanos }
}

/// Money as an amount in minor units with its currency; KRW where the code is empty.
///
/// # Errors
/// See [`Wrong`].
pub fn minor_units(money: Option<&Money>) -> Result<(i64, &'static str), Wrong> {
    let money = money.ok_or(Wrong::Missing)?;
    let code = if money.currency_code.is_empty() { "KRW" } else { &money.currency_code };
    let (code, decimals) = currency(code)?;
    let (scale, nanos) = (10_i64.pow(decimals), i64::from(money.nanos));
    if nanos.abs() >= NANOS || (money.units > 0 && nanos < 0) || (money.units < 0 && nanos > 0) {
        return Err(Wrong::Nanos);
    }
    let step = NANOS / scale;
    if nanos % step != 0 {
        return Err(Wrong::Scale(code, decimals, step));
    }
    let minor = money.units.checked_mul(scale).and_then(|units| units.checked_add(nanos / step));
    minor.map(|minor| (minor, code)).ok_or(Wrong::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(currency_code: &str, units: i64, nanos: i32) -> Result<(i64, &'static str), Wrong> {
        minor_units(Some(&Money { currency_code: currency_code.to_owned(), units, nanos }))
    }

    #[test]
    fn money_keeps_its_currencys_scale() {
        assert_eq!(parsed("KRW", 1_000_000, 0), Ok((1_000_000, "KRW")));
        assert_eq!(parsed("", 5, 0), Ok((5, "KRW")));
        assert_eq!(parsed("USD", 12, 340_000_000), Ok((1_234, "USD")));
        assert_eq!(parsed("KRW", 1, 500_000_000), Err(Wrong::Scale("KRW", 0, NANOS)));
        assert_eq!(parsed("USD", 1, 1), Err(Wrong::Scale("USD", 2, 10_000_000)));
        assert_eq!(parsed("USD", 1, -10_000_000), Err(Wrong::Nanos));
        assert_eq!(parsed("XXX", 1, 0), Err(Wrong::Currency));
        assert_eq!(parsed("USD", i64::MAX, 0), Err(Wrong::Overflow));
        assert_eq!(minor_units(None), Err(Wrong::Missing));
    }

    #[test]
    fn money_comes_back_as_it_went() {
        for (minor, code) in [(1_234, "USD"), (-1_234, "USD"), (0, "KRW"), (999, "JPY"), (1, "EUR")] {
            assert_eq!(minor_units(Some(&money(minor, code))), Ok((minor, code)));
        }
    }

    #[test]
    fn times_come_back_as_they_went() {
        let then = time::macros::datetime!(2026-11-23 01:02:03.456789 UTC);
        assert_eq!(time(Some(&timestamp(then))), Some(then));
        assert_eq!(time(None), None);
        assert_eq!(time(Some(&Timestamp { seconds: i64::MAX, nanos: 0 })), None);
    }
}
