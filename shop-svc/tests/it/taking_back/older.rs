//! A copy of a database that is older than what was lost, with an inbox as old.

use chassis::inbox::Event;

use super::{a_phone, add, busy, finish, own_events, rows_of, take_all_back, told, withdraw};
use crate::{
    orders::{Step, asking, order},
    world::{World, quantity},
};

#[tokio::test]
async fn an_older_copy_becomes_what_was_lost() {
    let lost = World::on_sqlite().await;
    let mut orders: Vec<Event> = busy(&lost).await;
    let (shop_id, phone_id) = a_phone(&lost).await;
    add(&lost, shop_id, phone_id, quantity(3)).await;
    let asks = |number: u32| asking(order(shop_id, &[(phone_id, 1, None)]), phone_id, &[format!("TW-{number:08}")]);
    let (shipped, cancelled) = (asks(10), asks(11));
    told(&lost, &shipped, 1, Step::Placed, &mut orders).await;
    told(&lost, &cancelled, 1, Step::Placed, &mut orders).await;

    let copy = lost.copied().await;
    assert_eq!(rows_of(&copy).await, rows_of(&lost).await);
    told(&lost, &shipped, 2, Step::Shipped, &mut orders).await;
    told(&lost, &cancelled, 2, Step::Cancelled, &mut orders).await;
    withdraw(&lost, shop_id, phone_id, &["TW-00000011"]).await;
    add(&lost, shop_id, phone_id, quantity(1)).await;
    orders.extend(busy(&lost).await);

    assert_eq!(take_all_back(&copy, &own_events(&lost, &copy).await).await, []);
    finish(&copy).await;
    assert_eq!(rows_of(&copy).await, rows_of(&lost).await);
    for event in &orders {
        copy.take_in(event).await.expect("taken in");
    }
    assert_eq!(rows_of(&copy).await, rows_of(&lost).await);
    copy.check_invariants().await;
}
