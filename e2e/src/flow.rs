//! The steps of an order's life over REST, each repeated with its key until it is answered.

use std::time::Duration;

use proto::delivery::v1::Recipient;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::checker::Placed;
use crate::rest::{Answer, Rest};
use crate::wait::{self, holds};
use crate::world::{Person, Shop, World};

/// How often my page is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// The body of a `PlaceOrder`.
pub fn order_of(shop: &Shop, phone_id: &str, quantity: i32) -> Value {
    json!({
        "shopId": shop.id,
        "lines": [{ "phoneId": phone_id, "quantity": quantity }],
        "recipient": { "name": "김하나", "phoneNumber": "010-1234-5678", "address": "서울특별시 강남구 테헤란로 1" },
    })
}

/// The body of a customer's `PlaceOrder`: one unit of the shop's first phone, to an address that no other customer has.
pub fn order_by(shop: &Shop, customer: &Person) -> Value {
    let mut body = order_of(shop, &shop.phones[0], 1);
    body["recipient"]["address"] = format!("서울특별시 강남구 {}", customer.id).into();
    body
}

/// Whom the order of a `PlaceOrder`'s body is to be delivered to.
pub fn recipient(body: &Value) -> Recipient {
    let [name, phone_number, address] = ["name", "phoneNumber", "address"]
        .map(|field| body["recipient"][field].as_str().expect("a recipient with every field").to_owned());
    Recipient { name, phone_number, address }
}

/// A new idempotency key.
pub fn key() -> String {
    Uuid::new_v4().to_string()
}

/// The id of the order in an answer.
pub fn order_id(body: &Value) -> String {
    body["order"]["orderId"].as_str().expect("an order with its id").to_owned()
}

/// A new customer orders one unit of the shop's first phone, as long as it takes.
pub async fn place(world: &World, shop: &Shop) -> Placed {
    place_as(world, shop, world.customer()).await
}

/// A customer orders one unit of the shop's first phone, as long as it takes.
pub async fn place_as(world: &World, shop: &Shop, customer: Person) -> Placed {
    let body = order_by(shop, &customer);
    let placed = world.rest(&customer).persist("/v1/orders", &key(), &body).await.ok();
    Placed { order_id: order_id(&placed), customer, recipient: recipient(&body) }
}

/// Several customers order one unit each, at once.
pub async fn place_many(world: &World, shop: &Shop, count: usize) -> Vec<Placed> {
    futures::future::join_all((0..count).map(|_| place(world, shop))).await
}

/// Waits until the customer sees the order in a status, such as `CONFIRMED`.
pub async fn reaches(rest: &Rest, order_id: &str, status: &str) -> Value {
    let wanted = format!("STATUS_{status}");
    wait::until(&format!("order {order_id} to be {status}"), || async {
        let answer = rest.call(reqwest::Method::GET, &format!("/v1/orders/{order_id}"), None, None).await?;
        let seen = answer.body["order"]["status"].as_str().unwrap_or_default().to_owned();
        holds(seen == wanted, answer.to_string())?;
        Ok(answer.body)
    })
    .await
}

/// Waits until the shop's staff see the delivery in a status, such as `READY`.
pub async fn delivery_reaches(staff: &Rest, order_id: &str, status: &str) -> Value {
    let wanted = format!("STATUS_{status}");
    wait::until(&format!("delivery {order_id} to be {status}"), || async {
        let answer = staff.call(reqwest::Method::GET, &format!("/v1/deliveries/{order_id}"), None, None).await?;
        let seen = answer.body["delivery"]["status"].as_str().unwrap_or_default().to_owned();
        holds(seen == wanted, answer.to_string())?;
        Ok(answer.body)
    })
    .await
}

/// Ships.
pub async fn ship(staff: &Rest, order_id: &str) -> Answer {
    let body = json!({ "carrier": "CJ대한통운", "trackingNumber": "1234567890" });
    staff.persist(&format!("/v1/deliveries/{order_id}:ship"), &key(), &body).await
}

/// Completes.
pub async fn complete(staff: &Rest, order_id: &str) -> Answer {
    staff.persist(&format!("/v1/deliveries/{order_id}:complete"), &key(), &json!({})).await
}

/// Ships as soon as it can be shipped, and completes.
pub async fn deliver(staff: &Rest, order_id: &str) {
    delivery_reaches(staff, order_id, "READY").await;
    ship(staff, order_id).await.ok();
    complete(staff, order_id).await.ok();
}

/// Cancels.
pub async fn cancel(rest: &Rest, order_id: &str, reason: &str) -> Answer {
    rest.persist(&format!("/v1/orders/{order_id}:cancel"), &key(), &json!({ "reason": reason })).await
}

/// Looks at my page for as long as it is polled, and sees that nothing on it goes backward.
pub async fn never_backward(rest: &Rest, order_id: &str) {
    let (path, mut last) = (format!("/v1/mypage/orders/{order_id}"), (0, 0));
    let mut looks = tokio::time::interval(LOOK);
    loop {
        looks.tick().await;
        let Ok(answer) = rest.call(reqwest::Method::GET, &path, None, None).await else { continue };
        if answer.status.is_success() {
            let version = |value: &Value| value.as_str().and_then(|text| text.parse().ok()).unwrap_or(0);
            let order = &answer.body["order"];
            let seen: (i64, i64) = (version(&order["orderVersion"]), version(&order["delivery"]["version"]));
            assert!(seen.0 >= last.0 && seen.1 >= last.1, "my page went back from {last:?}: {answer}");
            last = seen;
        }
    }
}

/// How many orders a customer has.
pub async fn orders_of(world: &World, customer: &Person) -> usize {
    let body = world.rest(customer).get("/v1/orders?pageSize=200").await.ok();
    body["orders"].as_array().map_or(0, Vec::len)
}

/// What the shop has of a phone: registered, available, reserved, sold.
pub async fn stock(world: &World, shop: &Shop, phone_id: &str) -> [i64; 4] {
    let body = world.rest(&shop.staff).get(&format!("/v1/shops/{}/phones/{phone_id}", shop.id)).await.ok();
    ["registered", "available", "reserved", "sold"].map(|count| body["phone"]["stock"][count].as_i64().unwrap_or(-1))
}
