//! The audit: what people changed, and nothing of what services did or what changed nothing.

use chassis::idempotency::Keyed;
use order_svc::{
    app::{EraseCustomer, cancel_order},
    domain::Caller,
};
use prost::Message;
use proto::ops::v1::AuditRecord;
use time::Duration;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events::{self, reserved},
    world::{CUSTOMER, SHOP, World, as_customer, as_staff, command, operator},
};

async fn cancel(world: &World, order_id: Uuid, caller: Caller) {
    let command = cancel_order::Command { caller, order_id, reason: "sold out".to_owned() };
    world.cancel().run(command, Keyed::without_key()).await.expect("cancelled");
}

fn record(role: &str, actor: &str, action: &str, order_id: Uuid) -> [String; 4] {
    [role.to_owned(), actor.to_owned(), action.to_owned(), order_id.to_string()]
}

async fn each_change_of_a_person_is_recorded_once(on: On) {
    let world = World::open(on).await;
    let id = world.place().run(command(Some("k"), 1)).await.expect("placed").id;
    world.place().run(command(Some("k"), 1)).await.expect("replayed");
    world.hear_stock(reserved(id, 1)).await;
    cancel(&world, id, as_staff(SHOP)).await;
    cancel(&world, id, as_customer(CUSTOMER)).await;
    world.hear_delivery(events::cancelled(id, 2)).await;
    let told = [record("CUSTOMER", CUSTOMER, "PlaceOrder", id), record("STAFF", "staff-1", "CancelOrder", id)];
    assert_eq!(world.kept.audited().await, told);
}

async fn a_cancellation_that_order_svc_died_over_is_recorded_when_the_order_follows(on: On) {
    let world = World::open(on).await;
    let order = world.confirmed().await;
    world.hear_delivery(events::cancelled(order.id, 2)).await;
    assert_eq!(world.kept.audited().await[1..], [record("STAFF", "staff-1", "CancelOrder", order.id)]);
}

async fn what_an_operator_brought_on_is_recorded_and_what_the_sweep_did_is_not(on: On) {
    let world = World::open(on).await;
    let resumed = world.unbooked().await.id;
    let swept = world.unbooked().await.id;
    for _ in 0..2 {
        world.resume().run(&operator(), resumed, None).await.expect("resumed");
    }
    world.clock.pass(Duration::seconds(2));
    world.book_outstanding().run().await.expect("swept");
    let expired = world.placed().await.id;
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    world.resume().run(&operator(), expired, None).await.expect("resumed");
    let by_operator: Vec<_> = world.kept.audited().await.into_iter().filter(|record| record[0] == "OPERATOR").collect();
    let told = |id| record("OPERATOR", "operator-1", "ResumeOrder", id);
    assert_eq!(by_operator, [told(resumed), told(expired)]);
    assert!(!world.order(swept).await.booking_outstanding());
}

async fn personal_fields_are_named_and_nothing_more(on: On) {
    let world = World::open(on).await;
    world.unbooked().await;
    let changes = world.kept.audited_changes().await;
    let changes = AuditRecord::decode(changes[0].as_slice()).expect("changes").changes;
    let personal: Vec<_> =
        changes.iter().filter(|change| change.personal).map(|change| change.field.as_str()).collect();
    assert_eq!(personal, ["recipient.name", "recipient.phone_number", "recipient.address"]);
    for secret in ["Hong", "1234-5678", "Sejong"] {
        assert!(!format!("{changes:?}").contains(secret), "{changes:?}");
    }
    let value = |field: &str| changes.iter().find(|change| change.field == field).map(|change| change.after.as_str());
    assert_eq!((value("status"), value("booking_outstanding")), (Some("PLACED"), Some("true")));
}

async fn a_recipient_that_is_needed_is_kept_and_one_that_was_left_is_cleared(on: On) {
    let world = World::open(on).await;
    let needed = world.unbooked().await.id;
    let left = world.unbooked().await.id;
    // As only a defect would leave it.
    world.kept.tamper("UPDATE orders SET booking = 'LATER' WHERE id = $1", left).await;
    let erase = EraseCustomer::new(world.store.clone(), world.clock.clone());
    let run = async |customer: &str| {
        let erased = erase.run(operator(), customer.to_owned()).await.expect("erased");
        (erased.cleared, erased.outstanding)
    };
    assert_eq!(run("somebody").await, (0, 0));
    assert_eq!(run(CUSTOMER).await, (1, 1));
    assert_eq!(run(CUSTOMER).await, (0, 1));
    world.clock.pass(Duration::seconds(2));
    world.book_outstanding().run().await.expect("swept");
    assert!(!world.order(needed).await.booking_outstanding());
    assert_eq!(run(CUSTOMER).await, (0, 0));
    let erasures = world.kept.audited().await.into_iter().filter(|record| record[2] == "EraseCustomer");
    assert_eq!(erasures.collect::<Vec<_>>().len(), 1, "only what changed something");
}

on_both! {
    each_change_of_a_person_is_recorded_once,
    a_cancellation_that_order_svc_died_over_is_recorded_when_the_order_follows,
    what_an_operator_brought_on_is_recorded_and_what_the_sweep_did_is_not,
    personal_fields_are_named_and_nothing_more,
    a_recipient_that_is_needed_is_kept_and_one_that_was_left_is_cleared,
}
