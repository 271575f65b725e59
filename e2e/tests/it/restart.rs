//! The whole mesh ended and started anew in the same directory.

use e2e::checker::{self, Placed};
use e2e::flow::{self, cancel, complete, delivery_reaches, ship};
use e2e::world::World;
use serde_json::Value;

#[tokio::test]
async fn everything_is_kept_over_a_restart_of_all() {
    let world = World::start().await;
    let shop = world.shop(2, 10).await;
    let mut orders = flow::place_many(&world, &shop, 4).await;
    let staff = world.rest(&shop.staff);
    for placed in &orders {
        delivery_reaches(&staff, &placed.order_id, "READY").await;
    }
    cancel(&world.rest(&orders[1].customer), &orders[1].order_id, "").await.ok();
    ship(&staff, &orders[2].order_id).await.ok();
    ship(&staff, &orders[3].order_id).await.ok();
    complete(&staff, &orders[3].order_id).await.ok();
    checker::settled(&world, &shop, &orders).await;
    let before = seen(&world, &orders).await;

    let world = world.start_again(|mesh| mesh).await;
    assert_eq!(seen(&world, &orders).await, before);
    checker::settled(&world, &shop, &orders).await;
    ship(&world.rest(&shop.staff), &orders[0].order_id).await.ok();
    orders.extend(flow::place_many(&world, &shop, 3).await);
    checker::settled(&world, &shop, &orders).await;
}

/// What customers see of their orders, everywhere.
async fn seen(world: &World, orders: &[Placed]) -> Vec<Value> {
    let mut all = Vec::new();
    for placed in orders {
        let (rest, id) = (world.rest(&placed.customer), &placed.order_id);
        for path in [
            format!("/v1/orders/{id}"),
            format!("/v1/orders/{id}/events"),
            format!("/v1/deliveries/{id}"),
            format!("/v1/mypage/orders/{id}"),
            format!("/v1/messages?orderId={id}"),
        ] {
            all.push(rest.get(&path).await.ok());
        }
    }
    all
}
