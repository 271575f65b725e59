//! Events that no consumer can handle: they are put aside, and hold up nobody else's.

use async_nats::jetstream;
use async_nats::{ConnectOptions, HeaderMap};
use e2e::checker;
use e2e::db::{self, DeadLetter};
use e2e::flow;
use e2e::world::World;
use uuid::Uuid;
use xtask::mesh::Service;

/// Who hears of orders.
const HEARERS: [Service; 4] = [Service::Shop, Service::Delivery, Service::Notify, Service::MyPage];

#[tokio::test]
async fn a_poison_event_is_put_aside_and_others_pass() {
    let world = World::start().await;
    let shop = world.shop(1, 10).await;
    let mut orders = flow::place_many(&world, &shop, 2).await;
    checker::settled(&world, &shop, &orders).await;
    let undecodable = publish(&world, b"\xff\xff\xff").await;
    let empty = publish(&world, b"").await;
    orders.extend(flow::place_many(&world, &shop, 3).await);
    let letters: Vec<_> = HEARERS
        .into_iter()
        .flat_map(|service| {
            [(undecodable, 1), (empty, 5)].map(|(event_id, attempts)| DeadLetter { service, event_id, attempts })
        })
        .collect();
    checker::settled_but_for(&world, &shop, &orders, &letters).await;

    let seen = checker::check(&world, &shop, &orders, &letters[1..]).await.expect_err("one that nobody expects");
    assert!(seen.contains(&undecodable.to_string()), "{seen}");
    let unheard = DeadLetter { service: Service::Order, ..letters[0] };
    let more = [letters, vec![unheard]].concat();
    let seen = checker::check(&world, &shop, &orders, &more).await.expect_err("an expected one that is not there");
    assert!(seen.contains(Service::Order.name()), "{seen}");
}

/// Publishes, as order-svc would, an event of a new order with this body; answers its id.
pub async fn publish(world: &World, body: &'static [u8]) -> Uuid {
    let epoch = db::epoch(world, Service::Order).await;
    let (id, kind) = (Uuid::new_v4(), "tword.order.v1.OrderPlaced");
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("Nats-Msg-Id", id.to_string()),
        ("ce-specversion", "1.0".to_owned()),
        ("ce-id", id.to_string()),
        ("ce-source", "order".to_owned()),
        ("ce-type", kind.to_owned()),
        ("ce-subject", Uuid::new_v4().to_string()),
        ("ce-time", "2026-11-23T00:00:00Z".to_owned()),
        // One that was consumed long ago: the numbers of true events stay gapless.
        ("ce-sequence", "1".to_owned()),
        ("ce-epoch", epoch.to_string()),
    ] {
        headers.insert(name, value);
    }
    let broker = broker(world).await;
    let acknowledgement = broker.publish_with_headers(kind, headers, body.into()).await.expect("published");
    acknowledgement.await.expect("stored");
    id
}

/// The broker, as order-svc uses it.
async fn broker(world: &World) -> jetstream::Context {
    let configuration = std::fs::read_to_string(world.dir().join("nats.conf")).expect("the configuration");
    let password = configuration
        .split_once(r#"user: "order-svc""#)
        .and_then(|(_, after)| after.split_once(r#"password: ""#))
        .and_then(|(_, after)| after.split_once('"'))
        .map(|(password, _)| password.to_owned())
        .expect("order-svc's password");
    let options = ConnectOptions::with_user_and_password("order-svc".to_owned(), password);
    let options = options.custom_inbox_prefix("_INBOX_order");
    let client = options.connect(format!("127.0.0.1:{}", world.mesh().ports().nats)).await.expect("the broker");
    jetstream::new(client)
}
