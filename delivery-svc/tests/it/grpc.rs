//! What people see and do, through the handlers.

use std::{collections::BTreeSet, sync::Arc};

use chassis::auth::{Caller, Person};
use delivery_svc::{
    adapters::grpc::{Bookings, Deliveries},
    app::{get_delivery::GetDelivery, list_deliveries::ListDeliveries},
};
use proto::delivery::v1::{
    BookDeliveryRequest, CompleteDeliveryRequest, Delivery, GetDeliveryRequest, ListDeliveriesRequest,
    ShipDeliveryRequest, booking_service_server::BookingService, delivery::Status,
    delivery_service_server::DeliveryService,
};
use proto::order::v1::order;
use tonic::{Code, Request};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::world::{CUSTOMER, PERSONAL, SHOP, World, cancel_command, order_event};

const ID: Uuid = Uuid::from_u128(1);
const OTHER_SHOP: Uuid = Uuid::from_u128(0xB);

fn deliveries(world: &World) -> Deliveries {
    Deliveries {
        get: GetDelivery::new(Arc::clone(&world.reads)),
        list: ListDeliveries::new(Arc::clone(&world.reads)),
        ship: world.ship(),
        complete: world.complete(),
        clock: world.clock.clone(),
    }
}

fn person(subject: &str, role: &str, shop: Option<Uuid>) -> Person {
    let roles = BTreeSet::from([role.to_owned()]);
    Person { issuer: "tword".into(), subject: subject.into(), roles, tenant: shop.map(|shop| shop.to_string()) }
}

fn customer() -> Person {
    person(CUSTOMER, "customer", None)
}

fn staff() -> Person {
    person("staff-1", "staff", Some(SHOP))
}

fn operator() -> Person {
    person("operator-1", "operator", None)
}

/// Everybody whom the delivery is none of the business of.
fn outsiders() -> [Person; 5] {
    [
        person("customer-2", "customer", None),
        person("customer-2", "customer", Some(SHOP)),
        person("staff-2", "staff", Some(OTHER_SHOP)),
        person(CUSTOMER, "staff", Some(OTHER_SHOP)),
        person("staff-3", "manager", None),
    ]
}

fn from<M>(person: Person, message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.extensions_mut().insert(Caller::Person(person));
    request
}

fn keyed<M>(person: Person, key: &str, message: M) -> Request<M> {
    let mut request = from(person, message);
    request.metadata_mut().insert("idempotency-key", key.parse().expect("a header value"));
    request
}

fn get(id: Uuid) -> GetDeliveryRequest {
    GetDeliveryRequest { delivery_id: id.to_string() }
}

fn ship(id: Uuid, tracking_number: &str) -> ShipDeliveryRequest {
    ShipDeliveryRequest { delivery_id: id.to_string(), carrier: " CJ ".into(), tracking_number: tracking_number.into() }
}

fn complete(id: Uuid) -> CompleteDeliveryRequest {
    CompleteDeliveryRequest { delivery_id: id.to_string() }
}

fn told<T>(answer: Result<T, tonic::Status>) -> (Code, String) {
    let status = answer.err().expect("refused");
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    (status.code(), reason)
}

fn not_found() -> (Code, String) {
    (Code::NotFound, "NOT_FOUND".to_owned())
}

