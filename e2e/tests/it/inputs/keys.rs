//! Idempotency keys that are none, on every write.

use e2e::flow::order_of;
use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Case, Refusal};
use super::place::Place;

const KEY: &str = "idempotency-key";
const INVALID: Refusal = Refusal::Other(400, 3, "INVALID_IDEMPOTENCY_KEY");

pub fn all(place: &Place) -> Vec<Case> {
    let mut cases: Vec<_> = writes(place).into_iter().flat_map(wrong_keys).collect();
    let reused = |body: &Value, refusal| {
        Case::json(&place.customer.token, Method::POST, "/v1/orders", body, refusal)
            .header(KEY, place.used_key.as_str())
    };
    cases.push(reused(
        &order_of(&place.shop, &place.shop.phones[0], 2),
        Refusal::Other(400, 3, "IDEMPOTENCY_KEY_REUSED"),
    ));
    cases.push(reused(&order_of(&place.shop, &place.shop.phones[0], 101), Refusal::field("lines[0].quantity")));
    cases
}

/// Every write, right but for its key: who, how, where, what.
fn writes(place: &Place) -> Vec<(String, Method, String, Value)> {
    let [shop, phone, order, delivery] = place.paths();
    let price = json!({ "units": "900000" });
    let phones = json!({ "phones": [{ "displayName": "은하 S30", "unitPrice": price }] });
    let manager = || place.shop.manager.token.clone();
    let (customer, staff) = (place.customer.token.clone(), || place.shop.staff.token.clone());
    let shipment = json!({ "carrier": "CJ대한통운", "trackingNumber": "1234567890" });
    vec![
        (place.operator.token.clone(), Method::POST, "/v1/shops".to_owned(), json!({ "displayName": "홍대점" })),
        (manager(), Method::POST, format!("{shop}:open"), json!({})),
        (manager(), Method::POST, format!("{shop}:close"), json!({})),
        (manager(), Method::POST, format!("{shop}/phones"), phones),
        (manager(), Method::PATCH, phone.clone(), json!({ "unitPrice": price })),
        (manager(), Method::POST, format!("{phone}/units"), json!({ "units": { "quantity": 1 } })),
        (customer.clone(), Method::POST, "/v1/orders".to_owned(), order_of(&place.shop, &place.shop.phones[0], 1)),
        (customer, Method::POST, format!("{order}:cancel"), json!({})),
        (staff(), Method::POST, format!("{delivery}:ship"), shipment),
        (staff(), Method::POST, format!("{delivery}:complete"), json!({})),
    ]
}

fn wrong_keys((token, verb, path, body): (String, Method, String, Value)) -> Vec<Case> {
    let case = || Case::json(&token, verb.clone(), &path, &body, INVALID);
    let long = "k".repeat(256);
    let keys: [&[u8]; 6] = [b"", long.as_bytes(), "키".as_bytes(), b"\xff", b"two words", b"a\tb"];
    let mut cases: Vec<_> = keys.into_iter().map(|key| case().header(KEY, key)).collect();
    cases.push(case().header(KEY, *b"a").header(KEY, *b"a"));
    cases.push(case().header(KEY, *b"a").header(KEY, *b"b"));
    cases
}
