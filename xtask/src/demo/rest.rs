//! The walk's calls as REST.

mod trust;

use std::time::Duration;

use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::api::{Answer, Api, As, Failure};
use super::things::{Delivery, Line, Message, MyOrder, NewPhone, Order, Phone, RECIPIENT, Shop, ShopOrder};
use crate::error::{Context, Result};

/// A client of the edge's REST.
pub struct Rest {
    edge: String,
    client: reqwest::Client,
}

impl Rest {
    pub fn new(edge: &str) -> Result<Self> {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build();
        Ok(Self { edge: edge.to_owned(), client: client.context(|| "making an HTTP client".to_owned())? })
    }

    async fn get<T: DeserializeOwned>(&self, who: As<'_>, path: &str, field: &str) -> Answer<T> {
        self.call(Method::GET, who, path, None, field).await
    }

    async fn post<T: DeserializeOwned>(&self, who: As<'_>, path: &str, body: &Value, field: &str) -> Answer<T> {
        self.call(Method::POST, who, path, Some(body), field).await
    }

    /// Calls, and reads one field of the answer.
    async fn call<T>(&self, method: Method, who: As<'_>, path: &str, body: Option<&Value>, field: &str) -> Answer<T>
    where
        T: DeserializeOwned,
    {
        let call = format!("{method} {path}");
        let mut request = self.client.request(method, format!("{}{path}", self.edge)).bearer_auth(who.token);
        if !who.key.is_empty() {
            request = request.header("idempotency-key", who.key);
        }
        if !who.service.is_empty() {
            request = request.header("x-tword-service", who.service);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let lost = |error: reqwest::Error| failure(&call, "nothing", &json!({ "message": error.to_string() }));
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let text = response.text().await.map_err(lost)?;
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| json!({ "message": text }));
        if !status.is_success() {
            return Err(failure(&call, &format!("HTTP {}", status.as_u16()), &answer));
        }
        serde_json::from_value(answer[field].take())
            .map_err(|error| failure(&call, "HTTP 200", &json!({ "message": format!("{field}: {error} in {text}") })))
    }
}

/// Reads a `google.rpc.Status` in JSON.
fn failure(call: &str, status: &str, answer: &Value) -> Failure {
    let details = answer["details"].as_array().map_or(&[][..], Vec::as_slice);
    let reason = details.iter().find_map(|detail| detail["reason"].as_str()).unwrap_or_default();
    let violations = details.iter().filter_map(|detail| detail["fieldViolations"].as_array()).flatten();
    Failure {
        call: call.to_owned(),
        status: status.to_owned(),
        reason: reason.to_owned(),
        message: answer["message"].as_str().unwrap_or_default().to_owned(),
        fields: violations.filter_map(|violation| violation["field"].as_str().map(str::to_owned)).collect(),
    }
}

fn money(units: i64) -> Value {
    json!({ "currencyCode": "KRW", "units": units.to_string() })
}

fn new_phone(phone: &NewPhone) -> Value {
    let units = if phone.serials.is_empty() {
        json!({ "quantity": phone.quantity })
    } else {
        json!({ "serials": { "serials": phone.serials } })
    };
    json!({ "displayName": phone.display_name, "unitPrice": money(phone.price), "units": units })
}

fn new_line(line: &Line) -> Value {
    let price = money(line.price);
    json!({ "phoneId": line.phone_id, "quantity": line.quantity, "expectedUnitPrice": price, "serials": line.serials })
}

impl Api for Rest {
    const NAME: &'static str = "REST";

    async fn register_shop(&self, who: As<'_>, display_name: &str) -> Answer<Shop> {
        self.post(who, "/v1/shops", &json!({ "displayName": display_name }), "shop").await
    }

    async fn register_phones(&self, who: As<'_>, shop_id: &str, phones: &[NewPhone]) -> Answer<Vec<Phone>> {
        let phones: Vec<_> = phones.iter().map(new_phone).collect();
        self.post(who, &format!("/v1/shops/{shop_id}/phones"), &json!({ "phones": phones }), "phones").await
    }

    async fn add_units(&self, who: As<'_>, shop_id: &str, phone_id: &str, quantity: i32) -> Answer<Phone> {
        let body = json!({ "units": { "quantity": quantity } });
        self.post(who, &format!("/v1/shops/{shop_id}/phones/{phone_id}/units"), &body, "phone").await
    }

    async fn phone(&self, who: As<'_>, shop_id: &str, phone_id: &str) -> Answer<Phone> {
        self.get(who, &format!("/v1/shops/{shop_id}/phones/{phone_id}"), "phone").await
    }

    async fn shop_orders(&self, who: As<'_>, shop_id: &str) -> Answer<Vec<ShopOrder>> {
        self.get(who, &format!("/v1/shops/{shop_id}/orders"), "orders").await
    }

    async fn place_order(&self, who: As<'_>, shop_id: &str, lines: &[Line]) -> Answer<Order> {
        let [name, phone_number, address] = RECIPIENT;
        let recipient = json!({ "name": name, "phoneNumber": phone_number, "address": address });
        let lines: Vec<_> = lines.iter().map(new_line).collect();
        let body = json!({ "shopId": shop_id, "lines": lines, "recipient": recipient });
        self.post(who, "/v1/orders", &body, "order").await
    }

    async fn order(&self, who: As<'_>, order_id: &str) -> Answer<Order> {
        self.get(who, &format!("/v1/orders/{order_id}"), "order").await
    }

    async fn cancel_order(&self, who: As<'_>, order_id: &str, reason: &str) -> Answer<Order> {
        self.post(who, &format!("/v1/orders/{order_id}:cancel"), &json!({ "reason": reason }), "order").await
    }

    async fn ready_deliveries(&self, who: As<'_>) -> Answer<Vec<Delivery>> {
        self.get(who, "/v1/deliveries?status=STATUS_READY", "deliveries").await
    }

    async fn ship(&self, who: As<'_>, delivery_id: &str, carrier: &str, tracking_number: &str) -> Answer<Delivery> {
        let body = json!({ "carrier": carrier, "trackingNumber": tracking_number });
        self.post(who, &format!("/v1/deliveries/{delivery_id}:ship"), &body, "delivery").await
    }

    async fn complete(&self, who: As<'_>, delivery_id: &str) -> Answer<Delivery> {
        self.post(who, &format!("/v1/deliveries/{delivery_id}:complete"), &json!({}), "delivery").await
    }

    async fn my_order(&self, who: As<'_>, order_id: &str) -> Answer<MyOrder> {
        self.get(who, &format!("/v1/mypage/orders/{order_id}"), "order").await
    }

    async fn my_orders(&self, who: As<'_>) -> Answer<Vec<MyOrder>> {
        self.get(who, "/v1/mypage/orders", "orders").await
    }

    async fn messages(&self, who: As<'_>, order_id: &str) -> Answer<Vec<Message>> {
        self.get(who, &format!("/v1/messages?orderId={order_id}"), "messages").await
    }
}