fn precondition(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

fn assert_complete(delivery: &Delivery) {
    let recipient = delivery.recipient.as_ref().expect("a recipient");
    assert_eq!([&*recipient.name, &*recipient.phone_number, &*recipient.address], PERSONAL);
}

#[tokio::test]
async fn a_delivery_is_seen_by_its_customer_its_shop_and_operators_alone() {
    let world = World::sqlite().await;
    world.booked(ID).await;
    let service = deliveries(&world);
    for viewer in [customer(), staff(), person("m", "manager", Some(SHOP)), operator()] {
        let answer = service.get_delivery(from(viewer, get(ID))).await.expect("seen").into_inner();
        let delivery = answer.delivery.expect("a delivery");
        assert_eq!((delivery.status(), delivery.version), (Status::Booked, 1));
        assert_complete(&delivery);
    }
    for outsider in outsiders() {
        let hidden =
            service.get_delivery(from(outsider.clone(), get(ID))).await.map_err(|status| status.message().to_owned());
        let absent =
            service.get_delivery(from(outsider, get(Uuid::nil()))).await.map_err(|status| status.message().to_owned());
        assert_eq!(hidden.expect_err("hidden"), absent.expect_err("absent"));
    }
}

#[tokio::test]
async fn a_shop_s_delivery_is_shipped_and_completed_by_its_staff_alone() {
    let world = World::sqlite().await;
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

#[tokio::test]
async fn what_cannot_be_done_has_its_reason() {
    let world = World::sqlite().await;
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

#[tokio::test]
async fn a_key_ships_once_and_is_answered_with_the_recipient_as_it_is_now() {
    let world = World::sqlite().await;
    world.ready(ID).await;
    let service = deliveries(&world);
    let first = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("shipped").into_inner();
    service.complete_delivery(keyed(staff(), "k", complete(ID))).await.expect("completed");
    let again = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("replayed").into_inner();
    assert_eq!(first, again);
    assert_complete(again.delivery.as_ref().expect("a delivery"));

    world.rename_recipient(ID, "Kim Yuna").await;
    let renamed = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("replayed").into_inner();
    let renamed = renamed.delivery.expect("a delivery");
    assert_eq!(renamed.recipient.expect("a recipient").name, "Kim Yuna");
    assert_eq!((renamed.version, renamed.status), (3, Status::Shipped.into()));

    let other_body = service.ship_delivery(keyed(staff(), "k", ship(ID, "2"))).await;
    assert_eq!(told(other_body), (Code::InvalidArgument, "IDEMPOTENCY_KEY_REUSED".to_owned()));
    let completed = service.complete_delivery(keyed(staff(), "k", complete(ID))).await.expect("replayed").into_inner();
    assert_eq!(completed.delivery.expect("a delivery").recipient.expect("a recipient").name, "Kim Yuna");
    assert_eq!(world.kinds(ID).await, ["Booked", "Ready", "Started", "Completed"]);

    let elsewhere = person("staff-1", "staff", Some(OTHER_SHOP));
    assert_eq!(told(service.ship_delivery(keyed(elsewhere, "k", ship(ID, "1"))).await), not_found());
}

#[tokio::test]
async fn a_refusal_is_not_recorded() {
    let world = World::sqlite().await;
    world.booked(ID).await;
    let service = deliveries(&world);
    let early = service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await;
    assert_eq!(told(early), precondition("NOT_CONFIRMED"));
    world.take_in(&order_event(ID, order::Status::Confirmed)).await.expect("taken in");
    service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("shipped");
}

#[tokio::test]
async fn personal_data_stays_in_its_row() {
    let world = World::sqlite().await;
    world.ready(ID).await;
    let service = deliveries(&world);
    service.ship_delivery(keyed(staff(), "k", ship(ID, "1"))).await.expect("shipped");
    service.complete_delivery(keyed(staff(), "k", complete(ID))).await.expect("completed");
    let kept = world.dump_outside_deliveries().await;
    // Four events and two recorded answers.
    assert_eq!(kept.len(), 6);
    for bytes in kept {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(text.contains(&ID.to_string()));
        assert!(PERSONAL.iter().all(|personal| !text.contains(personal)), "{text}");
    }
    let shown = format!("{:?} {:?}", world.find(ID).await, crate::world::book_command(ID));
    assert!(PERSONAL.iter().all(|personal| !shown.contains(personal)), "{shown}");
}

fn list(shop: Option<Uuid>, status: Status, page_token: &str) -> ListDeliveriesRequest {
    let shop_id = shop.map(|shop| shop.to_string()).unwrap_or_default();
    ListDeliveriesRequest { shop_id, status: status.into(), page_size: 2, page_token: page_token.into() }
}

#[tokio::test]
async fn a_shop_lists_its_deliveries_in_pages() {
    let world = World::sqlite().await;
    let service = deliveries(&world);
    for number in 1..=3 {
        world.ready(Uuid::from_u128(number)).await;
    }
    world.booked(Uuid::from_u128(4)).await;

    let first =
        service.list_deliveries(from(staff(), list(None, Status::Ready, ""))).await.expect("a page").into_inner();
    assert_eq!(first.deliveries.len(), 2);
    assert_complete(&first.deliveries[0]);
    let next = list(Some(SHOP), Status::Ready, &first.next_page_token);
    let second = service.list_deliveries(from(staff(), next)).await.expect("a page").into_inner();
    assert_eq!((second.deliveries.len(), second.next_page_token.as_str()), (1, ""));

    let other_filter = list(None, Status::Booked, &first.next_page_token);
    let refused = service.list_deliveries(from(staff(), other_filter)).await;
    assert_eq!(told(refused), (Code::InvalidArgument, "INVALID_PAGE_TOKEN".to_owned()));
}

#[tokio::test]
async fn a_list_shows_no_other_shop() {
    let world = World::sqlite().await;
    let service = deliveries(&world);
    world.booked(ID).await;
    let all = Status::Unspecified;
    let strangers = person("staff-2", "staff", Some(OTHER_SHOP));
    let own = service.list_deliveries(from(strangers.clone(), list(None, all, ""))).await.expect("a page").into_inner();
    assert_eq!(own.deliveries, []);
    assert_eq!(told(service.list_deliveries(from(strangers.clone(), list(Some(SHOP), all, ""))).await), not_found());
    let absent = list(Some(Uuid::nil()), all, "");
    assert_eq!(told(service.list_deliveries(from(strangers, absent)).await), not_found());
    assert_eq!(told(service.list_deliveries(from(person("s", "staff", None), list(None, all, ""))).await), not_found());

    for shop in [None, Some(SHOP)] {
        let seen = service.list_deliveries(from(operator(), list(shop, all, ""))).await.expect("a page").into_inner();
        assert_eq!(seen.deliveries.len(), 1);
    }
}

#[tokio::test]
async fn wrong_fields_are_told_all_at_once() {
    let world = World::sqlite().await;
    let service = deliveries(&world);
    let wrong = ListDeliveriesRequest { shop_id: "x".into(), status: 99, page_size: -1, page_token: String::new() };
    let status = service.list_deliveries(from(operator(), wrong)).await.expect_err("refused");
    let violations = status.get_details_bad_request().expect("violations").field_violations;
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["shop_id", "status", "page_size"]);
}

#[tokio::test]
async fn a_booking_for_another_request_is_refused_with_its_reason() {
    let world = World::sqlite().await;
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
