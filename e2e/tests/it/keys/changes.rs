//! Every change but `PlaceOrder`, each with its key: one effect, and the same bytes for the same request.

use e2e::checker::{self, Placed};
use e2e::flow::{self, delivery_reaches, key, reaches, stock};
use e2e::rest::Rest;
use e2e::world::{Person, Shop, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::REUSED;
use crate::contract;
use crate::http::client;

/// Changes that other tests repeat: contacts need receivers.
const ELSEWHERE: [&str; 3] = ["PlaceOrder", "UpdateContact", "RotateWebhookSecret"];

/// A change, with a key.
struct Change<'a> {
    rpc: &'static str,
    by: &'a Person,
    path: String,
    body: Value,
    /// Another body for the same path, where the request has one.
    other: Option<Value>,
    effect: Effect,
}

/// What a change moves, and by how much.
enum Effect {
    /// The number at a place in the answer to a GET.
    Number(String, &'static str, i64),
    /// How many things of a list have a name: one more.
    Named(String, &'static str, String),
}

#[tokio::test]
async fn every_other_change_has_one_effect_and_one_answer() {
    let world = World::shared().await;
    let shop = world.shop(1, 10).await;
    let mut orders = flow::place_many(&world, &shop, 2).await;
    for placed in &orders {
        reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
        delivery_reaches(&world.rest(&shop.staff), &placed.order_id, "READY").await;
    }
    // Whom the checker expects it to go to in the end.
    orders[1].recipient = flow::recipient(&readdressed("김유나"));
    let operator = world.operator();
    let [one_shop, goods] = [shop_changes(&operator, &shop), phone_changes(&shop)];
    let changes: Vec<_> = one_shop.into_iter().chain(goods).chain(order_changes(&shop, &orders)).collect();
    every_change_is_here(&changes);
    let mut answers = Vec::new();
    for change in &changes {
        let (key, before) = (key(), change.look(&world).await);
        let first = change.send(&world, &key).await;
        assert_eq!(change.send(&world, &key).await, first, "{}", change.rpc);
        if let Some(other) = &change.other {
            let rest = world.rest(change.by);
            let answer = rest.call(change.verb(), &change.path, Some(&key), Some(other)).await.expect("an answer");
            answer.refused(400, REUSED);
        }
        assert_eq!(change.look(&world).await - before, change.step(), "{} had another effect", change.rpc);
        answers.push((key, first));
    }
    // By now the shop was opened again, the phones have other units and the delivery is complete.
    for (change, (key, first)) in changes.iter().zip(answers) {
        let before = change.look(&world).await;
        assert_eq!(change.send(&world, &key).await, first, "{}", change.rpc);
        assert_eq!(change.look(&world).await, before, "{} was done again", change.rpc);
    }
    checker::settled(&world, &shop, &orders).await;
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [15, 13, 0, 1]);
}

fn shop_changes<'a>(operator: &'a Person, shop: &'a Shop) -> Vec<Change<'a>> {
    let (path, name) = (format!("/v1/shops/{}", shop.id), format!("강남점 {}", key()));
    let version = || Effect::Number(path.clone(), "/shop/version", 1);
    let new = |currency| json!({ "displayName": name, "currencyCode": currency });
    let named = Effect::Named("/v1/shops".to_owned(), "shops", name.clone());
    vec![
        Change::new("RegisterShop", operator, "/v1/shops".to_owned(), new("KRW"), named).or(new("USD")),
        Change::new("CloseShop", &shop.manager, format!("{path}:close"), json!({}), version()),
        Change::new("OpenShop", &shop.manager, format!("{path}:open"), json!({}), version()),
    ]
}

fn phone_changes(shop: &Shop) -> Vec<Change<'_>> {
    let (manager, phones) = (&shop.manager, format!("/v1/shops/{}/phones", shop.id));
    let (phone, name) = (format!("{phones}/{}", shop.phones[0]), "Galaxy Fold".to_owned());
    let price = json!({ "currencyCode": "KRW", "units": "1000" });
    let new =
        |count| json!({ "phones": [{ "displayName": name, "unitPrice": price, "units": { "quantity": count } }] });
    let update = |name| json!({ "displayName": name });
    let units = |count| json!({ "units": { "quantity": count } });
    let named = Effect::Named(phones.clone(), "phones", name.clone());
    let version = Effect::Number(phone.clone(), "/phone/version", 1);
    let more = Effect::Number(phone.clone(), "/phone/stock/registered", 5);
    let fewer = Effect::Number(phone.clone(), "/phone/stock/withdrawn", 1);
    let serials = |number| json!({ "serials": [format!("TW-{number:08}")] });
    vec![
        Change::new("RegisterPhones", manager, phones, new(2), named).or(new(3)),
        Change::new("UpdatePhone", manager, phone.clone(), update("Galaxy 2"), version).or(update("Galaxy 3")),
        Change::new("AddUnits", manager, format!("{phone}/units"), units(5), more).or(units(6)),
        Change::new("WithdrawUnits", manager, format!("{phone}/units:withdraw"), serials(10), fewer).or(serials(9)),
    ]
}

