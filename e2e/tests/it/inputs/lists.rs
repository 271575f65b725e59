//! Lists: sizes, tokens and filters that are wrong.

use reqwest::Method;

use super::case::{Case, Refusal};
use super::place::Place;

const WRONG_TOKEN: Refusal = Refusal::Other(400, 3, "INVALID_PAGE_TOKEN");

pub fn all(place: &Place) -> Vec<Case> {
    let [shop, phone, order, _] = place.paths();
    let (customer, staff) = (&place.customer.token, &place.shop.staff.token);
    let lists = [
        (customer, "/v1/shops".to_owned(), false),
        (customer, format!("{shop}/phones"), false),
        (staff, format!("{phone}/units"), true),
        (staff, format!("{shop}/orders"), true),
        (customer, "/v1/orders".to_owned(), true),
        (customer, format!("{order}/events"), false),
        (staff, "/v1/deliveries".to_owned(), true),
        (customer, "/v1/messages".to_owned(), true),
        (customer, "/v1/mypage/orders".to_owned(), true),
    ];
    let mut cases = Vec::new();
    for (token, path, filtered) in &lists {
        let of = |query: &str, refusal| Case::bare(token, Method::GET, format!("{path}?{query}"), refusal);
        cases.extend(["-1", "-2147483648"].map(|size| of(&format!("pageSize={size}"), Refusal::field("page_size"))));
        for size in ["x", "1.5", "2147483648", "99999999999999999999", "", "0x10", "true"] {
            cases.push(of(&format!("pageSize={size}"), Refusal::Unfit("")));
        }
        for wrong in ["@@", "AAAA", "%00", "x%0Ay", &"A".repeat(4_000)] {
            cases.push(of(&format!("pageToken={wrong}"), WRONG_TOKEN));
        }
        let foreign = if path == "/v1/shops" { &place.orders_token } else { &place.shops_token };
        cases.push(of(&format!("pageToken={foreign}"), WRONG_TOKEN));
        cases.push(of(&format!("pageToken={foreign}&pageSize=-1"), Refusal::field("page_size")));
        cases.push(of("size=1", Refusal::Unfit("size")));
        cases.push(of("pageSize.x=1", Refusal::Unfit("")));
        if *filtered {
            for number in ["99", "-1", "2147483647"] {
                cases.push(of(&format!("status={number}"), Refusal::Unfit("status")));
            }
            for name in ["NOPE", "status_placed", "PLACED", "1.5", "99999999999", "%00"] {
                cases.push(of(&format!("status={name}"), Refusal::Unfit("")));
            }
        } else {
            cases.push(of("status=1", Refusal::Unfit("status")));
        }
    }
    // A token serves its own filter alone, and its own list.
    cases.push(Case::bare(
        customer,
        Method::GET,
        format!("/v1/orders?status=STATUS_PLACED&pageToken={}", place.orders_token),
        WRONG_TOKEN,
    ));
    for (token, path, field) in
        [(staff, "/v1/deliveries?shopId=", "shop_id"), (customer, "/v1/messages?orderId=", "order_id")]
    {
        for id in ["x", "%00", "00000000-0000-0000-0000-00000000000g"] {
            cases.push(Case::bare(token, Method::GET, format!("{path}{id}"), Refusal::field(field)));
        }
        let both = Refusal::fields(&[field, "page_size"]);
        cases.push(Case::bare(token, Method::GET, format!("{path}x&pageSize=-1"), both));
    }
    for (token, path, fields) in [
        (customer, "/v1/orders/x/events?pageSize=-1", &["order_id", "page_size"][..]),
        (customer, "/v1/shops/x/phones?pageSize=-1", &["shop_id", "page_size"]),
        (&place.operator.token, "/v1/shops/x/orders?pageSize=-1", &["shop_id", "page_size"]),
        (&place.operator.token, "/v1/shops/x/phones/y/units?pageSize=-1", &["shop_id", "phone_id", "page_size"]),
    ] {
        cases.push(Case::bare(token, Method::GET, path, Refusal::fields(fields)));
    }
    cases
}
