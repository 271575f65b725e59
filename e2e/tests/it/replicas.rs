//! Two processes of each service on PostgreSQL, and a cluster of three brokers: any one of them can go.

use e2e::checker::{self, Placed};
use e2e::flow::{self, complete, deliver, delivery_reaches, key, order_by, order_id, reaches, recipient, ship};
use e2e::grpc::{Grpc, keyed};
use e2e::rest::Rest;
use e2e::wait;
use e2e::world::{Person, Shop, World};
use proto::mypage::v1::{WatchMyOrdersRequest, WatchMyOrdersResponse};
use proto::order::v1::{NewOrderLine, PlaceOrderRequest, Recipient};
use reqwest::Method;
use tonic::Streaming;
use xtask::mesh::{DatabaseKind, Part, Service};

use super::watch;

const PROCESSES: u16 = 2;
const BROKERS: u16 = 3;
const WATCH: &str = "/v1/mypage/orders:watch";

async fn start() -> World {
    World::start_with(|mesh| mesh.database(DatabaseKind::Postgres).replicas(PROCESSES).nats(BROKERS)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_go_through_whichever_process_takes_which_step_and_every_watch_sees_it() {
    let world = start().await;
    let shop = world.shop(1, 20).await;
    let customer = world.customer();
    // One watch at each process, and one through the edge.
    let mut watches = Vec::new();
    for number in 1..=PROCESSES {
        watches.push(watch_at(&world, number, &customer).await);
    }
    let mut events = world.rest(&customer).events(WATCH).await.expect("events");

    let (first, second) = (by_rest(&world, &shop, &customer).await, by_grpc(&world, &shop, &customer).await);
    let staff = world.rest(&shop.staff);
    for order in [&first, &second] {
        deliver(&staff, &order.order_id).await;
        reaches(&world.rest(&customer), &order.order_id, "DELIVERED").await;
    }
    for watch in &mut watches {
        delivered(watch, &[&first, &second]).await;
    }
    let mut left = vec![&first.order_id, &second.order_id];
    while !left.is_empty() {
        let event = events.next().await.expect("an event");
        if event["order"]["status"] == "STATUS_DELIVERED" {
            left.retain(|id| event["order"]["orderId"] != id.as_str());
        }
    }

    let mut orders = vec![first, second];
    for number in 1..=BROKERS {
        let broker = Part::nats(number);
        world.kill(broker).await;
        orders.push(goes_on(&world, &shop).await);
        if number == BROKERS {
            world.mesh().wipe(broker).expect("wiped");
        }
        world.restart(broker).await;
    }
    orders.push(goes_on(&world, &shop).await);
    checker::settled(&world, &shop, &orders).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_relay_leads_when_the_leader_is_killed_and_one_that_was_frozen_does_no_harm() {
    let world = start().await;
    let shop = world.shop(1, 40).await;
    let mut orders = flow::place_many(&world, &shop, 4).await;

    let killed = leader(&world, 1..=PROCESSES).await;
    let other = PROCESSES + 1 - killed;
    world.kill(Part::replica(Service::Order, killed)).await;
    orders.push(goes_on(&world, &shop).await);
    assert_eq!(leader(&world, other..=other).await, other);
    world.restart(Part::replica(Service::Order, killed)).await;

    // Frozen while it publishes; it wakes up when the other has led for a while, and believes that it leads.
    let frozen = Part::replica(Service::Order, other);
    let more = flow::place_many(&world, &shop, 8);
    let (more, ()) = tokio::join!(more, async { world.mesh().pause(frozen).expect("frozen") });
    orders.extend(more);
    assert_eq!(leader(&world, killed..=killed).await, killed);
    orders.push(goes_on(&world, &shop).await);
    world.mesh().resume(frozen).expect("woken");
    orders.extend(flow::place_many(&world, &shop, 8).await);
    world.mesh().wait_healthy(frozen).await.unwrap_or_else(|error| panic!("{error}"));
    leader(&world, 1..=PROCESSES).await;
    for order in &orders[..4] {
        finished(&world, &shop, order).await;
    }
    checker::settled(&world, &shop, &orders).await;
}

/// A new order is placed, and confirmed: events flow both ways.
async fn goes_on(world: &World, shop: &Shop) -> Placed {
    let placed = flow::place(world, shop).await;
    reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    placed
}

async fn finished(world: &World, shop: &Shop, order: &Placed) {
    let staff = world.rest(&shop.staff);
    delivery_reaches(&staff, &order.order_id, "READY").await;
    ship(&staff, &order.order_id).await.ok();
    complete(&staff, &order.order_id).await.ok();
}

/// Which process of order-svc publishes its events, as each says of itself; those that are asked are alive.
async fn leader(world: &World, asked: std::ops::RangeInclusive<u16>) -> u16 {
    wait::until("one relay that leads", || async {
        let mut leads = Vec::new();
        for number in asked.clone() {
            let admin = Rest::new(&world.mesh().admin_of(Service::Order, number));
            let metrics = admin.call(Method::GET, "/metrics", None, None).await?;
            if metrics.body.as_str().is_some_and(|text| text.lines().any(|line| line == "tword_relay_leading 1")) {
                leads.push(number);
            }
        }
        match leads[..] {
            [one] => Ok(one),
            _ => Err(format!("that {leads:?} say so")),
        }
    })
    .await
}

/// A watch at one process of mypage-svc, past Envoy.
async fn watch_at(world: &World, number: u16, customer: &Person) -> Streaming<WatchMyOrdersResponse> {
    let grpc = Grpc::new(&world.mesh().grpc_of(Service::MyPage, number)).by(customer);
    grpc.mypage().watch_my_orders(WatchMyOrdersRequest::default()).await.expect("a watch").into_inner()
}

/// Takes updates until each of the orders was seen as delivered.
async fn delivered(updates: &mut Streaming<WatchMyOrdersResponse>, orders: &[&Placed]) {
    let mut left: Vec<_> = orders.iter().map(|order| order.order_id.as_str()).collect();
    while !left.is_empty() {
        let update = watch::next(updates).await.expect("an update");
        if let Some(order) = update.order.filter(|order| order.status().as_str_name() == "STATUS_DELIVERED") {
            left.retain(|id| *id != order.order_id);
        }
    }
}

async fn by_rest(world: &World, shop: &Shop, customer: &Person) -> Placed {
    let body = order_by(shop, customer);
    let placed = world.rest(customer).persist("/v1/orders", &key(), &body).await.ok();
    Placed { order_id: order_id(&placed), customer: customer.clone(), recipient: recipient(&body) }
}

async fn by_grpc(world: &World, shop: &Shop, customer: &Person) -> Placed {
    let to = recipient(&order_by(shop, customer));
    let line = NewOrderLine { phone_id: shop.phones[0].clone(), quantity: 1, ..Default::default() };
    let (name, phone_number, address) = (to.name.clone(), to.phone_number.clone(), to.address.clone());
    let request = PlaceOrderRequest {
        shop_id: shop.id.clone(),
        lines: vec![line],
        recipient: Some(Recipient { name, phone_number, address }),
    };
    let placed = world.grpc(customer).order().place_order(keyed(request)).await.expect("an order").into_inner();
    Placed { order_id: placed.order.expect("the order").order_id, customer: customer.clone(), recipient: to }
}
