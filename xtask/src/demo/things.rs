//! What the walk looks at of each answer, the same for both ways there. Enum values are without their prefix.

use serde::{Deserialize, Deserializer};

/// Whom every order of the walk is delivered to: name, phone number, address.
pub const RECIPIENT: [&str; 3] = ["Hong Gildong", "+82-10-0000-0000", "1 Sejong-daero, Jung-gu, Seoul"];

/// A phone to register, in KRW.
pub struct NewPhone {
    pub display_name: &'static str,
    pub price: i64,
    /// Serial numbers of its first units; where empty, `quantity` says how many are assigned.
    pub serials: &'static [&'static str],
    pub quantity: i32,
}

/// A phone to order.
pub struct Line {
    pub phone_id: String,
    pub quantity: i32,
    /// The unit price that the customer expects, in KRW.
    pub price: i64,
    /// The very units wanted; any where empty.
    pub serials: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shop {
    pub shop_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Phone {
    #[serde(rename = "phoneId")]
    pub id: String,
    pub display_name: String,
    pub stock: Stock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Stock {
    pub registered: i32,
    pub available: i32,
    pub reserved: i32,
    pub sold: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    /// Whole KRW.
    #[serde(deserialize_with = "number")]
    pub units: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    #[serde(rename = "orderId")]
    pub id: String,
    #[serde(deserialize_with = "status")]
    pub status: String,
    pub total: Option<Money>,
    pub cancel_reason: String,
    pub carrier: String,
    pub tracking_number: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShopOrder {
    pub order_id: String,
    pub lines: Vec<ShopOrderLine>,
    #[serde(deserialize_with = "status")]
    pub status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShopOrderLine {
    pub phone_id: String,
    pub quantity: i32,
    pub serials: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    #[serde(rename = "deliveryId")]
    pub id: String,
    pub order_id: String,
    #[serde(deserialize_with = "status")]
    pub status: String,
    pub recipient: Option<Recipient>,
    pub tracking_number: String,
}

#[derive(Deserialize)]
pub struct Recipient {
    pub name: String,
    pub address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MyOrder {
    pub order_id: String,
    #[serde(deserialize_with = "status")]
    pub status: String,
    pub reason: String,
    pub delivery: Option<MyDelivery>,
    pub messages: Vec<MyMessage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MyDelivery {
    #[serde(deserialize_with = "status")]
    pub status: String,
    pub tracking_number: String,
}

#[derive(Deserialize)]
pub struct MyMessage {
    pub template: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    #[serde(deserialize_with = "template")]
    pub template: String,
    #[serde(deserialize_with = "status")]
    pub status: String,
    pub channel: String,
    pub language: String,
}

/// An enum value's name without its prefix; a name without it as it is.
pub fn bare(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_owned()
}

pub fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|name| bare(&name, "STATUS_"))
}

fn template<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|name| bare(&name, "TEMPLATE_"))
}

/// JSON carries 64-bit integers as strings.
pub fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}
