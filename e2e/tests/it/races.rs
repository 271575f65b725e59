//! Cancelling against shipping.

use e2e::checker::{self, Placed};
use e2e::db;
use e2e::flow::{self, cancel, delivery_reaches, ship, stock};
use e2e::rest::Rest;
use e2e::world::World;
use futures::future::join;
use futures::{StreamExt, stream};

const RACES: i32 = 1_000;
/// Races that are run side by side.
const AT_ONCE: usize = 32;

#[tokio::test]
async fn a_thousand_races_have_one_winner_each() {
    let world = World::start().await;
    let shop = world.shop(1, RACES).await;
    let orders: Vec<Placed> =
        stream::iter(0..RACES).map(|_| flow::place(&world, &shop)).buffer_unordered(AT_ONCE).collect().await;
    db::drained(&world).await;
    let client = Rest::new(&world.mesh().edge());
    let staff = client.by(&shop.staff);
    let shipped: Vec<bool> = stream::iter(orders.iter().enumerate())
        .map(|(number, placed)| race(client.by(&placed.customer), staff.clone(), placed.order_id.clone(), number))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let sold = shipped.iter().filter(|shipped| **shipped).count();
    assert!(0 < sold && sold < orders.len(), "{sold} of {RACES} were shipped: one side always won");
    checker::settled(&world, &shop, &orders).await;
    let sold = i64::try_from(sold).expect("a small number");
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [RACES.into(), i64::from(RACES) - sold, 0, sold]);
}

/// Whether the order was shipped; it was cancelled otherwise, and never both.
async fn race(customer: Rest, staff: Rest, order_id: String, number: usize) -> bool {
    delivery_reaches(&staff, &order_id, "READY").await;
    // Cancelling takes one hop more: shipping looks first, some times, so that both have their chance.
    let shipping = async {
        for _ in 0..number % 6 {
            staff.get(&format!("/v1/deliveries/{order_id}")).await.ok();
        }
        ship(&staff, &order_id).await
    };
    let (cancelled, shipped) = join(cancel(&customer, &order_id, ""), shipping).await;
    match (cancelled.status.is_success(), shipped.status.is_success()) {
        (true, false) => shipped.refused(400, "CANCELLED"),
        (false, true) => cancelled.refused(400, "ALREADY_SHIPPED"),
        _ => panic!("both or neither won: {cancelled} and {shipped}"),
    }
    shipped.status.is_success()
}
