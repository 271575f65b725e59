//! Lists: everybody sees what is theirs, page by page, while orders come in.

use chassis::page::{Cursor, Page};
use order_svc::{
    app::{GetOrder, ListOrderEvents, ListOrders, get_order::Error},
    domain::{Caller, Order},
};
use time::Duration;
use uuid::Uuid;

use crate::world::{CUSTOMER, SHOP, World, as_customer, as_staff};

async fn all(world: &World, caller: &Caller, size: i32) -> Vec<Uuid> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = Page::parse(size, &token, "f").expect("a page");
        let mut orders: Vec<Order> =
            ListOrders::new(world.read.clone()).run(caller, None, &page).await.expect("orders");
        token = page.finish(&mut orders, "f", |order| Cursor::new(order.create_time, order.id));
        found.extend(orders.iter().map(|order| order.id));
        if token.is_empty() {
            return found;
        }
        // What comes in meanwhile is newer and appears at the end.
        world.clock.pass(Duration::SECOND);
        if found.len() < 6 {
            world.placed().await;
        }
    }
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_orders_come_in() {
    let world = World::sqlite().await;
    for _ in 0..5 {
        world.placed().await;
    }
    let found = all(&world, &as_customer(CUSTOMER), 2).await;
    let distinct: std::collections::HashSet<_> = found.iter().collect();
    assert_eq!(found.len(), distinct.len());
    assert_eq!(found.len(), 7);
}

#[tokio::test]
async fn everybody_sees_what_is_theirs() {
    let world = World::sqlite().await;
    let order = world.placed().await;
    let operator = Caller { operator: true, customer: false, ..as_customer("op") };
    for (caller, sees) in [
        (as_customer(CUSTOMER), true),
        (as_customer("somebody"), false),
        (as_staff(SHOP), true),
        (as_staff(Uuid::from_u128(0xF)), false),
        (operator, true),
    ] {
        assert_eq!(!all(&world, &caller, 10).await.is_empty(), sees, "{caller:?}");
        match GetOrder::new(world.read.clone()).run(&caller, order.id).await {
            Ok(_) => assert!(sees, "{caller:?}"),
            Err(Error::NotFound) => assert!(!sees, "{caller:?}"),
            Err(Error::Store(error)) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn the_history_names_who_did_what() {
    let world = World::sqlite().await;
    let order = world.confirmed().await;
    let page = Page::parse(0, "", "f").expect("a page");
    let events = ListOrderEvents::new(world.read.clone());
    let history = events.run(&as_customer(CUSTOMER), order.id, &page).await.expect("history");
    let told: Vec<_> =
        history.iter().map(|entry| (entry.version, entry.status.as_str(), entry.actor.id.as_str())).collect();
    assert_eq!(told, [(1, "PLACED", CUSTOMER), (2, "CONFIRMED", "shop-svc")]);
}
