//! Every field of every write, with every value that is wrong for it.

use e2e::flow::order_of;
use reqwest::Method;
use serde_json::{Value, json};

use super::case::{Case, Refusal};
use super::place::Place;
use super::values::{Kind, Wrong};

/// A write that is right, and the fields of its body.
pub struct Form {
    token: String,
    verb: Method,
    path: String,
    pub body: Value,
    /// JSON pointer into the body, name in the contract, kind.
    fields: Vec<(&'static str, &'static str, Kind)>,
}

pub fn all(place: &Place) -> Vec<Case> {
    let forms =
        [register_shop(place), register_phones(place), update_phone(place), add_units(place), place_order(place)];
    let of_orders =
        [cancel_order(place), ship_delivery(place), correct_recipient(place), correct_tracking_number(place)];
    let cases: Vec<_> = forms.iter().chain(&of_orders).flat_map(Form::cases).collect();
    cases
}

impl Form {
    fn cases(&self) -> Vec<Case> {
        let wrong = self.fields.iter().flat_map(|field| field.2.wrong().into_iter().map(move |wrong| (field, wrong)));
        wrong.map(|((pointer, name, _), wrong)| self.case(pointer, name, wrong)).collect()
    }

    fn case(&self, pointer: &str, name: &str, wrong: Wrong) -> Case {
        let mut body = self.body.clone();
        let (parent, last) = pointer.rsplit_once('/').expect("a pointer");
        let parent = body.pointer_mut(parent).expect("a place in the body");
        match (wrong.value, parent) {
            (Some(value), Value::Array(items)) => items[last.parse::<usize>().expect("an index")] = value,
            (Some(value), parent) => parent[last] = value,
            (None, parent) => drop(parent.as_object_mut().expect("an object").remove(last)),
        }
        let refusal = if wrong.unfit { Refusal::Unfit("") } else { Refusal::field(name) };
        self.with(&body, refusal)
    }

    /// The same write with another body.
    pub fn with(&self, body: &Value, refusal: Refusal) -> Case {
        Case::json(&self.token, self.verb.clone(), &self.path, body, refusal)
    }
}

pub fn price() -> Value {
    json!({ "currencyCode": "KRW", "units": "900000", "nanos": 0 })
}

fn register_shop(place: &Place) -> Form {
    Form {
        token: place.operator.token.clone(),
        verb: Method::POST,
        path: "/v1/shops".to_owned(),
        body: json!({ "displayName": "홍대점", "currencyCode": "KRW" }),
        fields: vec![
            ("/displayName", "display_name", Kind::Text(100)),
            ("/currencyCode", "currency_code", Kind::Currency),
        ],
    }
}

pub fn register_phones(place: &Place) -> Form {
    let [shop, ..] = place.paths();
    let phone = json!({ "displayName": "은하 S30", "unitPrice": price(), "units": { "quantity": 1 } });
    let serials = json!({ "displayName": "은하 S31", "unitPrice": price(), "units": { "serials": { "serials": ["AAAA", "BBBB"] } } });
    Form {
        token: place.shop.manager.token.clone(),
        verb: Method::POST,
        path: format!("{shop}/phones"),
        body: json!({ "phones": [phone, serials] }),
        fields: vec![
            ("/phones/0/displayName", "phones[0].display_name", Kind::Text(100)),
            ("/phones/1/unitPrice", "phones[1].unit_price", Kind::Price),
            ("/phones/1/units/serials/serials/1", "phones[1].units.serials.serials[1]", Kind::Serial),
        ],
    }
}

fn update_phone(place: &Place) -> Form {
    let [_, phone, ..] = place.paths();
    Form {
        token: place.shop.manager.token.clone(),
        verb: Method::PATCH,
        path: phone,
        body: json!({ "displayName": "은하 S30", "unitPrice": price() }),
        fields: vec![
            ("/displayName", "display_name", Kind::Change(100)),
            ("/unitPrice", "unit_price", Kind::OptionalPrice),
        ],
    }
}

pub fn add_units(place: &Place) -> Form {
    let [_, phone, ..] = place.paths();
    Form {
        token: place.shop.manager.token.clone(),
        verb: Method::POST,
        path: format!("{phone}/units"),
        body: json!({ "units": { "serials": { "serials": ["AAAA", "BBBB"] } } }),
        fields: vec![("/units/serials/serials/0", "units.serials.serials[0]", Kind::Serial)],
    }
}

pub fn place_order(place: &Place) -> Form {
    let mut body = order_of(&place.shop, &place.shop.phones[0], 1);
    body["lines"][0]["expectedUnitPrice"] = price();
    Form {
        token: place.customer.token.clone(),
        verb: Method::POST,
        path: "/v1/orders".to_owned(),
        body,
        fields: vec![
            ("/shopId", "shop_id", Kind::Id),
            ("/lines/0/phoneId", "lines[0].phone_id", Kind::Id),
            ("/lines/0/quantity", "lines[0].quantity", Kind::Count(100)),
            ("/lines/0/expectedUnitPrice", "lines[0].expected_unit_price", Kind::OptionalPrice),
            ("/recipient/name", "recipient.name", Kind::Readable(100)),
            ("/recipient/phoneNumber", "recipient.phone_number", Kind::PhoneNumber),
            ("/recipient/address", "recipient.address", Kind::Readable(500)),
        ],
    }
}

fn cancel_order(place: &Place) -> Form {
    let [.., order, _] = place.paths();
    Form {
        token: place.customer.token.clone(),
        verb: Method::POST,
        path: format!("{order}:cancel"),
        body: json!({ "reason": "변심" }),
        fields: vec![("/reason", "reason", Kind::Note(200))],
    }
}

fn ship_delivery(place: &Place) -> Form {
    let [.., delivery] = place.paths();
    Form {
        token: place.shop.staff.token.clone(),
        verb: Method::POST,
        path: format!("{delivery}:ship"),
        body: json!({ "carrier": "CJ대한통운", "trackingNumber": "1234567890" }),
        fields: vec![("/carrier", "carrier", Kind::Text(50)), ("/trackingNumber", "tracking_number", Kind::Text(50))],
    }
}

fn correct_recipient(place: &Place) -> Form {
    let [.., delivery] = place.paths();
    let recipient =
        json!({ "name": "김유나", "phoneNumber": "010-9876-5432", "address": "부산광역시 해운대구 우동 1" });
    Form {
        token: place.customer.token.clone(),
        verb: Method::POST,
        path: format!("{delivery}:correctRecipient"),
        body: json!({ "recipient": recipient }),
        fields: vec![
            ("/recipient/name", "recipient.name", Kind::Readable(100)),
            ("/recipient/phoneNumber", "recipient.phone_number", Kind::PhoneNumber),
            ("/recipient/address", "recipient.address", Kind::Readable(500)),
        ],
    }
}

fn correct_tracking_number(place: &Place) -> Form {
    let [.., delivery] = place.paths();
    Form {
        token: place.shop.staff.token.clone(),
        verb: Method::POST,
        path: format!("{delivery}:correctTrackingNumber"),
        body: json!({ "trackingNumber": "1234567890" }),
        fields: vec![("/trackingNumber", "tracking_number", Kind::Text(50))],
    }
}
