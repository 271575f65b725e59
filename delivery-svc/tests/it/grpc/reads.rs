//! What people see.

use proto::delivery::v1::{ListDeliveriesRequest, delivery::Status, delivery_service_server::DeliveryService};
use tonic::Code;
use tonic_types::StatusExt;
use uuid::Uuid;

use super::{
    ID, OTHER_SHOP, assert_complete, customer, deliveries, from, get, not_found, operator, outsiders, person, staff,
    told,
};
use crate::{
    database::{On, on_both},
    samples::SHOP,
    world::World,
};

fn list(shop: Option<Uuid>, status: Status, page_token: &str) -> ListDeliveriesRequest {
    let shop_id = shop.map(|shop| shop.to_string()).unwrap_or_default();
    ListDeliveriesRequest { shop_id, status: status.into(), page_size: 2, page_token: page_token.into() }
}

async fn a_delivery_is_seen_by_its_customer_its_shop_and_operators_alone(on: On) {
    let world = World::open(on).await;
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

async fn a_shop_lists_its_deliveries_in_pages(on: On) {
    let world = World::open(on).await;
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

async fn a_list_shows_no_other_shop(on: On) {
    let world = World::open(on).await;
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

async fn wrong_fields_are_told_all_at_once(on: On) {
    let world = World::open(on).await;
    let service = deliveries(&world);
    let wrong = ListDeliveriesRequest { shop_id: "x".into(), status: 99, page_size: -1, page_token: String::new() };
    let status = service.list_deliveries(from(operator(), wrong)).await.expect_err("refused");
    let violations = status.get_details_bad_request().expect("violations").field_violations;
    let fields: Vec<&str> = violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!(fields, ["shop_id", "status", "page_size"]);
}

on_both! {
    a_delivery_is_seen_by_its_customer_its_shop_and_operators_alone,
    a_shop_lists_its_deliveries_in_pages,
    a_list_shows_no_other_shop,
    wrong_fields_are_told_all_at_once,
}
