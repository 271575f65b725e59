//! Orders: serials that are asked for, and operators' calls about orders.

use e2e::flow::order_of;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::{Case, Refusal};
use super::place::Place;

const STUCK: &str = "/v1/ops/stuckOrders";

pub fn all(place: &Place) -> Vec<Case> {
    serials(place).into_iter().chain(stuck(place)).chain(operated(place)).collect()
}

fn serials(place: &Place) -> Vec<Case> {
    let asking = |lines: &[(i64, Value)], refusal| {
        let mut body = order_of(&place.shop, &place.shop.phones[0], 1);
        let line = |(number, (quantity, serials)): (usize, &(i64, Value))| {
            let phone = if number == 0 { place.shop.phones[0].clone() } else { Uuid::new_v4().to_string() };
            json!({ "phoneId": phone, "quantity": quantity, "serials": serials })
        };
        body["lines"] = lines.iter().enumerate().map(line).collect();
        Case::json(&place.customer.token, Method::POST, "/v1/orders", &body, refusal)
    };
    let one = |quantity, serials, refusal| asking(&[(quantity, serials)], refusal);
    let of_line = || Refusal::field("lines[0].serials");
    let mut cases: Vec<_> = ["", "ABC", "abcd", "AB CD", "ABCD\n", "ÄÖÜÄ", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"]
        .into_iter()
        .map(|wrong| one(1, json!([wrong]), Refusal::field("lines[0].serials[0]")))
        .collect();
    cases.extend([
        one(2, json!(["TW-00000001", "x"]), Refusal::field("lines[0].serials[1]")),
        one(2, json!(["TW-00000001"]), of_line()),
        one(1, json!(["TW-00000001", "TW-00000002"]), of_line()),
        one(2, json!(["TW-00000001", "TW-00000001"]), of_line()),
        one(0, json!(["x"]), Refusal::fields(&["lines[0].quantity", "lines[0].serials[0]"])),
        one(1, json!([{}]), Refusal::Unfit("")),
        asking(&[(1, json!(["TW-00000001"])), (1, json!(["TW-00000001"]))], Refusal::field("lines")),
    ]);
    cases
}

fn stuck(place: &Place) -> Vec<Case> {
    let of = |query: &str, refusal| Case::bare(&place.operator.token, Method::GET, format!("{STUCK}?{query}"), refusal);
    let token = |token: &str| of(&format!("pageToken={token}"), Refusal::Other(400, 3, "INVALID_PAGE_TOKEN"));
    vec![
        of("pageSize=-1", Refusal::field("page_size")),
        of("pageSize=x", Refusal::Unfit("")),
        of("waitsFor=99", Refusal::Unfit("waits_for")),
        of("waitsFor=NOPE", Refusal::Unfit("")),
        of("status=1", Refusal::Unfit("status")),
        token("@@"),
        token(&place.shops_token),
        token(&place.orders_token),
    ]
}

fn operated(place: &Place) -> Vec<Case> {
    let post = |path: &str, body: &Value, refusal| Case::json(&place.operator.token, Method::POST, path, body, refusal);
    let resume = |id: &str| format!("/v1/ops/orders/{id}:resume");
    let erase = |id: &str| format!("/v1/ops/order/customers/{id}:erase");
    let missing = Refusal::Other(404, 5, "NOT_FOUND");
    vec![
        post(&resume("x"), &json!({}), Refusal::field("order_id")),
        post(&resume(&Uuid::new_v4().to_string()), &json!({}), missing),
        post(&erase(&"x".repeat(256)), &json!({}), Refusal::field("customer_id")),
    ]
}
