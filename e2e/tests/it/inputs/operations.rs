//! Operators' calls: ids, reasons, sizes and tokens that are wrong.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::{Case, Refusal};
use super::place::Place;

const SERVICE: (&str, &str) = ("x-tword-service", "shop");
const LETTERS: &str = "/v1/ops/deadLetters";

pub fn all(place: &Place) -> Vec<Case> {
    let token = &place.operator.token;
    let mut cases: Vec<_> = lists(place).into_iter().chain(letters(token)).collect();
    cases = cases.into_iter().map(|case| case.header(SERVICE.0, SERVICE.1)).collect();
    cases.push(Case::bare(token, Method::GET, LETTERS, Refusal::Unfit(SERVICE.0)));
    cases.push(Case::bare(token, Method::GET, LETTERS, Refusal::Unfit(SERVICE.0)).header(SERVICE.0, "nobody"));
    cases
}

fn lists(place: &Place) -> Vec<Case> {
    let aggregate = format!("/v1/ops/aggregates/{}/events", place.order_id);
    let mut cases = Vec::new();
    for path in [LETTERS, "/v1/ops/unpublished", &aggregate, "/v1/ops/auditRecords"] {
        let of =
            |query: &str, refusal| Case::bare(&place.operator.token, Method::GET, format!("{path}?{query}"), refusal);
        cases.push(of("pageSize=-1", Refusal::field("page_size")));
        cases.push(of("pageSize=x", Refusal::Unfit("")));
        for token in ["@@", "AAAA", &place.shops_token] {
            cases.push(of(&format!("pageToken={token}"), Refusal::Other(400, 3, "INVALID_PAGE_TOKEN")));
        }
    }
    let bare = |path: &str, refusal| Case::bare(&place.operator.token, Method::GET, path, refusal);
    cases.push(bare("/v1/ops/deadLetters?status=99", Refusal::Unfit("status")));
    let both = Refusal::fields(&["aggregate_id", "page_size"]);
    cases.push(bare("/v1/ops/aggregates/x/events?pageSize=-1", both));
    cases.push(bare("/v1/ops/deadLetters/x", Refusal::field("event_id")));
    cases
}

fn letters(token: &str) -> Vec<Case> {
    let nobody = format!("{LETTERS}/{}", Uuid::new_v4());
    let post = |path: &str, body: &Value, refusal| Case::json(token, Method::POST, path, body, refusal);
    let dropped = format!("{nobody}:drop");
    let redrive = format!("{LETTERS}:redrive");
    let missing = Refusal::Other(404, 5, "NOT_FOUND");
    vec![
        Case::bare(token, Method::GET, nobody, missing.clone()),
        post(&dropped, &json!({ "reason": "hopeless" }), missing),
        post(&dropped, &json!({}), Refusal::field("reason")),
        post(&dropped, &json!({ "reason": " " }), Refusal::field("reason")),
        post(&dropped, &json!({ "reason": "a\nb" }), Refusal::field("reason")),
        post(&dropped, &json!({ "reason": "가".repeat(501) }), Refusal::field("reason")),
        post("/v1/ops/deadLetters/x:drop", &json!({}), Refusal::fields(&["event_id", "reason"])),
        post(
            &redrive,
            &json!({ "eventIds": ["x", "", "y"] }),
            Refusal::fields(&["event_ids[0]", "event_ids[1]", "event_ids[2]"]),
        ),
        post(&redrive, &json!({ "eventIds": vec![Uuid::nil().to_string(); 201] }), Refusal::field("event_ids")),
    ]
}
