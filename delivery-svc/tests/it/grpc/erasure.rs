//! A customer's personal data goes: at once where it can, else as soon as nobody needs it any more.

use delivery_svc::{
    adapters::grpc::Operations,
    app::erase_customer::Erased,
    domain::delivery::{Booking, Status as Standing},
};
use prost::Message;
use proto::{
    actor::v1::{Actor, actor::Kind},
    delivery::v1::{
        EraseCustomerRequest, EraseCustomerResponse, delivery_operations_service_server::DeliveryOperationsService,
        delivery_service_server::DeliveryService,
    },
    order::v1::{OrderDelivered, order::Status},
};
use time::Duration;
use uuid::Uuid;

use super::{ID, complete, customer, deliveries, from, get, keyed, operator, staff, told};
use crate::{
    database::{On, on_both},
    samples::{CUSTOMER, book_command, booking, cancel_command, event, order_at, order_event, recipient},
    world::World,
};

async fn erase(world: &World, customer_id: &str) -> EraseCustomerResponse {
    let service = Operations { erase: world.erase() };
    let request = EraseCustomerRequest { customer_id: customer_id.into() };
    service.erase_customer(from(operator(), request)).await.expect("erased").into_inner()
}

async fn has_recipient(world: &World, id: Uuid) -> bool {
    world.find(id).await.expect("a delivery").recipient.is_some()
}

async fn final_deliveries_are_cleared_at_once_and_the_others_when_they_are_final(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    let [delivered, cancelled, shipped, ready, booked] = [1, 2, 3, 4, 5].map(Uuid::from_u128);
    world.delivered(delivered).await;
    world.booked(cancelled).await;
    world.cancel().run(cancel_command(cancelled, "no")).await.expect("cancelled");
    world.shipped(shipped).await;
    world.ready(ready).await;
    world.booked(booked).await;

    assert_eq!(erase(&world, CUSTOMER).await, EraseCustomerResponse { cleared: 2, outstanding: 3 });
    for (id, left) in [(delivered, false), (cancelled, false), (shipped, true), (ready, true), (booked, true)] {
        assert_eq!(has_recipient(&world, id).await, left, "{id}");
    }
    let seen = service.get_delivery(from(customer(), get(delivered))).await.expect("seen").into_inner();
    let seen = seen.delivery.expect("a delivery");
    assert_eq!((seen.recipient, seen.version), (None, 5));

    let completed = service.complete_delivery(keyed(staff(), "k", complete(shipped))).await.expect("completed");
    let completed = completed.into_inner().delivery.expect("a delivery");
    assert_eq!((completed.recipient.as_ref(), completed.version), (None, 5));
    let again = service.complete_delivery(keyed(staff(), "k", complete(shipped))).await.expect("replayed");
    assert_eq!(again.into_inner().delivery.expect("a delivery"), completed);
    world.cancel().run(cancel_command(ready, "no")).await.expect("cancelled");
    world.take_in(&order_event(booked, Status::Rejected)).await.expect("taken in");
    for id in [shipped, ready, booked] {
        assert!(!has_recipient(&world, id).await, "{id}");
    }
    assert_eq!(world.kinds(shipped).await, ["Booked", "Ready", "Started", "Completed", "Updated"]);
    assert_eq!(world.kinds(ready).await, ["Booked", "Ready", "Cancelled", "Updated"]);
    assert_eq!(world.kinds(booked).await, ["Booked", "Cancelled", "Updated"]);
    assert_eq!(erase(&world, CUSTOMER).await, EraseCustomerResponse { cleared: 0, outstanding: 0 });
}

async fn each_version_has_one_event_whatever_is_cleared(on: On) {
    let world = World::open(on).await;
    world.shipped(ID).await;
    world.erased().await;
    world.completed(ID).await.expect("completed");
    world.erased().await;
    let versions: Vec<i64> = world.history(ID).await.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, [1, 2, 3, 4, 5]);
    assert_eq!(world.delivery(ID).await.version, 5);
}

async fn nobody_else_is_erased(on: On) {
    let world = World::open(on).await;
    let other = Uuid::from_u128(9);
    let booking = Booking { customer_id: "customer-2".into(), ..booking(other) };
    let command = delivery_svc::app::book_delivery::Command { booking, recipient: recipient() };
    world.book().run(command).await.expect("booked");
    let mut ended = order_at(other, Status::Rejected);
    ended.customer_id = "customer-2".into();
    assert_eq!(erase(&world, CUSTOMER).await, EraseCustomerResponse { cleared: 0, outstanding: 0 });
    world.take_in(&order_event(other, Status::Rejected)).await.expect("taken in");
    assert!(has_recipient(&world, other).await);
}

async fn what_a_customer_orders_after_its_erasure_is_kept_until_the_next(on: On) {
    let world = World::open(on).await;
    world.erased().await;
    world.clock.pass(Duration::SECOND);
    world.delivered(ID).await;
    assert!(has_recipient(&world, ID).await);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed"]);
    assert_eq!(world.erased().await, Erased { cleared: 1, outstanding: 0 });
}

