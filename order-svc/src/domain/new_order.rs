//! The command to place an order.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Money, Recipient, canonical::Canonical};

/// Lines an order has at most.
pub const MAX_LINES: usize = 20;
/// Units a line has at most.
pub const MAX_QUANTITY: u32 = 100;
/// How long a serial is, in characters.
const SERIAL_LENGTH: std::ops::RangeInclusive<usize> = 4..=32;

/// What a customer asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// The shop to buy from.
    pub shop_id: Uuid,
    /// What to buy.
    pub lines: Vec<NewLine>,
    /// Whom it goes to.
    pub recipient: Recipient,
}

/// One phone to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    /// The phone.
    pub phone_id: Uuid,
    /// How many units.
    pub quantity: u32,
    /// The price that the customer expects; any where absent.
    pub expected_unit_price: Option<Money>,
    /// Serials of the very units wanted, as many as `quantity`; empty where any will do.
    pub serials: Vec<String>,
}

impl NewOrder {
    /// What the hash of a request is over: the same for the same command, however it was written on the wire. The order
    /// of the lines is part of it, for the order keeps them so.
    pub fn canonical(&self) -> Vec<u8> {
        let head = Canonical::of("tword.order.place.v1").fixed(self.shop_id.as_bytes()).number(self.lines.len() as u64);
        let lines = self.lines.iter().fold(head, |text, line| line.added_to(text));
        let Recipient { name, phone_number, address } = &self.recipient;
        lines.text(name).text(phone_number).text(address).finish()
    }
}

impl NewLine {
    /// A line that asks for no serials reads as it did before a line could.
    fn added_to(&self, text: Canonical) -> Canonical {
        let line = text.fixed(self.phone_id.as_bytes()).number(self.quantity.into());
        let parts = u64::from(self.expected_unit_price.is_some()) + if self.serials.is_empty() { 0 } else { 2 };
        let line = line.number(parts);
        let line = match &self.expected_unit_price {
            None => line,
            Some(price) => line.fixed(&price.minor_units.to_be_bytes()).text(&price.currency),
        };
        if self.serials.is_empty() {
            return line;
        }
        self.serials.iter().fold(line.number(self.serials.len() as u64), |line, serial| line.text(serial))
    }
}

/// Why a set of lines is wrong as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongLines {
    /// None or too many.
    #[error("must have 1 to {MAX_LINES} lines")]
    Count,
    /// A phone stands twice.
    #[error("must name each phone once")]
    Repeated,
    /// A serial stands in two lines: serials are unique in a shop, so one unit cannot be of two phones.
    #[error("must name each serial once")]
    SerialRepeated,
}

/// Why the serials of a line are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongSerials {
    /// Fewer or more than units.
    #[error("must be as many as `quantity` says, or none")]
    Count,
    /// One stands twice.
    #[error("must name each serial once")]
    Repeated,
    /// One is none.
    #[error("must be {} to {} characters of A-Z, 0-9 and -", SERIAL_LENGTH.start(), SERIAL_LENGTH.end())]
    Pattern,
}

/// A serial as units have it.
///
/// # Errors
/// See [`WrongSerials::Pattern`].
pub fn serial(text: &str) -> Result<String, WrongSerials> {
    let sound = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'-';
    let sound = SERIAL_LENGTH.contains(&text.len()) && text.bytes().all(sound);
    if sound { Ok(text.to_owned()) } else { Err(WrongSerials::Pattern) }
}

/// Checks the serials that a line of `quantity` units asks for.
///
/// # Errors
/// See [`WrongSerials`].
pub fn check_serials(quantity: u32, serials: &[String]) -> Result<(), WrongSerials> {
    if !serials.is_empty() && serials.len() != quantity as usize {
        return Err(WrongSerials::Count);
    }
    let distinct: HashSet<_> = serials.iter().collect();
    if distinct.len() == serials.len() { Ok(()) } else { Err(WrongSerials::Repeated) }
}

