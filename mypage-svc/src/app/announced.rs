//! What processes tell each other of what customers can see.

use std::{fmt, str::FromStr};

use chassis::store::Announce;

use super::watches::Watches;

/// Under which it is announced.
pub const TOPIC: &str = "my page";

/// One announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Announced {
    /// A customer's counter has risen in the served copy.
    Changed {
        /// The copy's number.
        copy: i64,
        /// The counter.
        counter: i64,
        /// The customer's subject.
        customer_id: String,
    },
    /// Another copy is served.
    Switched {
        /// Its number.
        copy: i64,
    },
}

/// The word is none that this version says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an announcement of another version")]
pub struct Unknown;

impl Announced {
    /// Tells every process, this one too, once what `tx` writes is committed.
    pub fn say_after<T: Announce + ?Sized>(&self, tx: &mut T) {
        tx.announce(TOPIC, self.to_string());
    }

    /// Wakes those whom it concerns.
    pub fn tell(&self, watches: &Watches) {
        match self {
            Self::Changed { copy, counter, customer_id } => watches.changed(customer_id, *copy, *counter),
            Self::Switched { copy } => watches.switched(*copy),
        }
    }
}

impl fmt::Display for Announced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { copy, counter, customer_id } => write!(f, "changed {copy} {counter} {customer_id}"),
            Self::Switched { copy } => write!(f, "switched {copy}"),
        }
    }
}

impl FromStr for Announced {
    type Err = Unknown;

    fn from_str(word: &str) -> Result<Self, Unknown> {
        let number = |text: &str| text.parse().map_err(|_no_number| Unknown);
        match word.split_once(' ').ok_or(Unknown)? {
            ("changed", rest) => {
                let mut parts = rest.splitn(3, ' ');
                let (Some(copy), Some(counter), Some(customer_id)) = (parts.next(), parts.next(), parts.next()) else {
                    return Err(Unknown);
                };
                let (copy, counter) = (number(copy)?, number(counter)?);
                Ok(Self::Changed { copy, counter, customer_id: customer_id.to_owned() })
            }
            ("switched", copy) => Ok(Self::Switched { copy: number(copy)? }),
            _ => Err(Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_and_nothing_else() {
        for customer_id in ["mina", "with spaces  and more", ""] {
            let changed = Announced::Changed { copy: 2, counter: 71, customer_id: customer_id.to_owned() };
            assert_eq!(changed.to_string().parse(), Ok(changed));
        }
        assert_eq!("switched 3".parse(), Ok(Announced::Switched { copy: 3 }));
        for word in ["", "changed", "changed 2", "changed 2 71", "changed x 1 mina", "switched x", "grown 3"] {
            assert_eq!(word.parse::<Announced>(), Err(Unknown), "{word}");
        }
    }
}
