//! What the walk asks of the edge, whichever way it goes there.

use std::fmt;

use super::things::{Delivery, Line, Message, MyOrder, NewPhone, Order, Phone, Shop, ShopOrder};

/// The result of a call.
pub type Answer<T> = Result<T, Failure>;

/// A call that was not answered with a success.
#[derive(Debug)]
pub struct Failure {
    /// What was called, such as `POST /v1/orders`.
    pub call: String,
    /// The status, such as `HTTP 404` or `NotFound`.
    pub status: String,
    /// The reason of its `ErrorInfo`; empty where it has none.
    pub reason: String,
    /// What it says to people.
    pub message: String,
    /// The fields that it finds wrong.
    pub fields: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { call, status, reason, message, fields } = self;
        write!(formatter, "{call} answered {status}")?;
        if !reason.is_empty() {
            write!(formatter, " {reason}")?;
        }
        if !fields.is_empty() {
            write!(formatter, " [{}]", fields.join(", "))?;
        }
        write!(formatter, ": {message}")
    }
}

/// Who calls, and the key of a call that changes something.
#[derive(Clone, Copy)]
pub struct As<'a> {
    /// The bearer token.
    pub token: &'a str,
    /// The idempotency key; empty for none.
    pub key: &'a str,
    /// The one service that is meant, where each has the call; empty otherwise.
    pub service: &'a str,
}

impl<'a> As<'a> {
    /// A call that changes nothing.
    pub fn reader(token: &'a str) -> Self {
        Self { token, key: "", service: "" }
    }

    /// A call that changes something.
    pub fn writer(token: &'a str, key: &'a str) -> Self {
        Self { token, key, service: "" }
    }

    /// The same call to one service's own working.
    pub fn to(self, service: &'a str) -> Self {
        Self { service, ..self }
    }
}

/// The calls of the walk. Every method fails where the edge does not answer with a success.
pub trait Api {
    /// `REST` or `gRPC`.
    const NAME: &'static str;

    async fn register_shop(&self, who: As<'_>, display_name: &str) -> Answer<Shop>;
    async fn register_phones(&self, who: As<'_>, shop_id: &str, phones: &[NewPhone]) -> Answer<Vec<Phone>>;
    async fn add_units(&self, who: As<'_>, shop_id: &str, phone_id: &str, quantity: i32) -> Answer<Phone>;
    async fn phone(&self, who: As<'_>, shop_id: &str, phone_id: &str) -> Answer<Phone>;
    async fn shop_orders(&self, who: As<'_>, shop_id: &str) -> Answer<Vec<ShopOrder>>;
    async fn place_order(&self, who: As<'_>, shop_id: &str, lines: &[Line]) -> Answer<Order>;
    async fn order(&self, who: As<'_>, order_id: &str) -> Answer<Order>;
    async fn cancel_order(&self, who: As<'_>, order_id: &str, reason: &str) -> Answer<Order>;
    async fn ready_deliveries(&self, who: As<'_>) -> Answer<Vec<Delivery>>;
    async fn ship(&self, who: As<'_>, delivery_id: &str, carrier: &str, tracking_number: &str) -> Answer<Delivery>;
    async fn complete(&self, who: As<'_>, delivery_id: &str) -> Answer<Delivery>;
    async fn my_order(&self, who: As<'_>, order_id: &str) -> Answer<MyOrder>;
    async fn my_orders(&self, who: As<'_>) -> Answer<Vec<MyOrder>>;
    async fn messages(&self, who: As<'_>, order_id: &str) -> Answer<Vec<Message>>;
}