/// Checks what no single line shows.
///
/// # Errors
/// See [`WrongLines`].
pub fn check_lines(lines: &[NewLine]) -> Result<(), WrongLines> {
    if !(1..=MAX_LINES).contains(&lines.len()) {
        return Err(WrongLines::Count);
    }
    let phones: HashSet<_> = lines.iter().map(|line| line.phone_id).collect();
    let serials: Vec<_> = lines.iter().flat_map(|line| &line.serials).collect();
    let distinct: HashSet<_> = serials.iter().collect();
    match (phones.len() == lines.len(), distinct.len() == serials.len()) {
        (false, _) => Err(WrongLines::Repeated),
        (true, false) => Err(WrongLines::SerialRepeated),
        (true, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Uuid = Uuid::from_u128(2);
    const OTHER: Uuid = Uuid::from_u128(3);

    #[test]
    fn a_phone_stands_once() {
        assert_eq!(check_lines(&[]), Err(WrongLines::Count));
        assert_eq!(check_lines(&[line(PHONE, 1, None), line(PHONE, 2, None)]), Err(WrongLines::Repeated));
        assert_eq!(check_lines(&[line(PHONE, 1, None)]), Ok(()));
    }

    #[test]
    fn a_serial_stands_once() {
        let [one, other] = [PHONE, OTHER].map(|phone| asking(line(phone, 1, None), &["SN-1"]));
        assert_eq!(check_lines(&[one.clone(), other]), Err(WrongLines::SerialRepeated));
        assert_eq!(check_lines(&[one, asking(line(OTHER, 1, None), &["SN-2"])]), Ok(()));
        let check = |quantity, serials: &[&str]| check_serials(quantity, &owned(serials));
        assert_eq!(check(2, &[]), Ok(()));
        assert_eq!(check(2, &["SN-1", "SN-2"]), Ok(()));
        assert_eq!(check(2, &["SN-1", "SN-1"]), Err(WrongSerials::Repeated));
        assert_eq!(check(2, &["SN-1"]), Err(WrongSerials::Count));
        assert_eq!(check(1, &["SN-1", "SN-2"]), Err(WrongSerials::Count));
    }

    #[test]
    fn serials_keep_their_pattern() {
        for right in ["TW-0", "ABCD", "0123-456789-ABCDEFGHIJ-KLMNOPQRS"] {
            assert_eq!(serial(right), Ok(right.to_owned()));
        }
        for wrong in ["", "ABC", "abcd", "AB CD", "ABCD\n", "ÄBCD", "0123-456789-ABCDEFGHIJ-KLMNOPQRST"] {
            assert_eq!(serial(wrong), Err(WrongSerials::Pattern), "{wrong:?}");
        }
    }

    fn owned(serials: &[&str]) -> Vec<String> {
        serials.iter().map(|serial| (*serial).to_owned()).collect()
    }

    fn asking(line: NewLine, serials: &[&str]) -> NewLine {
        NewLine { serials: owned(serials), ..line }
    }

    #[test]
    fn a_command_without_serials_reads_as_it_always_did() {
        let lines = [line(PHONE, 2, Some((100, "KRW"))), line(OTHER, 1, None)];
        let mut expected = b"tword.order.place.v1".to_vec();
        expected.extend(Uuid::from_u128(1).as_bytes());
        expected.extend(2_u64.to_be_bytes());
        expected.extend(PHONE.as_bytes());
        expected
            .extend([2_u64.to_be_bytes(), 1_u64.to_be_bytes(), 100_i64.to_be_bytes(), 3_u64.to_be_bytes()].concat());
        expected.extend(b"KRW");
        expected.extend(OTHER.as_bytes());
        expected.extend([1_u64.to_be_bytes(), 0_u64.to_be_bytes()].concat());
        for part in ["ab", "0101234567", "c"] {
            expected.extend((part.len() as u64).to_be_bytes());
            expected.extend(part.as_bytes());
        }
        assert_eq!(order(&lines, ["ab", "0101234567", "c"]), expected);
    }

    fn line(phone_id: Uuid, quantity: u32, price: Option<(i64, &str)>) -> NewLine {
        let money = |(minor_units, currency): (i64, &str)| Money { minor_units, currency: currency.to_owned() };
        NewLine { phone_id, quantity, expected_unit_price: price.map(money), serials: Vec::new() }
    }

    fn order(lines: &[NewLine], [name, phone_number, address]: [&str; 3]) -> Vec<u8> {
        let recipient =
            Recipient { name: name.to_owned(), phone_number: phone_number.to_owned(), address: address.to_owned() };
        NewOrder { shop_id: Uuid::from_u128(1), lines: lines.to_vec(), recipient }.canonical()
    }

    #[test]
    fn no_two_commands_read_the_same() {
        let to = ["ab", "0101234567", "c"];
        let (one, other) = (line(PHONE, 1, None), line(OTHER, 1, None));
        let commands = [
            order(std::slice::from_ref(&one), to),
            order(&[one.clone(), other.clone()], to),
            order(&[other, one.clone()], to),
            order(&[line(PHONE, 2, None)], to),
            order(&[asking(line(PHONE, 2, None), &["SN-1", "SN-2"])], to),
            order(&[asking(line(PHONE, 2, None), &["SN-2", "SN-1"])], to),
            order(&[asking(line(PHONE, 2, Some((100, "KRW"))), &["SN-1", "SN-2"])], to),
            order(&[line(PHONE, 1, Some((100, "KRW")))], to),
            order(&[line(PHONE, 1, Some((101, "KRW")))], to),
            order(&[line(PHONE, 1, Some((100, "USD")))], to),
            order(std::slice::from_ref(&one), ["a", "b0101234567", "c"]),
            order(&[one], ["ab", "010123456", "7c"]),
        ];
        let distinct: HashSet<_> = commands.iter().collect();
        assert_eq!(distinct.len(), commands.len());
    }
}
