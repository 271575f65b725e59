//! The saga deadline: whose stock was not reserved in time is rejected.

use chassis::store;
use order_svc::domain::Status;
use time::Duration;

use crate::{
    database::{On, on_both},
    world::{SAGA_DEADLINE, World},
};

async fn an_overdue_order_is_rejected_once_shop_has_been_heard_out(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    let expire = world.expire();
    expire.run(None).await.expect("swept");
    world.clock.pass(Duration::try_from(SAGA_DEADLINE).expect("in range") + Duration::SECOND);
    expire.run(None).await.expect("swept");
    expire.run(Some(order.reserve_by)).await.expect("swept");
    assert_eq!(world.order(order.id).await.status, Status::Placed, "shop's word may still be on its way");
    expire.run(Some(order.reserve_by + Duration::MICROSECOND)).await.expect("swept");
    assert!(matches!(world.order(order.id).await.status, Status::Rejected(_)));

    let second = world.placed().await;
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    expire.run(None).await.expect("swept");
    assert!(matches!(world.order(second.id).await.status, Status::Rejected(_)), "an hour later in any case");
}

#[tokio::test]
async fn an_order_that_makes_no_sense_does_not_keep_others_from_being_rejected() {
    let world = World::open(On::Sqlite).await;
    let broken = world.placed().await;
    world.kept.tamper("UPDATE orders SET update_time = 9223372036854775807 WHERE id = $1", broken.id).await;
    world.clock.pass(Duration::SECOND);
    let sound = world.placed().await;
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    let outcome = world.expire().run(None).await;
    assert!(matches!(outcome, Err(store::Error::Inconsistent(_))), "{outcome:?}");
    assert!(matches!(world.order(sound.id).await.status, Status::Rejected(_)));
}

async fn an_order_that_left_placed_meanwhile_is_left_alone(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    world.expire().run(None).await.expect("swept");
    assert_eq!(world.order(order.id).await, order);
}

on_both! {
    an_overdue_order_is_rejected_once_shop_has_been_heard_out,
    an_order_that_left_placed_meanwhile_is_left_alone,
}