async fn an_order_that_was_booked_long_after_it_was_placed_is_as_old_as_it_says(on: On) {
    let world = World::open(on).await;
    let placed = world.now();
    world.clock.pass(Duration::SECOND);
    world.erased().await;
    world.clock.pass(Duration::SECOND);
    world.delivered(ID).await;
    assert!(has_recipient(&world, ID).await, "delivery-svc does not know yet how old the order is");

    let mut order = order_at(ID, Status::Delivered);
    order.create_time = Some(chassis::wire::timestamp(placed));
    let actor = Some(Actor { kind: Kind::Service.into(), id: "order-svc".into() });
    let body = OrderDelivered { order: Some(order), actor }.encode_to_vec();
    world.take_in(&event(ID, 200, "tword.order.v1.OrderDelivered", body)).await.expect("taken in");
    assert!(!has_recipient(&world, ID).await);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed", "Updated"]);
}

async fn more_deliveries_than_one_transaction_takes_are_all_cleared(on: On) {
    let world = World::open(on).await;
    let (many, open) = (250, Uuid::from_u128(100));
    for number in 1..=many {
        world.booked(Uuid::from_u128(number)).await;
        if Uuid::from_u128(number) != open {
            world.cancel().run(cancel_command(Uuid::from_u128(number), "no")).await.expect("cancelled");
        }
    }
    assert_eq!(erase(&world, CUSTOMER).await, EraseCustomerResponse { cleared: 249, outstanding: 1 });
}

async fn an_erasure_is_told_by_its_operator_and_audited(on: On) {
    let world = World::open(on).await;
    world.delivered(ID).await;
    erase(&world, CUSTOMER).await;
    let records = world.audited().await;
    let by_operator: Vec<_> = records.iter().filter(|record| record[0] == "OPERATOR").cloned().collect();
    assert_eq!(
        by_operator,
        [
            ["OPERATOR", "operator-1", "EraseCustomer", CUSTOMER],
            ["OPERATOR", "operator-1", "EraseCustomer", &ID.to_string()]
        ]
    );
    let cleared = world.audited_changes().await.pop().expect("a record");
    let fields: Vec<_> = cleared.iter().map(|change| (change.field.as_str(), change.personal)).collect();
    assert_eq!(fields, [("recipient.name", true), ("recipient.phone_number", true), ("recipient.address", true)]);
    let told = world.last_actor(ID).await;
    assert_eq!((told.kind(), told.id.as_str()), (Kind::Operator, "operator-1"));
}

async fn an_erasure_that_changes_nothing_is_not_audited_again(on: On) {
    let world = World::open(on).await;
    erase(&world, CUSTOMER).await;
    world.clock.pass(Duration::SECOND);
    erase(&world, CUSTOMER).await;
    let changes = world.audited_changes().await;
    assert_eq!(changes.len(), 1, "{changes:?}");
    let (change, now) = (&changes[0][0], world.now() - Duration::SECOND);
    let told = time::OffsetDateTime::parse(&change.after, &time::format_description::well_known::Rfc3339);
    assert_eq!((change.field.as_str(), told), ("erase_time", Ok(now)));
}

async fn a_customer_is_named_by_its_opaque_subject(on: On) {
    let world = World::open(on).await;
    let service = Operations { erase: world.erase() };
    for wrong in ["", "a@b", " ", "customer-1 ", " customer-1", "customer\n1", "\u{7f}", &"x".repeat(256)] {
        let request = EraseCustomerRequest { customer_id: wrong.into() };
        let refused = service.erase_customer(from(operator(), request)).await;
        assert_eq!(told(refused).0, tonic::Code::InvalidArgument, "{wrong}");
    }
}

async fn a_booking_that_was_cleared_answers_a_late_call_as_it_is(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    world.cancel().run(cancel_command(ID, "no")).await.expect("cancelled");
    world.erased().await;
    let met = world.book().run(book_command(ID)).await.expect("answered as it is");
    assert_eq!(met.state.status(), Standing::Cancelled);
    assert!(!has_recipient(&world, ID).await);
}

on_both! {
    final_deliveries_are_cleared_at_once_and_the_others_when_they_are_final,
    each_version_has_one_event_whatever_is_cleared,
    nobody_else_is_erased,
    what_a_customer_orders_after_its_erasure_is_kept_until_the_next,
    an_order_that_was_booked_long_after_it_was_placed_is_as_old_as_it_says,
    more_deliveries_than_one_transaction_takes_are_all_cleared,
    an_erasure_is_told_by_its_operator_and_audited,
    an_erasure_that_changes_nothing_is_not_audited_again,
    a_customer_is_named_by_its_opaque_subject,
    a_booking_that_was_cleared_answers_a_late_call_as_it_is,
}
