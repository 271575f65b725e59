//! Units that are withdrawn, looked up and chosen from in a wrong way.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::{Case, Refusal};
use super::place::Place;

const NOT_FOUND: Refusal = Refusal::Other(404, 5, "NOT_FOUND");
/// No serials, as JSON.
const WRONG: [&str; 8] = ["", "ABC", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", "abcd", "AB CD", "AB_CD", "ABCD\n", "ÄÖÜÄ"];

pub fn all(place: &Place) -> Vec<Case> {
    [withdrawals(place), malformed(place), histories(place), choices(place)].into_iter().flatten().collect()
}

fn withdrawals(place: &Place) -> Vec<Case> {
    let [shop, phone, ..] = place.paths();
    let at = |path: String, serials: Value, refusal| {
        Case::json(&place.shop.manager.token, Method::POST, path, &json!({ "serials": serials }), refusal)
    };
    let of = |serials: Value, refusal| at(format!("{phone}/units:withdraw"), serials, refusal);
    let many: Vec<_> = (0..10_001).map(|number| format!("S{number:04}")).collect();
    let mut cases: Vec<_> =
        WRONG.map(|wrong| of(json!(["AAAA", wrong]), Refusal::field("serials[1]"))).into_iter().collect();
    let (unknown, free) = (Uuid::new_v4(), "TW-00000010");
    let elsewhere = format!("/v1/shops/{unknown}/phones/{}/units:withdraw", place.shop.phones[0]);
    cases.extend([
        of(json!([]), Refusal::field("serials")),
        of(Value::Null, Refusal::field("serials")),
        of(json!(many), Refusal::field("serials")),
        of(json!([free, "AAAA", free]), Refusal::field("serials[2]")),
        of(json!([{}]), Refusal::Unfit("")),
        of(json!({ "a": 1 }), Refusal::Unfit("")),
        of(json!([free, place.serial]), Refusal::Other(400, 9, "UNITS_NOT_AVAILABLE")),
        of(json!([free, "AAAA"]), NOT_FOUND),
        at(
            "/v1/shops/x/phones/y/units:withdraw".to_owned(),
            json!(["a"]),
            Refusal::fields(&["shop_id", "phone_id", "serials[0]"]),
        ),
        at(format!("{shop}/phones/{unknown}/units:withdraw"), json!([free]), NOT_FOUND),
        at(elsewhere, json!([free]), NOT_FOUND),
    ]);
    let key = [b"two words".to_vec(), b"".to_vec(), "키".as_bytes().to_vec()];
    let invalid = || of(json!([free]), Refusal::Other(400, 3, "INVALID_IDEMPOTENCY_KEY"));
    cases.extend(key.into_iter().map(|key| invalid().header("idempotency-key", key)));
    cases
}

/// Bodies that are none, or say that they are none.
fn malformed(place: &Place) -> Vec<Case> {
    let [_, phone, ..] = place.paths();
    let text = |media: &str, body: &str, refusal| {
        let path = format!("{phone}/units:withdraw");
        Case::text(&place.shop.manager.token, Method::POST, path, media, body, refusal)
    };
    let bodies = ["{", "[]", "nul", "{\"serials\":}", "{\"serials\":[\"AAAA\"]", "{\"serial\":\"AAAA\"}"];
    let media = text("text/plain", "{}", Refusal::Other(415, 3, "UNSUPPORTED_MEDIA_TYPE"));
    bodies.map(|body| text("application/json", body, Refusal::Unfit(""))).into_iter().chain([media]).collect()
}

fn histories(place: &Place) -> Vec<Case> {
    let [shop, ..] = place.paths();
    let of = |path: String, refusal| Case::bare(&place.shop.staff.token, Method::GET, path, refusal);
    let serial = &place.serial;
    let mut cases = Vec::new();
    for wrong in ["x", "abcd", "%20%20%20%20", "AB%0ACD", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"] {
        cases.push(of(format!("{shop}/units/{wrong}"), Refusal::field("serial")));
    }
    for size in ["-1", "-2147483648"] {
        cases.push(of(format!("{shop}/units/{serial}?pageSize={size}"), Refusal::field("page_size")));
    }
    for token in ["@@", "AAAA", &place.shops_token] {
        let refusal = Refusal::Other(400, 3, "INVALID_PAGE_TOKEN");
        cases.push(of(format!("{shop}/units/{serial}?pageToken={token}"), refusal));
    }
    cases.extend([
        of(format!("{shop}/units/AAAA"), NOT_FOUND),
        of(format!("/v1/shops/{}/units/{serial}", Uuid::new_v4()), NOT_FOUND),
        of(format!("{shop}/units/{serial}?pageSize=x"), Refusal::Unfit("")),
        of(format!("{shop}/units/{serial}?status=1"), Refusal::Unfit("status")),
    ]);
    let wrong = Refusal::fields(&["shop_id", "serial", "page_size"]);
    cases.push(Case::bare(&place.operator.token, Method::GET, "/v1/shops/x/units/y?pageSize=-1", wrong));
    cases
}

/// What customers may not list.
fn choices(place: &Place) -> Vec<Case> {
    let [_, phone, ..] = place.paths();
    let refusal = Refusal::Other(403, 7, "PERMISSION_DENIED");
    ["RESERVED", "SOLD", "WITHDRAWN"]
        .map(|status| {
            let path = format!("{phone}/units?status=STATUS_{status}");
            Case::bare(&place.customer.token, Method::GET, path, refusal.clone())
        })
        .into()
}
