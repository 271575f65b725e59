//! Fields that are wrong only together, and all fields wrong at once.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::{Case, Refusal};
use super::forms::{add_units, place_order, price, register_phones};
use super::place::Place;
use super::values::Kind;

pub fn all(place: &Place) -> Vec<Case> {
    [phones_together(place), units_together(place), orders_together(place), at_once(place)]
        .into_iter()
        .flatten()
        .collect()
}

/// Phones that are wrong only together.
fn phones_together(place: &Place) -> Vec<Case> {
    let form = register_phones(place);
    let phone = |units: Value| json!({ "displayName": "은하 S30", "unitPrice": price(), "units": units });
    let of = |phones: Vec<Value>, refusal| form.with(&json!({ "phones": phones }), refusal);
    let (none, many, dollars) = (
        phone(json!({ "quantity": 1 })),
        phone(json!({ "quantity": 10_000 })),
        json!({ "currencyCode": "USD", "units": "1000" }),
    );
    let with_serial = |serial: &str| phone(json!({ "serials": { "serials": [serial] } }));
    vec![
        of(vec![], Refusal::field("phones")),
        of(vec![none; 21], Refusal::field("phones")),
        of(vec![many.clone(), many], Refusal::field("phones")),
        of(vec![with_serial("AAAA"), with_serial("AAAA")], Refusal::field("phones[1].units.serials.serials[0]")),
        of(vec![with_serial(&place.serial)], Refusal::field("phones[0].units.serials.serials[0]")),
        of(vec![json!({ "displayName": "은하 S30", "unitPrice": dollars })], Refusal::field("phones[0].unit_price")),
        of(vec![json!({})], Refusal::fields(&["phones[0].display_name", "phones[0].unit_price"])),
        of(vec![phone(json!({}))], Refusal::field("phones[0].units")),
        of(vec![phone(json!({ "quantity": 0 }))], Refusal::field("phones[0].units.quantity")),
        form.with(&json!({ "phones": {} }), Refusal::Unfit("")),
        form.with(&json!({}), Refusal::field("phones")),
    ]
}

