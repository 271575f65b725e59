//! What identifies a person is in no log, of whichever process, however its call ended.

use e2e::db::Lock;
use e2e::flow;
use e2e::rest::Rest;
use e2e::wait;
use e2e::world::{Shop, World};
use reqwest::Method;
use serde_json::{Value, json};
use xtask::mesh::Service;

const NAME: &str = "Zebulon Quartermaine";
const PHONE: &str = "010-9753-8642";
const ADDRESS: &str = "77 Nonesuch Alley";
const OTHER_ADDRESS: &str = "78 Elsewhere Mews";
const MAILBOX: &str = "zebulon.quartermaine@nonesuch.example";

/// Words that nothing else has, no hexadecimal id either, as they would look in a log however they got there.
const TRACES: [&str; 7] =
    ["Zebulon", "Quartermaine", "9753-8642", "97538642", "Nonesuch Alley", "Elsewhere Mews", "nonesuch.example"];

/// The own code of every service tells everything that it can.
fn talkative(mesh: xtask::mesh::MeshBuilder) -> xtask::mesh::MeshBuilder {
    Service::ALL.into_iter().fold(mesh, |mesh, service| {
        let own = service.name().replace('-', "_");
        mesh.flag(service, format!("--log-level=info,async_nats=warn,chassis=trace,{own}=trace"))
    })
}

fn order_of(shop: &Shop) -> Value {
    let recipient = json!({ "name": NAME, "phoneNumber": PHONE, "address": ADDRESS });
    let mut body = flow::order_of(shop, &shop.phones[0], 1);
    body["recipient"] = recipient;
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_tells_who_ordered() {
    let world = World::start_with(talkative).await;
    let shop = world.shop(1, 20).await;
    let customer = world.customer();
    let (rest, staff) = (world.rest(&customer), world.rest(&shop.staff));
    let contact = json!({ "language": "en", "smtp": { "address": MAILBOX } });
    // Where no mail server is configured the address is refused, and is in no log either.
    rest.call(Method::PATCH, "/v1/contact", Some(&flow::key()), Some(&contact)).await.expect("an answer");

    let placed = rest.persist("/v1/orders", &flow::key(), &order_of(&shop)).await.ok();
    let order_id = flow::order_id(&placed);
    flow::delivery_reaches(&staff, &order_id, "READY").await;
    let recipient = json!({ "recipient": { "name": NAME, "phoneNumber": PHONE, "address": OTHER_ADDRESS } });
    rest.post_keyed(&format!("/v1/deliveries/{order_id}:correctRecipient"), &flow::key(), &recipient).await.ok();
    rest.get(&format!("/v1/deliveries/{order_id}")).await.ok();
    flow::ship(&staff, &order_id).await.ok();
    flow::complete(&staff, &order_id).await.ok();
    flow::reaches(&rest, &order_id, "DELIVERED").await;
    refused(&world, &shop, &rest).await;
    nowhere(&world);
}

/// Calls that fail in every way that there is.
async fn refused(world: &World, shop: &Shop, rest: &Rest) {
    let mut wrong = order_of(shop);
    wrong["recipient"]["phoneNumber"] = format!("{PHONE} {NAME}").into();
    rest.post("/v1/orders", &wrong).await.refused(400, "INVALID_REQUEST");
    wrong["recipient"]["name"] = json!({ "first": NAME });
    assert!(rest.post("/v1/orders", &wrong).await.status.is_client_error());
    assert!(
        rest.post(&format!("/v1/orders?recipient.name={}", NAME.replace(' ', "%20")), &wrong)
            .await
            .status
            .is_client_error()
    );
    assert!(rest.get(&format!("/v1/orders?pageToken={PHONE}")).await.status.is_client_error());
    let key = flow::key();
    rest.persist("/v1/orders", &key, &order_of(shop)).await.ok();
    let mut other = order_of(shop);
    other["recipient"]["address"] = OTHER_ADDRESS.into();
    rest.post_keyed("/v1/orders", &key, &other).await.refused(400, "IDEMPOTENCY_KEY_REUSED");

    // A database that does not take it, then a service that is not there.
    let locked = Lock::take(world, Service::Delivery).await;
    assert!(rest.post("/v1/orders", &order_of(shop)).await.status.is_server_error());
    locked.release().await;
    wait::until("an order after the lock", || async {
        let answer = rest.call(Method::POST, "/v1/orders", Some(&flow::key()), Some(&order_of(shop))).await?;
        wait::holds(answer.status.is_success(), answer.to_string())
    })
    .await;
    world.stop(Service::Delivery).await;
    assert!(rest.post("/v1/orders", &order_of(shop)).await.status.is_server_error());
}

/// No process's log has any of it.
fn nowhere(world: &World) {
    for part in world.mesh().parts() {
        let log = world.mesh().log(part).expect("a log");
        let told: Vec<_> = log.lines().filter(|line| TRACES.iter().any(|trace| line.contains(trace))).collect();
        assert!(told.is_empty(), "the log of {part} tells of a person:\n{}", told.join("\n"));
    }
    let log = world.mesh().log(Service::Order).expect("a log");
    assert!(log.contains("order placed"), "the log is looked into");
}
