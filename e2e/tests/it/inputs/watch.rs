//! Watches: cursors that nobody was given, and fields that there are not.

use reqwest::Method;

use super::case::{Case, Refusal};
use super::place::Place;

const WATCH: &str = "/v1/mypage/orders:watch";

pub fn all(place: &Place) -> Vec<Case> {
    let customer = &place.customer.token;
    let cursors = ["x", "@@", "AAAA", "%00", &"A".repeat(4_000), &place.orders_token];
    let wrong = Refusal::Other(400, 3, "INVALID_CURSOR");
    let mut cases: Vec<_> = cursors
        .iter()
        .map(|cursor| Case::bare(customer, Method::GET, format!("{WATCH}?cursor={cursor}"), wrong.clone()))
        .collect();
    for query in ["pageSize=1", "cursor.x=1", "status=1"] {
        cases.push(Case::bare(customer, Method::GET, format!("{WATCH}?{query}"), Refusal::Unfit("")));
    }
    cases
}
