//! Bodies that are no JSON, or say that they are none.

use reqwest::Method;
use serde_json::json;

use super::case::{Case, Refusal};
use super::place::Place;

pub fn all(place: &Place) -> Vec<Case> {
    let [shop, phone, order, delivery] = place.paths();
    let (manager, staff) = (&place.shop.manager.token, &place.shop.staff.token);
    let writes = [
        (&place.operator.token, Method::POST, "/v1/shops".to_owned()),
        (manager, Method::POST, format!("{shop}/phones")),
        (manager, Method::PATCH, phone.clone()),
        (manager, Method::POST, format!("{phone}/units")),
        (&place.customer.token, Method::POST, "/v1/orders".to_owned()),
        (&place.customer.token, Method::POST, format!("{order}:cancel")),
        (staff, Method::POST, format!("{delivery}:ship")),
        (staff, Method::POST, format!("{delivery}:complete")),
        (manager, Method::POST, format!("{shop}:open")),
    ];
    let mut cases = Vec::new();
    for (token, verb, path) in writes {
        for body in malformed() {
            cases.push(Case::text(token, verb.clone(), &path, "application/json", body, Refusal::Unfit("")));
        }
        for media in [
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "",
        ] {
            let refusal = Refusal::Other(415, 3, "UNSUPPORTED_MEDIA_TYPE");
            cases.push(Case::text(token, verb.clone(), &path, media, "{}", refusal));
        }
    }
    let conflict = json!({ "order_id": "x" });
    cases.push(Case::json(
        &place.customer.token,
        Method::POST,
        format!("{order}:cancel"),
        &conflict,
        Refusal::Unfit("order_id"),
    ));
    let taken = json!({ "units": { "serials": { "serials": ["AAAA", place.serial] } } });
    cases.push(Case::json(
        manager,
        Method::POST,
        format!("{phone}/units"),
        &taken,
        Refusal::field("units.serials.serials[1]"),
    ));
    cases
}

/// The transcoder forgives single quotes and a comma too many, so that neither stands here.
fn malformed() -> Vec<Vec<u8>> {
    let deep = "[".repeat(2_000);
    let texts = ["{", "}", "[]", "\"x\"", "nul", "{\"a\":}", "{} {}", "{\"a\"}", "{\"a\":1", &deep];
    let mut bodies: Vec<_> = texts.into_iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies
        .push(b"{\"reason\":\"\xff\xfe\",\"displayName\":\"\xff\",\"carrier\":\"\xff\",\"shopId\":\"\xff\"}".to_vec());
    bodies
}
