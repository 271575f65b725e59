//! Cancelling: order-svc alone decides while PLACED; later the delivery does.

use chassis::{
    idempotency::{Answer, Keyed, Request},
    refusal::Refusal,
};
use order_svc::{
    app::{
        cancel_order::{Command, Error},
        ports::{CancelledDelivery, NoAnswer},
    },
    domain::{Actor, Caller, Order, Status, order::Refused},
};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events,
    world::{CUSTOMER, SHOP, World, as_customer, as_staff, customer, key},
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

async fn a_placed_order_is_cancelled_without_asking_anybody(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    let cancelled = fresh(cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect("cancelled"));
    assert_eq!(cancelled.status, Status::Cancelled { by: customer(), reason: String::new() });
    assert!(world.bookings.cancelled.lock().expect("unpoisoned").is_empty());
    cancel(&world, order.id, as_customer(CUSTOMER), "again").await.expect("a success without a change");
    let kinds: Vec<_> = world.written().await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["OrderPlaced", "OrderCancelled"]);
}

async fn a_confirmed_order_is_cancelled_with_its_delivery(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    let first = Actor { id: "staff-9".to_owned(), ..as_staff(SHOP).acts_on(&order).expect("staff") };
    world.bookings.answer_cancel(Ok(Some(CancelledDelivery { by: first.clone(), reason: "broken".to_owned() })));
    let cancelled = fresh(cancel(&world, order.id, as_customer(CUSTOMER), "mine").await.expect("cancelled"));
    assert_eq!(cancelled.status, Status::Cancelled { by: first, reason: "broken".to_owned() }, "the first one wins");
    assert_eq!(*world.bookings.cancelled.lock().expect("unpoisoned"), [order.id]);
}

async fn a_delivery_that_was_shipped_wins(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    world.bookings.answer_cancel(Ok(None));
    let refused = cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect_err("shipped");
    assert!(matches!(refused, Error::Refused(Refused::AlreadyShipped)), "{refused:?}");
    assert_eq!(world.order(order.id).await.status, Status::Confirmed);
}

async fn what_delivery_did_not_answer_is_not_known_until_the_call_is_repeated(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    world.bookings.answer_cancel(Err(NoAnswer::Unavailable));
    let away = cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect_err("away");
    let told = tonic::Status::from(Refusal::from(away));
    assert_eq!(told.code(), tonic::Code::Unavailable);
    assert_eq!(told.get_details_error_info().map(|info| info.reason).as_deref(), Some("OUTCOME_UNKNOWN"));
    assert!(told.get_details_retry_info().is_some_and(|retry| retry.retry_delay.is_some()), "{told:?}");
    assert!(told.message().contains("repeat the call"), "{told:?}");
    assert_eq!(world.order(order.id).await.status, Status::Confirmed);
    let cancelled = fresh(cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect("cancelled"));
    assert!(matches!(cancelled.status, Status::Cancelled { .. }), "{cancelled:?}");
}

async fn an_answer_that_makes_no_sense_is_a_defect_and_no_reason_to_come_back(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    let nonsense = || NoAnswer::Defect("PermissionDenied: no".to_owned());
    world.bookings.answer_cancel(Err(nonsense()));
    world.bookings.answer([Err(nonsense())]);
    let cancelled = cancel(&world, order.id, as_customer(CUSTOMER), "").await.expect_err("a defect");
    let placed = world.place().run(crate::world::command(None, 1)).await.expect_err("a defect");
    for refusal in [Refusal::from(cancelled), Refusal::from(placed)] {
        assert_eq!(refusal.reason().name, "INTERNAL");
        assert!(!refusal.to_string().contains("PermissionDenied"), "{refusal}");
    }
}

async fn staff_say_why_and_strangers_learn_nothing(on: On) {
    let world = World::open(on).await;
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

fn keyed(hash: u8) -> Keyed<Order> {
    Keyed::new(Some(Request { hash: [hash; 32], ..key("k") }), |order: &Order| order.version.to_be_bytes().to_vec())
}

async fn an_answer_is_replayed(world: &World, order: &Order) {
    let cancel = world.cancel();
    let run = |hash| cancel.run(command(order.id, as_customer(CUSTOMER), ""), keyed(hash));
    let version = order.version + 1;
    assert_eq!(fresh(run(1).await.expect("cancelled")).version, version);
    assert_eq!(run(1).await.expect("replayed"), Answer::Replayed(version.to_be_bytes().to_vec()));
    assert!(matches!(run(2).await, Err(Error::Reused(_))));
    assert_eq!(world.order(order.id).await.version, version);
}

async fn an_answer_is_replayed_for_its_key(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    an_answer_is_replayed(&world, &order).await;
}

async fn the_answer_of_a_confirmed_order_is_replayed_and_its_delivery_not_asked_again(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    an_answer_is_replayed(&world, &order).await;
    assert_eq!(*world.bookings.cancelled.lock().expect("unpoisoned"), [order.id]);
}

async fn staff_that_changed_shops_are_not_told_what_they_were_told_before(on: On) {
    for confirmed in [false, true] {
        let world = World::open(on).await;
        let order = if confirmed { world.confirmed().await } else { world.placed().await };
        let run = async |shop| world.cancel().run(command(order.id, as_staff(shop), "sold out"), keyed(1)).await;
        fresh(run(SHOP).await.expect("cancelled"));
        let hidden = run(Uuid::from_u128(0xF)).await.expect_err("hidden");
        assert!(matches!(hidden, Error::NotFound), "{hidden:?}");
        run(SHOP).await.expect("replayed");
    }
}

async fn an_order_follows_a_delivery_that_was_cancelled_before_order_svc_died(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    world.hear_delivery(events::cancelled(order.id, 2)).await;
    assert!(matches!(world.order(order.id).await.status, Status::Cancelled { .. }));
}

on_both! {
    a_placed_order_is_cancelled_without_asking_anybody,
    a_confirmed_order_is_cancelled_with_its_delivery,
    a_delivery_that_was_shipped_wins,
    what_delivery_did_not_answer_is_not_known_until_the_call_is_repeated,
    an_answer_that_makes_no_sense_is_a_defect_and_no_reason_to_come_back,
    staff_say_why_and_strangers_learn_nothing,
    an_answer_is_replayed_for_its_key,
    the_answer_of_a_confirmed_order_is_replayed_and_its_delivery_not_asked_again,
    staff_that_changed_shops_are_not_told_what_they_were_told_before,
    an_order_follows_a_delivery_that_was_cancelled_before_order_svc_died,
}
