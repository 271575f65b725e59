//! Cancelling: order-svc alone decides while PLACED; later the delivery does.

use chassis::idempotency::{Answer, Keyed, Request, Scope};
use order_svc::{
    app::{
        cancel_order::{Command, Error},
        ports::{CancelledDelivery, NoAnswer},
    },
    domain::{Actor, Caller, Order, Status, order::Refused},
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    events,
    world::{CUSTOMER, SHOP, World, as_customer, as_staff, customer},
};

fn command(order_id: Uuid, caller: Caller, reason: &str) -> Command {
    Command { caller, order_id, reason: reason.to_owned() }
}

async fn cancel(world: &World, order_id: Uuid, caller: Caller, reason: &str) -> Result<Answer<Order>, Error> {
    world.cancel().run(command(order_id, caller, reason), Keyed::without_key()).await
}

fn fresh(answer: Answer<Order>) -> Order {
    match answer {
        Answer::Fresh(order) => order,
        Answer::Replayed(_) => panic!("replayed"),
    }
}

#[tokio::test]
async fn a_placed_order_is_cancelled_without_asking_anybody() {
    let world = World::sqlite().await;
    let order = world.placed().await;
    let cancelled = fresh(cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect("cancelled"));
    assert_eq!(cancelled.status, Status::Cancelled { by: customer(), reason: String::new() });
    assert!(world.bookings.cancelled.lock().expect("unpoisoned").is_empty());
    cancel(&world, order.id, as_customer(CUSTOMER), "again").await.expect("a success without a change");
    let kinds: Vec<_> = world.written().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["OrderPlaced", "OrderCancelled"]);
}

#[tokio::test]
async fn a_confirmed_order_is_cancelled_with_its_delivery() {
    let world = World::sqlite().await;
    let order = world.confirmed().await;
    let first = Actor { id: "staff-9".to_owned(), ..as_staff(SHOP).acts_on(&order).expect("staff") };
    world.bookings.answer_cancel(Ok(Some(CancelledDelivery { by: first.clone(), reason: "broken".to_owned() })));
    let cancelled = fresh(cancel(&world, order.id, as_customer(CUSTOMER), "mine").await.expect("cancelled"));
    assert_eq!(cancelled.status, Status::Cancelled { by: first, reason: "broken".to_owned() }, "the first one wins");
    assert_eq!(*world.bookings.cancelled.lock().expect("unpoisoned"), [order.id]);
}

#[tokio::test]
async fn a_delivery_that_was_shipped_wins() {
    let world = World::sqlite().await;
    let order = world.confirmed().await;
    world.bookings.answer_cancel(Ok(None));
    let refused = cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect_err("shipped");
    assert!(matches!(refused, Error::Refused(Refused::AlreadyShipped)), "{refused:?}");
    assert_eq!(world.order(order.id).await.status, Status::Confirmed);
}

#[tokio::test]
async fn nothing_changes_while_delivery_is_away() {
    let world = World::sqlite().await;
    let order = world.confirmed().await;
    world.bookings.answer_cancel(Err(NoAnswer::Unavailable));
    let away = cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect_err("away");
    assert!(matches!(away, Error::NoAnswer(NoAnswer::Unavailable)), "{away:?}");
    assert_eq!(world.order(order.id).await.status, Status::Confirmed);
}

#[tokio::test]
async fn staff_say_why_and_strangers_learn_nothing() {
    let world = World::sqlite().await;
    let order = world.placed().await;
    let missing = cancel(&world, order.id, as_staff(SHOP), "").await.expect_err("no reason");
    assert!(matches!(missing, Error::ReasonMissing), "{missing:?}");
    for stranger in [as_customer("somebody"), as_staff(Uuid::from_u128(0xF))] {
        let hidden = cancel(&world, order.id, stranger.clone(), "why").await.expect_err("hidden");
        let absent = cancel(&world, Uuid::from_u128(0xFF), stranger, "why").await.expect_err("absent");
        assert_eq!(hidden.to_string(), absent.to_string());
        assert!(matches!(hidden, Error::NotFound), "{hidden:?}");
    }
    let operator = Caller { operator: true, customer: false, ..as_customer("op") };
    let forbidden = cancel(&world, order.id, operator, "why").await.expect_err("forbidden");
    assert!(matches!(forbidden, Error::Forbidden), "{forbidden:?}");
    fresh(cancel(&world, order.id, as_staff(SHOP), "sold out").await.expect("cancelled"));
}

#[tokio::test]
async fn an_answer_is_replayed_for_its_key() {
    let world = World::sqlite().await;
    let order = world.placed().await;
    let keyed = |hash: u8| {
        let scope = Scope {
            issuer: "i".to_owned(),
            subject: CUSTOMER.to_owned(),
            method: "/cancel".to_owned(),
            key: "k".to_owned(),
        };
        let request = Request { scope, hash: [hash; 32], time: OffsetDateTime::UNIX_EPOCH };
        Keyed::new(Some(request), |order: &Order| order.version.to_be_bytes().to_vec())
    };
    let cancel = world.cancel();
    let run = |hash| cancel.run(command(order.id, as_customer(CUSTOMER), ""), keyed(hash));
    assert_eq!(fresh(run(1).await.expect("cancelled")).version, 2);
    assert_eq!(run(1).await.expect("replayed"), Answer::Replayed(2_i64.to_be_bytes().to_vec()));
    assert!(matches!(run(2).await, Err(Error::Reused(_))));
}

#[tokio::test]
async fn an_order_follows_a_delivery_that_was_cancelled_before_order_svc_died() {
    let world = World::sqlite().await;
    let order = world.confirmed().await;
    world.hear_delivery(events::cancelled(order.id, 2)).await;
    assert!(matches!(world.order(order.id).await.status, Status::Cancelled { .. }));
}
