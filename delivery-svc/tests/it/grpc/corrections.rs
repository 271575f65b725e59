//! Recipients and tracking numbers are corrected by those who may.

use delivery_svc::domain::delivery::Status as Standing;
use proto::delivery::v1::{
    CorrectRecipientRequest, CorrectTrackingNumberRequest, Recipient, delivery_service_server::DeliveryService,
};
use tonic::Code;
use tonic_types::StatusExt;
use uuid::Uuid;

use super::{
    ID, assert_complete, customer, deliveries, from, get, keyed, not_found, outsiders, precondition, ship, staff, told,
};
use crate::{
    database::{On, on_both},
    samples::{CUSTOMER, PERSONAL, cancel_command},
    world::World,
};

fn readdress(id: Uuid, name: &str) -> CorrectRecipientRequest {
    let [_, phone_number, address] = PERSONAL.map(str::to_owned);
    let recipient = Some(Recipient { name: name.into(), phone_number, address });
    CorrectRecipientRequest { delivery_id: id.to_string(), recipient }
}

fn renumber(id: Uuid, tracking_number: &str) -> CorrectTrackingNumberRequest {
    CorrectTrackingNumberRequest { delivery_id: id.to_string(), tracking_number: tracking_number.into() }
}

async fn a_customer_corrects_the_recipient_until_it_is_shipped(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    world.booked(ID).await;
    for outsider in outsiders().into_iter().filter(|person| person.roles.contains("customer")) {
        assert_eq!(told(service.correct_recipient(from(outsider, readdress(ID, "Kim Yuna"))).await), not_found());
    }
    assert_eq!(told(service.correct_recipient(from(customer(), readdress(Uuid::nil(), "Kim"))).await), not_found());

    let corrected = service.correct_recipient(from(customer(), readdress(ID, " Kim Yuna "))).await.expect("corrected");
    let corrected = corrected.into_inner().delivery.expect("a delivery");
    assert_eq!((corrected.version, corrected.recipient.as_ref().map(|r| r.name.as_str())), (2, Some("Kim Yuna")));
    let seen = service.get_delivery(from(staff(), get(ID))).await.expect("seen").into_inner();
    assert_eq!(seen.delivery.expect("a delivery"), corrected);

    // BOOKED still: it is corrected once more when READY, and no more when it was shipped.
    world.take_in(&crate::samples::order_event(ID, proto::order::v1::order::Status::Confirmed)).await.expect("ready");
    service.correct_recipient(from(customer(), readdress(ID, PERSONAL[0]))).await.expect("corrected");
    service.ship_delivery(from(staff(), ship(ID, "1"))).await.expect("shipped");
    let late = service.correct_recipient(from(customer(), readdress(ID, "Kim Yuna"))).await;
    assert_eq!(told(late), precondition("ALREADY_SHIPPED"));
    let seen = service.get_delivery(from(staff(), get(ID))).await.expect("seen").into_inner();
    assert_complete(&seen.delivery.expect("a delivery"));
    assert_eq!(world.kinds(ID).await, ["Booked", "Updated", "Ready", "Updated", "Started"]);
}

async fn what_is_cancelled_is_corrected_no_more(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    world.cancel().run(cancel_command(ID, "no")).await.expect("a tombstone");
    let late = service.correct_recipient(from(customer(), readdress(ID, "Kim Yuna"))).await;
    assert_eq!(told(late), precondition("CANCELLED"));
    assert_eq!(
        told(service.correct_tracking_number(from(staff(), renumber(ID, "2"))).await),
        precondition("CANCELLED")
    );
    assert_eq!(world.kinds(ID).await, ["Cancelled"]);
}

async fn the_same_recipient_is_no_change(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    let before = world.ready(ID).await;
    let same = service.correct_recipient(keyed(customer(), "k", readdress(ID, PERSONAL[0]))).await.expect("no change");
    assert_complete(&same.into_inner().delivery.expect("a delivery"));
    assert_eq!(world.delivery(ID).await, before);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready"]);
    assert_eq!(world.audited().await, Vec::<[String; 4]>::new());
}

async fn a_key_corrects_once_and_its_answer_keeps_nothing_personal(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    world.ready(ID).await;
    let correct = |name| service.correct_recipient(keyed(customer(), "k", readdress(ID, name)));
    let first = correct("Kim Yuna").await.expect("corrected").into_inner();
    assert_eq!(correct("Kim Yuna").await.expect("replayed").into_inner(), first);
    assert_eq!(told(correct("Park Jisung").await), (Code::InvalidArgument, "IDEMPOTENCY_KEY_REUSED".to_owned()));

    world.rename_recipient(ID, "Park Jisung").await.expect("corrected");
    let again = correct("Kim Yuna").await.expect("replayed").into_inner().delivery.expect("a delivery");
    assert_eq!((again.version, again.recipient.expect("a recipient").name), (3, "Park Jisung".to_owned()));
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Updated", "Updated"]);
    for bytes in world.dump_outside_deliveries().await {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for personal in PERSONAL.iter().chain(&["Kim Yuna", "Park Jisung"]) {
            assert!(!text.contains(personal), "{text}");
        }
    }
}

