//! Units: physical handsets with serial numbers, and their counts.

use std::fmt;

use time::OffsetDateTime;
use uuid::Uuid;

/// Units that one call may register or add at most.
pub const MAX_A_CALL: u32 = 10_000;

/// How assigned serials begin; given ones must not.
pub const ASSIGNED_PREFIX: &str = "TW-";

/// A serial number, unique in its shop: 4 to 32 of `A-Z`, `0-9` and `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(String);

/// Why a text is no serial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Wrong length or characters.
    #[error("must be 4 to 32 of A-Z, 0-9 and -")]
    Pattern,
    /// Reserved for serials that are assigned here.
    #[error("must not begin with TW-, which is kept for assigned serials")]
    Assigned,
}

impl Serial {
    /// Takes a serial as it is stored.
    ///
    /// # Errors
    /// [`Error::Pattern`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        if (4..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::Pattern)
        }
    }

    /// Takes a serial that someone gave: assigned ones are not theirs to give.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn given(text: &str) -> Result<Self, Error> {
        let serial = Self::parse(text)?;
        if serial.0.starts_with(ASSIGNED_PREFIX) { Err(Error::Assigned) } else { Ok(serial) }
    }

    /// The `number`th serial that a shop assigns, from 1.
    pub fn assigned(number: u64) -> Self {
        Self(format!("{ASSIGNED_PREFIX}{number:08}"))
    }

    /// Which one it is of those that a shop assigned; none where it was given.
    pub fn number(&self) -> Option<u64> {
        self.0.strip_prefix(ASSIGNED_PREFIX)?.parse().ok()
    }

    /// The serial as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How new units are named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewUnits {
    /// By serials that were given, each once.
    Given(Vec<Serial>),
    /// By a count, for which serials are assigned.
    Assigned(u32),
}

/// Where a unit stands: `AVAILABLE → RESERVED → SOLD`, `RESERVED → AVAILABLE`, `AVAILABLE → WITHDRAWN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Can be reserved.
    Available,
    /// Held for this order.
    Reserved(Uuid),
    /// Shipped for this order.
    Sold(Uuid),
    /// Taken out of sale.
    Withdrawn,
}

/// Where units stand, to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Can be reserved.
    Available,
    /// Held for an order.
    Reserved,
    /// Shipped.
    Sold,
    /// Taken out of sale.
    Withdrawn,
}

/// One physical handset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its serial.
    pub serial: Serial,
    /// The phone it is a unit of.
    pub phone_id: Uuid,
    /// Where it stands.
    pub state: State,
    /// When it was registered.
    pub create_time: OffsetDateTime,
}

/// A phone's units, counted by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// Units that an order can reserve.
    pub available: u32,
    /// Units held for orders.
    pub reserved: u32,
    /// Units shipped.
    pub sold: u32,
    /// Units taken out of sale.
    pub withdrawn: u32,
}

impl Stock {
    /// All units ever registered.
    pub fn registered(self) -> u32 {
        self.available + self.reserved + self.sold + self.withdrawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serials_keep_their_pattern() {
        for right in ["AB-1", "0000", &"Z".repeat(32)] {
            assert_eq!(Serial::given(right).expect("a serial").as_str(), right);
        }
        for wrong in ["", "ABC", "abcd", "AB 1", "AB_1", "가나다라", &"Z".repeat(33)] {
            assert_eq!(Serial::given(wrong), Err(Error::Pattern));
        }
    }

    #[test]
    fn assigned_serials_are_serials_that_nobody_may_give() {
        for number in [1, 99_999_999, u64::MAX] {
            let serial = Serial::assigned(number);
            assert_eq!(Serial::parse(serial.as_str()), Ok(serial.clone()));
            assert_eq!(Serial::given(serial.as_str()), Err(Error::Assigned));
            assert_eq!(serial.number(), Some(number));
        }
        assert_eq!(Serial::given("SN-00000001").expect("a serial").number(), None);
    }

    #[test]
    fn registered_is_the_sum() {
        assert_eq!(Stock { available: 1, reserved: 2, sold: 3, withdrawn: 4 }.registered(), 10);
    }
}
