//! Ids in paths that are none, and ids of nothing.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::{Case, Refusal};
use super::place::Place;

const NOT_FOUND: Refusal = Refusal::Other(404, 5, "NOT_FOUND");

/// Ids that are none, as they stand in a path.
const WRONG: [&str; 5] =
    ["x", "%20", "%0A", "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-0000000000000"];

pub fn all(place: &Place) -> Vec<Case> {
    let mut cases: Vec<_> = one_id(place)
        .into_iter()
        .flat_map(|(token, verb, [before, after], field, body)| {
            let of = move |id: &str, refusal| {
                let path = format!("{before}{id}{after}");
                match &body {
                    Some(body) => Case::json(&token, verb.clone(), path, body, refusal),
                    None => Case::bare(&token, verb.clone(), path, refusal),
                }
            };
            let missing = of(&Uuid::new_v4().to_string(), NOT_FOUND);
            let nul = of("%00", Refusal::Unfit("path"));
            WRONG.map(|id| of(id, Refusal::field(field))).into_iter().chain([nul, missing]).collect::<Vec<_>>()
        })
        .collect();
    cases.extend(two_ids(place));
    cases.extend(too_early(place));
    cases
}

type Row = (String, Method, [&'static str; 2], &'static str, Option<Value>);

/// Methods whose path has one id: who, how, what stands around the id, the id's name, the body.
fn one_id(place: &Place) -> Vec<Row> {
    let (customer, operator) = (|| place.customer.token.clone(), || place.operator.token.clone());
    let (staff, manager) = (|| place.shop.staff.token.clone(), || place.shop.manager.token.clone());
    let phones = json!({ "phones": [{ "displayName": "은하 S30", "unitPrice": { "units": "900000" } }] });
    let ship = json!({ "carrier": "CJ대한통운", "trackingNumber": "1234567890" });
    vec![
        (customer(), Method::GET, ["/v1/shops/", ""], "shop_id", None),
        (operator(), Method::POST, ["/v1/shops/", ":open"], "shop_id", Some(json!({}))),
        (operator(), Method::POST, ["/v1/shops/", ":close"], "shop_id", Some(json!({}))),
        (manager(), Method::POST, ["/v1/shops/", "/phones"], "shop_id", Some(phones)),
        (customer(), Method::GET, ["/v1/shops/", "/phones"], "shop_id", None),
        (operator(), Method::GET, ["/v1/shops/", "/orders"], "shop_id", None),
        (customer(), Method::GET, ["/v1/orders/", ""], "order_id", None),
        (customer(), Method::POST, ["/v1/orders/", ":cancel"], "order_id", Some(json!({}))),
        (customer(), Method::GET, ["/v1/orders/", "/events"], "order_id", None),
        (staff(), Method::GET, ["/v1/deliveries/", ""], "delivery_id", None),
        (staff(), Method::POST, ["/v1/deliveries/", ":ship"], "delivery_id", Some(ship)),
        (staff(), Method::POST, ["/v1/deliveries/", ":complete"], "delivery_id", Some(json!({}))),
        (customer(), Method::GET, ["/v1/messages/", ""], "message_id", None),
        (customer(), Method::GET, ["/v1/mypage/orders/", ""], "order_id", None),
    ]
}

/// Methods whose path has two ids.
fn two_ids(place: &Place) -> Vec<Case> {
    let (manager, shop, phone) = (&place.shop.manager.token, &place.shop.id, &place.shop.phones[0]);
    let units = json!({ "units": { "quantity": 1 } });
    let change = json!({ "displayName": "은하 S30" });
    let both = || Refusal::fields(&["shop_id", "phone_id"]);
    let unknown = Uuid::new_v4().to_string();
    let mut cases = Vec::new();
    for (verb, after, body) in [
        (Method::GET, "", None),
        (Method::PATCH, "", Some(&change)),
        (Method::GET, "/units", None),
        (Method::POST, "/units", Some(&units)),
    ] {
        let mut of = |shop: &str, phone: &str, refusal| {
            let path = format!("/v1/shops/{shop}/phones/{phone}{after}");
            cases.push(match body {
                Some(body) => Case::json(manager, verb.clone(), path, body, refusal),
                None => Case::bare(manager, verb.clone(), path, refusal),
            });
        };
        of("x", "y", both());
        for wrong in WRONG {
            of(shop, wrong, Refusal::field("phone_id"));
            of(wrong, phone, Refusal::field("shop_id"));
        }
        of(shop, &unknown, NOT_FOUND);
        of(&unknown, phone, NOT_FOUND);
    }
    cases
}

/// What is right in form and comes too early, or without the reason that a shop owes.
fn too_early(place: &Place) -> Vec<Case> {
    let [.., order, delivery] = place.paths();
    let staff = &place.shop.staff.token;
    vec![
        Case::json(
            staff,
            Method::POST,
            format!("{delivery}:complete"),
            &json!({}),
            Refusal::Other(400, 9, "NOT_SHIPPED"),
        ),
        Case::json(staff, Method::POST, format!("{order}:cancel"), &json!({}), Refusal::field("reason")),
        Case::json(
            staff,
            Method::POST,
            format!("{order}:cancel"),
            &json!({ "reason": "  " }),
            Refusal::field("reason"),
        ),
    ]
}
