//! What order-svc's store does, whatever its database.

use chassis::store;
use order_svc::{
    app::ports::Claim,
    domain::{Change, Order},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    world::{World, customer, new_order},
};

const ID: Uuid = Uuid::from_u128(0xC);
const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn placed() -> Change {
    Change { order: Order::place(ID, customer().id, &new_order(1), NOW, NOW), actor: customer() }
}

async fn insert(world: &World) -> Result<(), store::Error> {
    let placed = placed();
    world
        .store
        .run(move |tx| {
            let placed = placed.clone();
            Box::pin(async move {
                tx.claim(placed.order.id, Claim::Order, NOW).await?;
                tx.insert(&placed, None).await
            })
        })
        .await
}

async fn save(world: &World, changes: Vec<Change>) -> Result<(), store::Error> {
    let unit = world.store.run(move |tx| {
        let changes = changes.clone();
        Box::pin(async move { tx.save(&changes).await })
    });
    unit.await
}

async fn an_order_comes_back_as_it_went(on: On) {
    let world = World::open(on).await;
    insert(&world).await.expect("inserted");
    assert_eq!(world.order(ID).await, placed().order);
    let cancelled = placed().order.cancel(customer(), "never mind".to_owned(), NOW).expect("cancelled");
    save(&world, cancelled.clone()).await.expect("saved");
    assert_eq!(world.order(ID).await, cancelled[0].order);
}

async fn the_first_claim_of_an_id_stands(on: On) {
    let world = World::open(on).await;
    let claim = |claim| world.store.run(move |tx| Box::pin(async move { tx.claim(ID, claim, NOW).await }));
    let outcome: Result<Claim, store::Error> = claim(Claim::Void).await;
    assert_eq!(outcome.expect("claimed"), Claim::Void);
    let outcome: Result<Claim, store::Error> = claim(Claim::Order).await;
    assert_eq!(outcome.expect("claimed"), Claim::Void);
}

async fn a_lost_update_is_refused_whole(on: On) {
    let world = World::open(on).await;
    insert(&world).await.expect("inserted");
    let first = placed().order.cancel(customer(), "first".to_owned(), NOW).expect("cancelled");
    let second = placed().order.cancel(customer(), "second".to_owned(), NOW).expect("cancelled");
    save(&world, first.clone()).await.expect("saved");
    save(&world, second).await.expect_err("the order is no longer at that version");
    assert_eq!(world.order(ID).await, first[0].order);
    assert_eq!(world.written().await.len(), 2);
}

async fn history_cannot_be_rewritten(on: On) {
    let world = World::open(on).await;
    insert(&world).await.expect("inserted");
    let unit: Result<(), store::Error> =
        world.store.run(|tx| Box::pin(async move { tx.insert(&placed(), None).await })).await;
    unit.expect_err("an order is placed once");
    assert_eq!(world.written().await.len(), 1);
}

on_both! {
    an_order_comes_back_as_it_went,
    the_first_claim_of_an_id_stands,
    a_lost_update_is_refused_whole,
    history_cannot_be_rewritten,
}

#[tokio::test]
async fn postgresql_itself_refuses_a_wrong_state() {
    let world = World::open(On::Postgres).await;
    world.void(Uuid::from_u128(0xD)).await.expect("resolved");
    let id = world.confirmed().await.id;
    for statement in [
        "UPDATE orders SET status = 'PLACED', version = 3",
        "UPDATE orders SET status = 'SHIPPED', carrier = 'CJ', tracking_number = '1'",
        "UPDATE orders SET version = 1",
        "UPDATE orders SET status = 'SHIPPED', version = 3",
        "UPDATE orders SET customer_id = 'another'",
        "UPDATE order_line SET serials = 'A-0001'",
        "UPDATE claim SET claimed_by = 'VOID'",
        "UPDATE order_event SET actor_id = 'another'",
        "DELETE FROM orders",
        "DELETE FROM claim",
        "DELETE FROM order_event",
        "TRUNCATE order_event",
        // No order has the id of a void.
        "INSERT INTO orders (id, customer_id, shop_id, status, booking, reserve_by, version, create_time, update_time) \
         VALUES ('00000000-0000-0000-0000-00000000000d', 'c', gen_random_uuid(), 'PLACED', 'AT_ONCE', now(), 1, now(), now())",
    ] {
        world.kept.refuses(statement).await;
    }
    assert_eq!(world.order(id).await.version, 2);
}
