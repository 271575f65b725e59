//! The command to place an order.

use std::collections::HashSet;

use uuid::Uuid;

use super::{Money, Recipient, canonical::Canonical};

/// Lines an order has at most.
pub const MAX_LINES: usize = 20;
/// Units a line has at most.
pub const MAX_QUANTITY: u32 = 100;

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
    fn added_to(&self, text: Canonical) -> Canonical {
        let line = text.fixed(self.phone_id.as_bytes()).number(self.quantity.into());
        match &self.expected_unit_price {
            None => line.number(0),
            Some(price) => line.number(1).fixed(&price.minor_units.to_be_bytes()).text(&price.currency),
        }
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
}

/// Checks what no single line shows.
///
/// # Errors
/// See [`WrongLines`].
pub fn check_lines(phone_ids: &[Uuid]) -> Result<(), WrongLines> {
    if !(1..=MAX_LINES).contains(&phone_ids.len()) {
        return Err(WrongLines::Count);
    }
    let distinct: HashSet<_> = phone_ids.iter().collect();
    if distinct.len() == phone_ids.len() { Ok(()) } else { Err(WrongLines::Repeated) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: Uuid = Uuid::from_u128(2);

    #[test]
    fn a_phone_stands_once() {
        assert_eq!(check_lines(&[]), Err(WrongLines::Count));
        assert_eq!(check_lines(&[PHONE, PHONE]), Err(WrongLines::Repeated));
        assert_eq!(check_lines(&[PHONE]), Ok(()));
    }

    fn line(phone_id: Uuid, quantity: u32, price: Option<(i64, &str)>) -> NewLine {
        let money = |(minor_units, currency): (i64, &str)| Money { minor_units, currency: currency.to_owned() };
        NewLine { phone_id, quantity, expected_unit_price: price.map(money) }
    }

    fn order(lines: &[NewLine], [name, phone_number, address]: [&str; 3]) -> Vec<u8> {
        let recipient =
            Recipient { name: name.to_owned(), phone_number: phone_number.to_owned(), address: address.to_owned() };
        NewOrder { shop_id: Uuid::from_u128(1), lines: lines.to_vec(), recipient }.canonical()
    }

    #[test]
    fn no_two_commands_read_the_same() {
        let to = ["ab", "0101234567", "c"];
        let (one, other) = (line(PHONE, 1, None), line(Uuid::from_u128(3), 1, None));
        let commands = [
            order(std::slice::from_ref(&one), to),
            order(&[one.clone(), other.clone()], to),
            order(&[other, one.clone()], to),
            order(&[line(PHONE, 2, None)], to),
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
