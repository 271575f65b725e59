//! What one may not see and what is not there are the same, to the byte.

use e2e::rest::Answer;
use serde_json::{Value, json};
use tonic::Status;
use uuid::Uuid;

use super::samples::Outsider;
use super::{Place, Sample, Ways, World, samples};

/// Other requests of the same methods, which must be judged alike: a wrong field must not tell either.
const VARIATIONS: &[(&str, &str, &str)] = &[
    ("GetUnit", "serial", "x"),
    ("GetUnit", "pageToken", "AAAA"),
    ("CancelOrder", "reason", ""),
    ("CancelOrder", "reason", "\u{7}"),
    ("ShipDelivery", "carrier", ""),
    ("ListOrderEvents", "pageToken", "AAAA"),
    ("ListUnits", "pageToken", "AAAA"),
    ("ListShopOrders", "pageToken", "AAAA"),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_outsider_cannot_tell_what_exists() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    let mut compared = 0;
    for sample in &samples::all(&place) {
        let asked = place.outsiders.iter().filter(|(role, _)| sample.roles.contains(role));
        for (role, outsider) in asked.filter(|(role, _)| sample.meets(*role) != Outsider::Everything) {
            let ways = Ways::new(&world, &sample.method).with_token(&outsider.token);
            // A request that names nothing cannot tell; answers to it differ by their times.
            for request in requests(sample).into_iter().filter(|request| *request != elsewhere(request)) {
                let (there, missing) =
                    (answers(&ways, sample, &request).await, answers(&ways, sample, &elsewhere(&request)).await);
                assert_eq!(there, missing, "{} calls {} with {request}", role.name(), sample.method.path);
                compared += 1;
            }
        }
    }
    assert!(compared >= 40, "only {compared} compared");
}

fn requests(sample: &Sample) -> Vec<Value> {
    let varied = VARIATIONS.iter().filter(|(name, ..)| sample.method.path.ends_with(&format!("/{name}")));
    let varied = varied.map(|(_, field, value)| {
        let mut request = sample.request.clone();
        request[field] = json!(value);
        request
    });
    varied.chain([sample.request.clone()]).collect()
}

/// The same request for things that do not exist.
fn elsewhere(request: &Value) -> Value {
    let mut request = request.clone();
    for field in ["orderId", "deliveryId", "messageId", "shopId"] {
        if request.get(field).is_some() {
            request[field] = json!(Uuid::new_v4().to_string());
        }
    }
    request
}

/// Everything that the three ways tell.
async fn answers(ways: &Ways, sample: &Sample, request: &Value) -> [String; 3] {
    let (edge, direct, rest) = ways.call(&sample.method, request).await;
    let told = |status: Status| format!("{:?} {} {:?}", status.code(), status.message(), status.details());
    [
        edge.map_or_else(told, |answer| format!("{answer:?}")),
        direct.map_or_else(told, |answer| format!("{answer:?}")),
        rest_told(&rest),
    ]
}

/// Status, headers but those that differ each time, and body.
fn rest_told(answer: &Answer) -> String {
    let varying = ["date", "x-request-id"];
    let mut headers: Vec<_> = answer.headers.iter().filter(|(name, _)| !varying.contains(&name.as_str())).collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    format!("{} {headers:?} {}", answer.status, answer.body)
}
