//! Wrong values by kind of field, each with who refuses it.

use serde_json::{Value, json};

/// What a field is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text of 1 to so many characters.
    Text(usize),
    /// The same, with a letter or a digit in it that can be seen.
    Readable(usize),
    /// The same, that may be left out or be empty.
    Note(usize),
    /// The same, that may be left out but not be empty.
    Change(usize),
    /// A UUID.
    Id,
    /// A phone number.
    PhoneNumber,
    /// A currency that may be left out.
    Currency,
    /// A whole number from 1 to so many.
    Count(i64),
    /// A price in KRW.
    Price,
    /// The same, that may be left out.
    OptionalPrice,
    /// One serial.
    Serial,
}

/// A wrong value; `None` leaves the field out.
pub struct Wrong {
    pub value: Option<Value>,
    /// Whether it does not even fit the contract, so that the edge refuses it.
    pub unfit: bool,
}

fn refused(values: impl IntoIterator<Item = Value>) -> Vec<Wrong> {
    values.into_iter().map(|value| Wrong { value: Some(value), unfit: false }).collect()
}

fn unfit(values: impl IntoIterator<Item = Value>) -> Vec<Wrong> {
    values.into_iter().map(|value| Wrong { value: Some(value), unfit: true }).collect()
}

fn missing() -> Vec<Wrong> {
    vec![Wrong { value: None, unfit: false }, Wrong { value: Some(Value::Null), unfit: false }]
}

impl Kind {
    /// Every wrong value of this kind.
    pub fn wrong(self) -> Vec<Wrong> {
        let parts = match self {
            Self::Text(most) => vec![missing(), refused([json!(""), json!(" \t ")]), texts(most), no_text()],
            Self::Readable(most) => vec![Self::Text(most).wrong(), refused(UNREADABLE.map(Value::from))],
            Self::Note(most) => vec![texts(most), no_text()],
            Self::Change(most) => vec![refused([json!(""), json!(" ")]), texts(most), no_text()],
            Self::Id => vec![missing(), refused(IDS.map(Value::from)), no_text()],
            Self::PhoneNumber => vec![missing(), refused(PHONE_NUMBERS.map(Value::from)), no_text()],
            Self::Currency => vec![refused(["XXX", "krw", "KRWW", "K", "원", "KR\u{0}"].map(Value::from)), no_text()],
            Self::Count(most) => {
                vec![missing(), refused([json!(0), json!(-1), json!(most + 1), json!(i32::MIN)]), no_int32()]
            }
            Self::Price => vec![missing(), prices(), no_prices()],
            Self::OptionalPrice => vec![prices(), no_prices()],
            // The transcoder takes a list inside a list for more of the same.
            Self::Serial => vec![refused(SERIALS.map(Value::from)), unfit([json!({}), json!({ "a": 1 })])],
        };
        parts.into_iter().flatten().collect()
    }
}

const IDS: [&str; 6] =
    ["", "x", "1", "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-0000000000000", " \u{7}"];
const PHONE_NUMBERS: [&str; 10] = [
    "",
    "123456",
    "123456789012345678901",
    "010-1234-567a",
    "call me now",
    "010\u{0}12345678",
    "+++++++",
    "+82 10-12",
    "010+12345678",
    "++821012345678",
];
/// Zero width, fillers that Unicode has among the letters, blank Braille, signs alone.
const UNREADABLE: [&str; 6] = ["\u{200b}\u{200d}", "\u{3164}", "\u{1160}\u{ffa0}", "\u{2800}", "...", "+++++++"];
const SERIALS: [&str; 9] =
    ["", "ABC", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", "abcd", "AB CD", "AB_CD", "ABCD\n", "ÄÖÜÄ", "TW-12345678"];

fn texts(most: usize) -> Vec<Wrong> {
    refused([
        json!("가".repeat(most + 1)),
        json!("x".repeat(most * 20)),
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("a\u{85}b"),
        json!("\u{1b}[31m!"),
    ])
}

fn no_text() -> Vec<Wrong> {
    unfit([json!({}), json!([]), json!({ "a": 1 }), json!(["a"])])
}

fn no_int32() -> Vec<Wrong> {
    unfit([
        json!("x"),
        json!(1.5),
        json!(2_147_483_648_i64),
        json!(1e20),
        json!(true),
        json!({}),
        json!([1]),
        json!(""),
    ])
}

fn prices() -> Vec<Wrong> {
    let money = |code: &str, units: &str, nanos: i64| json!({ "currencyCode": code, "units": units, "nanos": nanos });
    refused([
        json!({}),
        money("KRW", "0", 0),
        money("KRW", "-1", 0),
        money("KRW", "1000000000001", 0),
        money("KRW", "9223372036854775807", 0),
        money("KRW", "1000", 500_000_000),
        money("KRW", "1000", -1),
        money("KRW", "1000", 1_000_000_000),
        money("KRW", "-1000", -500_000_000),
        money("XXX", "1000", 0),
        money("krw", "1000", 0),
        money("USD", "1000", 1),
        money("USD", "9223372036854775807", 0),
    ])
}

fn no_prices() -> Vec<Wrong> {
    unfit([
        json!("1000"),
        json!(1000),
        json!({ "units": "9223372036854775808" }),
        json!({ "units": "x" }),
        json!({ "units": 1.5 }),
        json!({ "units": "1000", "nanos": 9_999_999_999_i64 }),
        json!({ "units": "1000", "currencyCode": {} }),
    ])
}
