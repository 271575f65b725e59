//! Contacts and what operators do about messages.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::case::{Case, Refusal};
use super::place::Place;

const CONTACT: &str = "/v1/contact";

pub fn all(place: &Place) -> Vec<Case> {
    updates(place).into_iter().chain(others(place)).chain(operations(&place.operator.token)).collect()
}

fn updates(place: &Place) -> Vec<Case> {
    let of = |body: Value, refusal| Case::json(&place.customer.token, Method::PATCH, CONTACT, &body, refusal);
    let webhook = |url: &str, refusal| of(json!({ "webhook": { "url": url } }), refusal);
    let mailbox = |address: &str| of(json!({ "smtp": { "address": address } }), Refusal::field("smtp.address"));
    let target = || Refusal::field("webhook.url");
    let precondition = |reason| Refusal::Other(400, 9, reason);
    let both = json!({ "language": "fr", "smtp": { "address": "x" } });
    let mut cases = vec![
        of(json!({}), Refusal::field("language")),
        of(json!({ "language": "fr" }), Refusal::field("language")),
        of(json!({ "language": "" }), Refusal::field("language")),
        of(json!({ "language": "KO" }), Refusal::field("language")),
        of(json!({ "language": {} }), Refusal::Unfit("")),
        of(both, Refusal::fields(&["language", "smtp.address"])),
        of(json!({ "log": {}, "smtp": { "address": "mina@example.com" } }), Refusal::Unfit("")),
        of(json!({ "ownerKind": "SHOPKEEPER", "language": "ko" }), Refusal::Unfit("")),
        of(json!({ "ownerKind": "RECIPIENT_KIND_SHOP", "language": "ko" }), Refusal::Other(404, 5, "NOT_FOUND")),
        of(json!({ "smtp": { "address": "mina@example.com" } }), precondition("CHANNEL_NOT_SERVED")),
        webhook("https://example.com/hook", precondition("TARGET_NOT_ALLOWED")),
        webhook("https://169.254.169.254/latest", precondition("TARGET_NOT_ALLOWED")),
    ];
    let long = format!("https://example.com/{}", "x".repeat(2_000));
    let urls =
        ["", "x", "http://example.com/", "https://a:b@example.com/", "https://example.com/#x", "https://a b/", &long];
    cases.extend(urls.map(|url| webhook(url, target())));
    let long = format!("{}@example.com", "x".repeat(65));
    cases.extend(["", "mina", "mina@", "@example.com", "mina@example", "m@a.com\r\nBcc: x@a.com", &long].map(mailbox));
    cases
}

fn others(place: &Place) -> Vec<Case> {
    let token = &place.customer.token;
    let rotate = format!("{CONTACT}:rotateWebhookSecret");
    let not_theirs = Refusal::Other(404, 5, "NOT_FOUND");
    vec![
        Case::bare(token, Method::GET, format!("{CONTACT}?ownerKind=x"), Refusal::Unfit("")),
        Case::bare(token, Method::GET, format!("{CONTACT}?ownerKind=RECIPIENT_KIND_SHOP"), not_theirs.clone()),
        Case::json(token, Method::POST, &rotate, &json!({}), Refusal::Other(400, 9, "NO_WEBHOOK")),
        Case::json(token, Method::POST, &rotate, &json!({ "ownerKind": "RECIPIENT_KIND_SHOP" }), not_theirs),
    ]
}

fn operations(token: &str) -> Vec<Case> {
    let post = |path: String, refusal| Case::json(token, Method::POST, path, &json!({}), refusal);
    let message = |id: &str| format!("/v1/ops/messages/{id}:redrive");
    vec![
        post(message("x"), Refusal::field("message_id")),
        post(message(&Uuid::new_v4().to_string()), Refusal::Other(404, 5, "NOT_FOUND")),
        post(format!("/v1/ops/notify/customers/{}:erase", "x".repeat(129)), Refusal::field("customer_id")),
    ]
}
