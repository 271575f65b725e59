//! People of the right role who have nothing to do with what they ask for.

use prost_reflect::prost::bytes::Bytes;
use reqwest::Method;
use tonic::{Code, Status};
use xtask::token::Role;

use super::samples::Outsider;
use super::{Place, Sample, Ways, World, person, samples};

#[tokio::test(flavor = "multi_thread")]
async fn outsiders_find_nothing_and_change_nothing() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    let before = place.state(&world).await;
    let mut asked = 0;
    for sample in &samples::all(&place) {
        for (role, outsider) in place.outsiders.iter().filter(|(role, _)| sample.roles.contains(role)) {
            let ways = Ways::new(&world, &sample.method).with_token(&outsider.token);
            let meets = sample.meets(*role);
            if meets == Outsider::Everything {
                continue;
            }
            if meets == Outsider::NotFound {
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
    assert!(
        rest.status.is_success() && !shows(rest.body.to_string().as_bytes()),
        "{who} calls {}: {rest}",
        sample.method.path
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn those_whom_it_concerns_get_an_answer() {
    let world = World::shared().await;
    let place = Place::new(&world).await;
    // Reads only: the refusals elsewhere would prove nothing if nobody were let in.
    for sample in samples::all(&place).iter().filter(|sample| sample.method.rest(&sample.request).verb == Method::GET) {
        for role in sample.roles {
            let customer = (*role == Role::Customer).then(|| place.customer.token.clone());
            let ways = Ways::new(&world, &sample.method);
            let ways = ways.with_token(&customer.unwrap_or_else(|| person(&world, *role, &place).token));
            let (edge, direct, rest) = ways.call(&sample.method, &sample.request).await;
            let answered = [edge.is_ok(), direct.is_ok(), rest.status.is_success()];
            // What the customer is told is no business of the shop's, and there is no dead letter.
            let is = |name: &str| sample.method.path.ends_with(name);
            let concerned = !(is("/GetMessage") && [Role::Staff, Role::Manager].contains(role) || is("/GetDeadLetter"));
            assert_eq!(answered, [concerned; 3], "{} calls {}: {rest}", role.name(), sample.method.path);
        }
    }
}
