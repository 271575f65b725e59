//! The checker itself: it sees what is wrong.

use e2e::checker::{self, Placed};
use e2e::flow;
use e2e::world::{Shop, World};
use uuid::Uuid;

#[tokio::test]
async fn it_sees_an_order_too_many_or_too_few_and_a_foreign_phone() {
    let world = World::shared().await;
    let shop = world.shop(1, 5).await;
    let orders = flow::place_many(&world, &shop, 2).await;
    checker::settled(&world, &shop, &orders).await;
    let seen = checker::check(&world, &shop, &orders[..1], &[]).await.expect_err("an order that nobody was told of");
    assert!(seen.contains(&orders[1].order_id), "{seen}");
    let lost = Placed { order_id: Uuid::new_v4().to_string(), ..orders[0].clone() };
    let seen =
        checker::check(&world, &shop, &[orders.clone(), vec![lost]].concat(), &[]).await.expect_err("a lost order");
    assert!(seen.contains("NotFound"), "{seen}");
    let mut strayed = orders.clone();
    strayed[0].recipient = orders[1].recipient.clone();
    let seen = checker::check(&world, &shop, &strayed, &[]).await.expect_err("a delivery to another recipient");
    assert!(seen.contains("was to go to"), "{seen}");
    let other = world.shop(1, 5).await;
    let mixed = Shop { phones: other.phones, ..shop };
    checker::check(&world, &mixed, &orders, &[]).await.expect_err("a phone of another shop");
}