/// Units that are wrong by their number or together.
fn units_together(place: &Place) -> Vec<Case> {
    let form = add_units(place);
    let of = |units: Value, refusal| form.with(&json!({ "units": units }), refusal);
    let serials = |serials: &[&str]| json!({ "serials": { "serials": serials } });
    let many: Vec<_> = (0..10_001).map(|number| format!("S{number:04}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let mut cases: Vec<_> = Kind::Count(10_000)
        .wrong()
        .into_iter()
        .filter_map(|wrong| Some((wrong.value.filter(|value| !value.is_null())?, wrong.unfit)))
        .map(|(value, unfit)| {
            let refusal = if unfit { Refusal::Unfit("") } else { Refusal::field("units.quantity") };
            of(json!({ "quantity": value }), refusal)
        })
        .collect();
    cases.extend([
        of(json!({}), Refusal::field("units")),
        form.with(&json!({}), Refusal::field("units")),
        of(serials(&[]), Refusal::field("units.serials.serials")),
        of(serials(&many), Refusal::field("units.serials.serials")),
        of(serials(&["AAAA", "BBBB", "AAAA"]), Refusal::field("units.serials.serials[2]")),
        of(serials(&["aaaa", "AAAA", "b"]), Refusal::fields(&["units.serials.serials[0]", "units.serials.serials[2]"])),
        of(json!({ "quantity": 1, "serials": { "serials": ["AAAA"] } }), Refusal::Unfit("")),
    ]);
    cases
}

/// Orders that are wrong by their lines.
fn orders_together(place: &Place) -> Vec<Case> {
    let form = place_order(place);
    let line = || json!({ "phoneId": Uuid::new_v4().to_string(), "quantity": 1 });
    let twice = json!({ "phoneId": place.shop.phones[0], "quantity": 1 });
    let of = |lines: Value, refusal| {
        let mut body = form.body.clone();
        body["lines"] = lines;
        form.with(&body, refusal)
    };
    let recipient = ["recipient.name", "recipient.phone_number", "recipient.address"];
    let mut nobody = form.body.clone();
    nobody["recipient"] = Value::Null;
    vec![
        of(json!([]), Refusal::field("lines")),
        of(Value::Null, Refusal::field("lines")),
        of((0..21).map(|_| line()).collect(), Refusal::field("lines")),
        of(
            (0..21).map(|number| if number == 3 { json!({ "quantity": 1 }) } else { line() }).collect(),
            Refusal::fields(&["lines", "lines[3].phone_id"]),
        ),
        of(json!([twice, twice]), Refusal::field("lines")),
        of(json!([{}]), Refusal::fields(&["lines[0].phone_id", "lines[0].quantity"])),
        of(json!([line(), { "phoneId": "x", "quantity": 1 }, line()]), Refusal::field("lines[1].phone_id")),
        of(json!([5]), Refusal::Unfit("lines")),
        of(json!("x"), Refusal::Unfit("lines")),
        form.with(&nobody, Refusal::fields(&recipient)),
    ]
}

/// Every field of a request wrong: all of them are named.
fn at_once(place: &Place) -> Vec<Case> {
    let line = json!({ "phoneId": "x", "quantity": 101, "expectedUnitPrice": { "currencyCode": "XXX" } });
    let order = json!({ "shopId": "x", "lines": [line, line], "recipient": { "name": "", "phoneNumber": "1", "address": "a\nb" } });
    let phone = json!({ "displayName": "", "unitPrice": { "units": "-1" }, "units": { "quantity": 10_001 } });
    let lines = ["phone_id", "quantity", "expected_unit_price"];
    let lines = [0, 1].into_iter().flat_map(|place| lines.map(move |field| format!("lines[{place}].{field}")));
    let recipient = ["shop_id", "recipient.name", "recipient.phone_number", "recipient.address"].map(str::to_owned);
    let (wrong_shop, [.., delivery]) = ("/v1/shops/x/phones", place.paths());
    let manager = &place.shop.manager.token;
    let phones = ["shop_id", "phones[0].display_name", "phones[0].unit_price", "phones[0].units.quantity"];
    let change = json!({ "displayName": "", "unitPrice": {} });
    let units = json!({ "units": { "serials": { "serials": ["a"] } } });
    let post = |token: &str, path: &str, body: &Value, refusal| Case::json(token, Method::POST, path, body, refusal);
    vec![
        post(
            &place.customer.token,
            "/v1/orders",
            &json!({}),
            Refusal::Fields([&recipient[..], &["lines".to_owned()]].concat()),
        ),
        post(&place.customer.token, "/v1/orders", &order, Refusal::Fields(lines.chain(recipient).collect())),
        post(
            &place.operator.token,
            "/v1/shops",
            &json!({ "currencyCode": "XXX" }),
            Refusal::fields(&["display_name", "currency_code"]),
        ),
        post(manager, wrong_shop, &json!({ "phones": [phone] }), Refusal::fields(&phones)),
        Case::json(
            manager,
            Method::PATCH,
            format!("{wrong_shop}/y"),
            &change,
            Refusal::fields(&["shop_id", "phone_id", "display_name", "unit_price"]),
        ),
        post(
            manager,
            &format!("{wrong_shop}/y/units"),
            &units,
            Refusal::fields(&["shop_id", "phone_id", "units.serials.serials[0]"]),
        ),
        post(
            &place.shop.staff.token,
            &format!("{delivery}:ship"),
            &json!({}),
            Refusal::fields(&["carrier", "tracking_number"]),
        ),
        post(
            &place.shop.staff.token,
            "/v1/deliveries/x:ship",
            &json!({}),
            Refusal::fields(&["delivery_id", "carrier", "tracking_number"]),
        ),
        post(
            &place.customer.token,
            "/v1/orders/x:cancel",
            &json!({ "reason": "\u{7}" }),
            Refusal::fields(&["order_id", "reason"]),
        ),
    ]
}