/// Cancels the first and has the second delivered.
fn order_changes<'a>(shop: &'a Shop, orders: &'a [Placed]) -> Vec<Change<'a>> {
    let order = format!("/v1/orders/{}", orders[0].order_id);
    let delivery = format!("/v1/deliveries/{}", orders[1].order_id);
    let cancel = |reason| json!({ "reason": reason });
    let shipment = |number| json!({ "carrier": "CJ대한통운", "trackingNumber": number });
    let version = || Effect::Number(delivery.clone(), "/delivery/version", 1);
    let cancelled = Effect::Number(order.clone(), "/order/version", 1);
    let (customer, staff) = (&orders[0].customer, &shop.staff);
    let readdress = format!("{delivery}:correctRecipient");
    let renumber = format!("{delivery}:correctTrackingNumber");
    let number = |number| json!({ "trackingNumber": number });
    vec![
        Change::new("CancelOrder", customer, format!("{order}:cancel"), cancel("색상 변경"), cancelled)
            .or(cancel("배송지 변경")),
        Change::new("CorrectRecipient", &orders[1].customer, readdress, readdressed("김유나"), version())
            .or(readdressed("박지성")),
        Change::new("ShipDelivery", staff, format!("{delivery}:ship"), shipment("1234567890"), version())
            .or(shipment("1")),
        Change::new("CorrectTrackingNumber", staff, renumber, number("555"), version()).or(number("556")),
        Change::new("CompleteDelivery", staff, format!("{delivery}:complete"), json!({}), version()),
    ]
}

fn readdressed(name: &str) -> Value {
    json!({ "recipient": { "name": name, "phoneNumber": "010-9876-5432", "address": "부산광역시 해운대구 1" } })
}

fn every_change_is_here(changes: &[Change<'_>]) {
    let public = contract::public();
    // Operators' calls can be repeated without a key.
    let keyed = public.iter().filter(|method| !method.path.contains("OperationsService/"));
    let writes = keyed.filter(|method| method.rest.as_ref().is_some_and(|(verb, _)| verb != Method::GET));
    let mut wanted: Vec<_> = writes.filter_map(|method| method.path.rsplit('/').next()).collect();
    let mut found: Vec<_> = changes.iter().map(|change| change.rpc).chain(ELSEWHERE).collect();
    wanted.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, wanted);
}

impl<'a> Change<'a> {
    const fn new(rpc: &'static str, by: &'a Person, path: String, body: Value, effect: Effect) -> Self {
        Self { rpc, by, path, body, other: None, effect }
    }

    fn or(self, other: Value) -> Self {
        Self { other: Some(other), ..self }
    }

    fn verb(&self) -> Method {
        if self.rpc.starts_with("Update") { Method::PATCH } else { Method::POST }
    }

    /// The bytes of a success.
    async fn send(&self, world: &World, key: &str) -> String {
        let request = client().request(self.verb(), format!("{}{}", world.mesh().edge(), self.path));
        let request = request.bearer_auth(&self.by.token).header("idempotency-key", key).json(&self.body);
        let answer = request.send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("a body"));
        assert!(status.is_success(), "{}: {status} {text}", self.rpc);
        text
    }

    const fn step(&self) -> i64 {
        match self.effect {
            Effect::Number(_, _, step) => step,
            Effect::Named(..) => 1,
        }
    }

    async fn look(&self, world: &World) -> i64 {
        let rest = world.rest(self.by);
        match &self.effect {
            Effect::Number(path, place, _) => {
                let body = rest.get(path).await.ok();
                let number = body.pointer(place).unwrap_or_else(|| panic!("no {place} in {body}"));
                let parsed = number.as_i64().or_else(|| number.as_str()?.parse().ok());
                parsed.unwrap_or_else(|| panic!("no number at {place} in {body}"))
            }
            Effect::Named(path, list, name) => named(&rest, path, list, name).await,
        }
    }
}

/// How many things of a list, over all its pages, have a name.
async fn named(rest: &Rest, path: &str, list: &str, name: &str) -> i64 {
    let (mut count, mut token) = (0, String::new());
    loop {
        let body = rest.get(&format!("{path}?pageSize=200&pageToken={token}")).await.ok();
        let things = body[list].as_array().expect("a list");
        count += things.iter().map(|thing| i64::from(thing["displayName"] == name)).sum::<i64>();
        body["nextPageToken"].as_str().unwrap_or_default().clone_into(&mut token);
        if token.is_empty() {
            return count;
        }
    }
}
