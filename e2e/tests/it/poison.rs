//! Events that no consumer can handle: they are put aside, and hold up nobody else's.

use async_nats::jetstream;
use async_nats::{ConnectOptions, HeaderMap};
use e2e::checker;
use e2e::db;
use e2e::flow;
use e2e::wait::{self, holds};
use e2e::world::World;
use sqlx::Connection;
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
    checker::settled(&world, &shop, &orders).await;
    for service in HEARERS {
        wait::until(&format!("dead letters of {}", service.name()), || async {
            let letters = letters(&world, service).await?;
            let mut wanted = [(undecodable, 1), (empty, 5)];
            wanted.sort_unstable();
            holds(letters == wanted, format!("{letters:?} and not {wanted:?}"))
        })
        .await;
    }
    assert_eq!(letters(&world, Service::Order).await.expect("letters"), []);
    checker::settled(&world, &shop, &orders).await;
}

/// The dead letters of a service, each with how often it was tried.
async fn letters(world: &World, service: Service) -> Result<Vec<(Uuid, i64)>, String> {
    let mut connection = db::open(world, service).await?;
    let letters = sqlx::query_as("SELECT event_id, attempts FROM dead_letter ORDER BY event_id");
    let letters = letters.fetch_all(&mut connection).await.map_err(|error| error.to_string())?;
    connection.close().await.map_err(|error| error.to_string())?;
    Ok(letters)
}

/// Publishes, as order-svc would, an event of a new order with this body; answers its id.
async fn publish(world: &World, body: &'static [u8]) -> Uuid {
    let mut connection = db::open(world, Service::Order).await.expect("the file");
    let epoch: Uuid = sqlx::query_scalar("SELECT epoch FROM relay").fetch_one(&mut connection).await.expect("an epoch");
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
