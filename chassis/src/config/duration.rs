//! Durations as people write them: a whole number and its unit.

use std::time::Duration;

/// Why a text is no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDuration {
    /// No whole number in front.
    #[error("a duration is a whole number and a unit, such as 500ms, 10s, 5m, 24h or 7d")]
    Form,
    /// More than a year.
    #[error("a duration is at most 365d")]
    TooLong,
    /// Zero where that makes no sense.
    #[error("this duration must be longer than 0")]
    Zero,
}

/// Parses `500ms`, `10s`, `5m`, `24h` or `7d`; at most a year, and 0 needs a unit too.
///
/// # Errors
/// The text is something else.
pub fn duration(text: &str) -> Result<Duration, InvalidDuration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or(InvalidDuration::Form)?;
    let (number, unit) = text.split_at(digits);
    let unit_milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MILLISECONDS,
        _ => return Err(InvalidDuration::Form),
    };
    if number.is_empty() {
        return Err(InvalidDuration::Form);
    }
    // Digits alone fail to parse only where there are too many of them.
    let number: u64 = number.parse().map_err(|_too_many| InvalidDuration::TooLong)?;
    match number.checked_mul(unit_milliseconds) {
        Some(milliseconds) if milliseconds <= 365 * DAY_MILLISECONDS => Ok(Duration::from_millis(milliseconds)),
        Some(_) | None => Err(InvalidDuration::TooLong),
    }
}

/// Parses a duration that is longer than 0.
///
/// # Errors
/// The text is something else.
pub fn positive_duration(text: &str) -> Result<Duration, InvalidDuration> {
    let parsed = duration(text)?;
    if parsed.is_zero() { Err(InvalidDuration::Zero) } else { Ok(parsed) }
}

const DAY_MILLISECONDS: u64 = 86_400_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood() {
        let table = [
            ("0s", 0),
            ("610ms", 610),
            ("10s", 10_000),
            ("5m", 300_000),
            ("24h", 86_400_000),
            ("365d", 31_536_000_000),
        ];
        for (text, milliseconds) in table {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "10", "s", "-1s", "1.5s", "10 s", "10S", "1h30m", "ten seconds", "５s"] {
            assert_eq!(duration(text), Err(InvalidDuration::Form), "{text}");
        }
        for text in ["366d", "99999999999999999999s", "18446744073709551615d"] {
            assert_eq!(duration(text), Err(InvalidDuration::TooLong), "{text}");
        }
        assert_eq!(positive_duration("0ms"), Err(InvalidDuration::Zero));
    }
}