async fn a_booking_stays_the_same_booking_whoever_it_goes_to(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    world.rename_recipient(ID, "Kim Yuna").await.expect("corrected");
    let met = world.book().run(crate::samples::book_command(ID)).await.expect("the same booking");
    assert_eq!((met.state.status(), met.version), (Standing::Booked, 2));
    assert_eq!(world.find(ID).await.expect("a delivery").recipient.expect("a recipient").name(), "Kim Yuna");
}

async fn staff_correct_the_tracking_number_of_what_they_shipped(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    world.ready(ID).await;
    assert_eq!(
        told(service.correct_tracking_number(from(staff(), renumber(ID, "2"))).await),
        precondition("NOT_SHIPPED")
    );
    service.ship_delivery(from(staff(), ship(ID, "1"))).await.expect("shipped");
    for outsider in outsiders() {
        assert_eq!(told(service.correct_tracking_number(from(outsider, renumber(ID, "2"))).await), not_found());
    }
    let correct =
        |key: &'static str, number| service.correct_tracking_number(keyed(staff(), key, renumber(ID, number)));
    let first = correct("k", " 2 ").await.expect("corrected").into_inner();
    let corrected = first.delivery.clone().expect("a delivery");
    assert_eq!((corrected.version, &*corrected.carrier, &*corrected.tracking_number), (4, "CJ", "2"));
    assert_complete(&corrected);
    assert_eq!(correct("k", " 2 ").await.expect("replayed").into_inner(), first);
    correct("l", "2").await.expect("no change");
    world.completed(ID).await.expect("completed");
    let late = correct("m", "3").await.expect("corrected").into_inner().delivery.expect("a delivery");
    assert_eq!((late.version, &*late.tracking_number), (6, "3"));
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Updated", "Completed", "Updated"]);
}

async fn wrong_fields_of_corrections_are_told_all_at_once(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    let fields = |status: tonic::Status| -> Vec<String> {
        let violations = status.get_details_bad_request().expect("violations").field_violations;
        violations.into_iter().map(|violation| violation.field).collect()
    };
    let empty = CorrectRecipientRequest { delivery_id: "x".into(), recipient: Some(Recipient::default()) };
    let refused = service.correct_recipient(from(customer(), empty)).await.expect_err("refused");
    assert_eq!(fields(refused), ["delivery_id", "recipient.name", "recipient.phone_number", "recipient.address"]);
    let nobody = CorrectRecipientRequest { delivery_id: ID.to_string(), recipient: None };
    let refused = service.correct_recipient(from(customer(), nobody)).await.expect_err("refused");
    assert_eq!(fields(refused), ["recipient"]);
    let wrong = CorrectTrackingNumberRequest { delivery_id: "x".into(), tracking_number: " ".into() };
    let refused = service.correct_tracking_number(from(staff(), wrong)).await.expect_err("refused");
    assert_eq!(fields(refused), ["delivery_id", "tracking_number"]);
}

async fn what_people_change_is_audited_without_personal_values(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    world.ready(ID).await;
    service.correct_recipient(keyed(customer(), "k", readdress(ID, "Kim Yuna"))).await.expect("corrected");
    service.correct_recipient(keyed(customer(), "k", readdress(ID, "Kim Yuna"))).await.expect("replayed");
    world.clock.pass(time::Duration::SECOND);
    service.ship_delivery(from(staff(), ship(ID, "1"))).await.expect("shipped");
    told(service.ship_delivery(from(staff(), ship(ID, "1"))).await);
    world.clock.pass(time::Duration::SECOND);
    service.correct_tracking_number(from(staff(), renumber(ID, "2"))).await.expect("corrected");
    world.clock.pass(time::Duration::SECOND);
    world.completed(ID).await.expect("completed");

    let id = ID.to_string();
    let done = [
        ["CUSTOMER", CUSTOMER, "CorrectRecipient", &id],
        ["STAFF", "staff-1", "ShipDelivery", &id],
        ["STAFF", "staff-1", "CorrectTrackingNumber", &id],
        ["STAFF", "staff-1", "CompleteDelivery", &id],
    ];
    assert_eq!(world.audited().await, done);
    let changes: Vec<Vec<[String; 3]>> = world
        .audited_changes()
        .await
        .into_iter()
        .map(|record| record.into_iter().map(|change| [change.field, change.before, change.after]).collect())
        .collect();
    assert_eq!(changes[0], [["recipient.name", "", ""]]);
    assert_eq!(changes[1], [["status", "READY", "SHIPPED"], ["carrier", "", "CJ"], ["tracking_number", "", "1"]]);
    assert_eq!(changes[2], [["tracking_number", "1", "2"]]);
    assert_eq!(changes[3], [["status", "SHIPPED", "DELIVERED"]]);
}

on_both! {
    a_customer_corrects_the_recipient_until_it_is_shipped,
    what_is_cancelled_is_corrected_no_more,
    the_same_recipient_is_no_change,
    a_key_corrects_once_and_its_answer_keeps_nothing_personal,
    a_booking_stays_the_same_booking_whoever_it_goes_to,
    staff_correct_the_tracking_number_of_what_they_shipped,
    wrong_fields_of_corrections_are_told_all_at_once,
    what_people_change_is_audited_without_personal_values,
}
