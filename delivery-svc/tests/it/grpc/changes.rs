//! What people and order-svc do.

use delivery_svc::{adapters::grpc::Bookings, app::erase_customer::Erased};
use proto::{
    delivery::v1::{
        BookDeliveryRequest, booking_service_server::BookingService, delivery::Status,
        delivery_service_server::DeliveryService,
    },
    order::v1::order,
};
use tonic::{Code, Request};
use uuid::Uuid;

use super::{
    ID, OTHER_SHOP, assert_complete, complete, deliveries, from, keyed, not_found, outsiders, person, precondition,
    ship, staff, told,
};
use crate::{
    database::{On, on_both},
    samples::{CUSTOMER, PERSONAL, SHOP, book_command, cancel_command, order_event},
    world::World,
};

async fn a_shop_s_delivery_is_shipped_and_completed_by_its_staff_alone(on: On) {
    let world = World::open(on).await;
    world.ready(ID).await;
    let service = deliveries(&world);
    for outsider in outsiders() {
        assert_eq!(told(service.ship_delivery(from(outsider.clone(), ship(ID, "1"))).await), not_found());
        assert_eq!(told(service.complete_delivery(from(outsider, complete(ID))).await), not_found());
    }
    assert_eq!(told(service.ship_delivery(from(staff(), ship(Uuid::nil(), "1"))).await), not_found());

    let shipped = service.ship_delivery(from(staff(), ship(ID, "1"))).await.expect("shipped").into_inner();
    let shipped = shipped.delivery.expect("a delivery");
    assert_eq!((shipped.status(), shipped.carrier.as_str(), shipped.version), (Status::Shipped, "CJ", 3));
    assert_complete(&shipped);
    let completed = service.complete_delivery(from(staff(), complete(ID))).await.expect("completed").into_inner();
    assert_eq!(completed.delivery.expect("a delivery").status(), Status::Delivered);
}

async fn what_cannot_be_done_has_its_reason(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    let [booked, cancelled, shipped, delivered] = [1, 2, 3, 4].map(Uuid::from_u128);
    world.booked(booked).await;
    world.cancel().run(cancel_command(cancelled, "no")).await.expect("a tombstone");
    world.shipped(shipped).await;
    world.delivered(delivered).await;

    let ships = [
        (booked, "NOT_CONFIRMED"),
        (cancelled, "CANCELLED"),
        (shipped, "ALREADY_SHIPPED"),
        (delivered, "ALREADY_SHIPPED"),
    ];
    for (id, reason) in ships {
        assert_eq!(told(service.ship_delivery(from(staff(), ship(id, "1"))).await), precondition(reason));
    }
    let completes = [(booked, "NOT_SHIPPED"), (cancelled, "CANCELLED"), (delivered, "ALREADY_DELIVERED")];
    for (id, reason) in completes {
        assert_eq!(told(service.complete_delivery(from(staff(), complete(id))).await), precondition(reason));
    }
}

async fn a_key_ships_once_and_is_answered_with_the_recipient_as_it_is_now(on: On) {
    let world = World::open(on).await;
    world.ready(ID).await;
    let service = deliveries(&world);
    let first = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("shipped").into_inner();
    service.complete_delivery(keyed(staff(), "k", complete(ID))).await.expect("completed");
    let again = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("replayed").into_inner();
    assert_eq!(first, again);
    assert_complete(again.delivery.as_ref().expect("a delivery"));

    assert_eq!(world.erased().await, Erased { cleared: 1, outstanding: 0 });
    let cleared = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("replayed").into_inner();
    let cleared = cleared.delivery.expect("a delivery");
    assert_eq!((cleared.version, cleared.status, cleared.recipient), (3, Status::Shipped.into(), None));

    let other_body = service.ship_delivery(keyed(staff(), "k", ship(ID, "2"))).await;
    assert_eq!(told(other_body), (Code::InvalidArgument, "IDEMPOTENCY_KEY_REUSED".to_owned()));
    let completed = service.complete_delivery(keyed(staff(), "k", complete(ID))).await.expect("replayed").into_inner();
    assert_eq!(completed.delivery.expect("a delivery").recipient, None);
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed", "Updated"]);

    let elsewhere = person("staff-1", "staff", Some(OTHER_SHOP));
    assert_eq!(told(service.ship_delivery(keyed(elsewhere, "k", ship(ID, "1"))).await), not_found());
}

async fn a_refusal_is_not_recorded(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    let service = deliveries(&world);
    let early = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await;
    assert_eq!(told(early), precondition("NOT_CONFIRMED"));
    world.take_in(&order_event(ID, order::Status::Confirmed)).await.expect("taken in");
    service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("shipped");
}

async fn personal_data_stays_in_its_row(on: On) {
    let world = World::open(on).await;
    world.ready(ID).await;
    let service = deliveries(&world);
    service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("shipped");
    service.complete_delivery(keyed(staff(), "k", complete(ID))).await.expect("completed");
    let kept = world.dump_outside_deliveries().await;
    // Four events, two recorded answers and two records of the audit.
    assert_eq!(kept.len(), 8);
    for bytes in kept {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(PERSONAL.iter().all(|personal| !text.contains(personal)), "{text}");
    }
    let shown = format!("{:?} {:?}", world.find(ID).await, book_command(ID));
    assert!(PERSONAL.iter().all(|personal| !shown.contains(personal)), "{shown}");
}

async fn a_booking_for_another_request_is_refused_with_its_reason(on: On) {
    let world = World::open(on).await;
    world.booked(ID).await;
    let service = Bookings { book: world.book(), cancel: world.cancel() };
    let [name, phone_number, address] = PERSONAL.map(str::to_owned);
    let request = BookDeliveryRequest {
        order_id: ID.to_string(),
        request_hash: vec![7; 32].into(),
        shop_id: SHOP.to_string(),
        customer_id: CUSTOMER.into(),
        recipient: Some(proto::delivery::v1::Recipient { name, phone_number, address }),
    };
    let met = service.book_delivery(Request::new(request.clone())).await.expect("met").into_inner();
    assert_eq!(met.status(), Status::Booked);
    let other = BookDeliveryRequest { request_hash: vec![8; 32].into(), ..request };
    assert_eq!(told(service.book_delivery(Request::new(other)).await), precondition("BOOKING_MISMATCH"));
}

on_both! {
    a_shop_s_delivery_is_shipped_and_completed_by_its_staff_alone,
    what_cannot_be_done_has_its_reason,
    a_key_ships_once_and_is_answered_with_the_recipient_as_it_is_now,
    a_refusal_is_not_recorded,
    personal_data_stays_in_its_row,
    a_booking_for_another_request_is_refused_with_its_reason,
}
