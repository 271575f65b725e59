//! People of the right role who have nothing to do with what they ask for.

use prost_reflect::prost::bytes::Bytes;
use tonic::{Code, Status};

use super::samples::Outsider;
use super::{Place, Sample, Ways, World, samples};

#[tokio::test(flavor = "multi_thread")]
async fn outsiders_find_nothing_and_change_nothing() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    let before = place.state(&world).await;
    let mut asked = 0;
    for sample in samples::all(&place).iter().filter(|sample| sample.outsider != Outsider::Everything) {
        for (role, outsider) in place.outsiders.iter().filter(|(role, _)| sample.roles.contains(role)) {
            let ways = Ways::new(&world, &sample.method).with_token(&outsider.token);
            if sample.outsider == Outsider::NotFound {
                ways.refuse(&sample.method, &sample.request, role.name(), Code::NotFound, Code::NotFound, 404).await;
            } else {
                finds_nothing(&ways, sample, &place, role.name()).await;
            }
            asked += 1;
        }
    }
    assert!(asked >= 30, "only {asked} outsiders asked");
    assert_eq!(place.state(&world).await, before);
}

/// A list that answers, and shows neither the order nor anything about it.
async fn finds_nothing(ways: &Ways, sample: &Sample, place: &Place, who: &str) {
    let (edge, direct, rest) = ways.call(&sample.method, &sample.request).await;
    let shows = |answer: &[u8]| String::from_utf8_lossy(answer).contains(&place.order_id);
    let empty = |answer: Result<Bytes, Status>| answer.is_ok_and(|answer| !shows(&answer));
    assert!(empty(edge) && empty(direct), "{who} calls {}", sample.method.path);
    assert!(rest.status.is_success() && !shows(rest.body.to_string().as_bytes()), "{who} calls {}: {rest}", sample.method.path);
}

#[tokio::test(flavor = "multi_thread")]
async fn those_whom_it_concerns_get_an_answer() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    // Reads only: the refusals elsewhere would prove nothing if nobody were let in.
    for sample in samples::all(&place).iter().filter(|sample| sample.method.rest(&sample.request).verb == reqwest::Method::GET) {
        for role in sample.roles {
            let token = if role.name() == "customer" { place.customer.token.clone() } else { super::person(&world, *role, &place).token };
            let (edge, direct, rest) = Ways::new(&world, &sample.method).with_token(&token).call(&sample.method, &sample.request).await;
            let path = &sample.method.path;
            assert!(edge.is_ok() && direct.is_ok() && rest.status.is_success(), "{} calls {path}: {rest}", role.name());
        }
    }
}
