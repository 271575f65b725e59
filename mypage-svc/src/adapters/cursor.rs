//! Cursors: places in a customer's changes, as clients keep them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::domain::Place;

/// Bytes of a cursor: the customer's mark, the copy's epoch, the change.
const BYTES: usize = MARK + 16 + 8;
const MARK: usize = 8;

/// The text was not given out to this customer as a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign;

/// A place as a cursor, which serves its customer alone.
pub fn encode(customer_id: &str, place: Place) -> String {
    let change = place.change.to_be_bytes();
    BASE64_URL_SAFE_NO_PAD.encode([&mark(customer_id)[..], place.epoch.as_bytes(), &change].concat())
}

/// A customer's cursor as a place; none where it is empty.
///
/// # Errors
/// It was given out to another, or by nobody.
pub fn decode(customer_id: &str, cursor: &str) -> Result<Option<Place>, Foreign> {
    if cursor.is_empty() {
        return Ok(None);
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_invalid| Foreign)?;
    let bytes: [u8; BYTES] = bytes.try_into().map_err(|_length| Foreign)?;
    let (of, rest) = bytes.split_at(MARK);
    let (epoch, change) = rest.split_at(16);
    let epoch = Uuid::from_slice(epoch).map_err(|_length| Foreign)?;
    let change = i64::from_be_bytes(change.try_into().map_err(|_length| Foreign)?);
    if of != mark(customer_id) || change < 0 {
        return Err(Foreign);
    }
    Ok(Some(Place { epoch, change }))
}

fn mark(customer_id: &str) -> [u8; MARK] {
    let digest = Sha256::digest(format!("my orders of {customer_id}"));
    std::array::from_fn(|index| digest[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place = Place { epoch: Uuid::from_u128(7), change: 3 };

    #[test]
    fn a_cursor_serves_its_customer_alone() {
        let cursor = encode("mina", PLACE);
        assert_eq!(decode("mina", &cursor), Ok(Some(PLACE)));
        assert_eq!(decode("minsu", &cursor), Err(Foreign));
        assert_eq!(decode("minsu", ""), Ok(None));
    }

    #[test]
    fn what_was_not_given_out_is_refused() {
        let negative = encode("mina", Place { change: -1, ..PLACE });
        let long = format!("{}AAAA", encode("mina", PLACE));
        for cursor in ["x", "@@", "AAAA", &negative, &long, &encode("mina", PLACE)[1..]] {
            assert_eq!(decode("mina", cursor), Err(Foreign), "{cursor}");
        }
    }
}
