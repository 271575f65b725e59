//! Shop, notify, my page and NATS away, one by one and all together: orders are taken, and everything converges.

use e2e::checker;
use e2e::db;
use e2e::flow::{self, cancel};
use e2e::wait::{self, holds};
use e2e::world::World;
use xtask::mesh::{Part, Service};

/// Everything that orders do not need.
const REST: [Part; 4] =
    [Part::Service(Service::Shop), Part::Service(Service::Notify), Part::Service(Service::MyPage), Part::Nats];

#[tokio::test]
async fn orders_are_taken_while_each_is_away_and_while_all_are() {
    let world = World::start().await;
    let shop = world.shop(1, 100).await;
    let mut orders = Vec::new();
    for part in REST {
        world.stop(part).await;
        orders.extend(flow::place_many(&world, &shop, 3).await);
        world.restart(part).await;
        checker::settled(&world, &shop, &orders).await;
    }
    for part in REST {
        world.stop(part).await;
    }
    orders.extend(flow::place_many(&world, &shop, 3).await);
    world.mesh().restart(Service::Order).await.expect("order-svc needs no broker to start");
    orders.extend(flow::place_many(&world, &shop, 3).await);
    let last = orders.last().expect("an order");
    cancel(&world.rest(&last.customer), &last.order_id, "").await.ok();
    for part in REST {
        world.mesh().start(part).expect("started");
    }
    world.mesh().wait_all_healthy().await.expect("healthy");
    checker::settled(&world, &shop, &orders).await;
    let [registered, available, reserved, _] = flow::stock(&world, &shop, &shop.phones[0]).await;
    assert_eq!((registered, available, reserved), (100, 100 - 17, 17), "all but the cancelled order hold one unit");
}

#[tokio::test]
async fn a_broker_that_lost_its_store_loses_nothing() {
    let world = World::start().await;
    let shop = world.shop(1, 100).await;
    let mut orders = flow::place_many(&world, &shop, 3).await;
    checker::settled(&world, &shop, &orders).await;
    wipe(&world).await;
    world.restart(Part::Nats).await;
    orders.extend(flow::place_many(&world, &shop, 3).await);
    checker::settled(&world, &shop, &orders).await;

    let away = [Service::Shop, Service::MyPage];
    for service in away {
        world.stop(service).await;
    }
    orders.extend(flow::place_many(&world, &shop, 3).await);
    wait::until("the orders' events to be in the broker alone", || async {
        let query = "SELECT (SELECT count(*) FROM outbox) - published_through FROM relay";
        let waiting = db::count(&world, Service::Order, query).await?;
        holds(waiting == 0, format!("{waiting} events that are not published"))
    })
    .await;
    wipe(&world).await;
    world.restart(Part::Nats).await;
    for service in away {
        world.restart(service).await;
    }
    checker::settled(&world, &shop, &orders).await;
}

async fn wipe(world: &World) {
    world.stop(Part::Nats).await;
    world.mesh().wipe_nats().expect("wiped");
}
