//! A recipient is corrected by its customer until it is shipped, a tracking number by staff from then on.

use e2e::checker::{self, Placed};
use e2e::db;
use e2e::flow::{self, complete, delivery_reaches, key, order_of, place, reaches, ship};
use e2e::grpc::{keyed, keyed_by};
use e2e::rest::{Answer, Rest};
use e2e::world::{Shop, World};
use proto::delivery::v1::{
    CorrectRecipientRequest, CorrectTrackingNumberRequest, GetDeliveryRequest, Recipient, ShipDeliveryRequest,
};
use serde_json::{Value, json};
use tonic::Code;
use xtask::mesh::Service;

/// Corrections that race a shipment.
const RACES: usize = 20;

fn recipient(name: &str) -> Value {
    json!({ "name": name, "phoneNumber": "010-9876-5432", "address": "부산광역시 해운대구 우동 1" })
}

async fn correct(rest: &Rest, order_id: &str, name: &str) -> Answer {
    let body = json!({ "recipient": recipient(name) });
    rest.persist(&format!("/v1/deliveries/{order_id}:correctRecipient"), &key(), &body).await
}

async fn renumber(rest: &Rest, order_id: &str, number: &str) -> Answer {
    let body = json!({ "trackingNumber": number });
    rest.persist(&format!("/v1/deliveries/{order_id}:correctTrackingNumber"), &key(), &body).await
}

/// An order that can be shipped.
async fn ready(world: &World, shop: &Shop) -> Placed {
    let placed = place(world, shop).await;
    reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    delivery_reaches(&world.rest(&shop.staff), &placed.order_id, "READY").await;
    placed
}

#[tokio::test]
async fn both_are_corrected_by_rest_by_those_who_may_and_while_it_makes_sense() {
    let world = World::shared().await;
    let shop = world.shop(1, 3).await;
    let placed = ready(&world, &shop).await;
    let id = placed.order_id.as_str();
    let (customer, staff) = (world.rest(&placed.customer), world.rest(&shop.staff));
    let other = world.shop(1, 1).await;

    correct(&world.rest(&world.customer()), id, "김유나").await.refused(404, "NOT_FOUND");
    correct(&staff, id, "김유나").await.refused(403, "PERMISSION_DENIED");
    renumber(&staff, id, "1").await.refused(400, "NOT_SHIPPED");
    let corrected = correct(&customer, id, " 김유나 ").await.ok();
    assert_eq!(corrected["delivery"]["recipient"], recipient("김유나"), "{corrected}");
    assert_eq!(corrected["delivery"]["version"], "3", "{corrected}");
    let again = correct(&customer, id, "김유나").await.ok();
    assert_eq!(again, corrected, "the same recipient is no change");

    let shipped = ship(&staff, id).await.ok();
    assert_eq!(shipped["delivery"]["recipient"], recipient("김유나"), "{shipped}");
    correct(&customer, id, "박지성").await.refused(400, "ALREADY_SHIPPED");
    renumber(&customer, id, "1").await.refused(403, "PERMISSION_DENIED");
    renumber(&world.rest(&other.staff), id, "1").await.refused(404, "NOT_FOUND");
    reaches(&customer, id, "SHIPPED").await;
    let renumbered = renumber(&staff, id, "555").await.ok();
    assert_eq!(renumbered["delivery"]["trackingNumber"], "555", "{renumbered}");
    complete(&staff, id).await.ok();
    reaches(&customer, id, "DELIVERED").await;
    renumber(&staff, id, "556").await.ok();

    let placed = Placed { recipient: flow::recipient(&json!({ "recipient": recipient("김유나") })), ..placed };
    checker::settled(&world, &shop, std::slice::from_ref(&placed)).await;
    let page = customer.get(&format!("/v1/mypage/orders/{}", placed.order_id)).await.ok();
    assert_eq!(page["order"]["delivery"]["trackingNumber"], "556", "{page}");
    let order = customer.get(&format!("/v1/orders/{}", placed.order_id)).await.ok();
    assert_eq!(order["order"]["trackingNumber"], "1234567890", "as it was told at the shipment: {order}");
}

#[tokio::test]
async fn both_are_corrected_by_grpc_once_for_a_key_and_nothing_personal_is_recorded() {
    let world = World::start().await;
    let shop = world.shop(1, 3).await;
    let placed = ready(&world, &shop).await;
    let (mut customer, mut staff) = (world.grpc(&placed.customer).delivery(), world.grpc(&shop.staff).delivery());
    let delivery_id = placed.order_id.clone();
    let recipient = Recipient {
        name: "Kim Yuna".to_owned(),
        phone_number: "+82 10-9876-5432".to_owned(),
        address: "1 Woo-dong, Busan".to_owned(),
    };
    let correct = |recipient: &Recipient| {
        let request = CorrectRecipientRequest { delivery_id: delivery_id.clone(), recipient: Some(recipient.clone()) };
        keyed_by("once", request)
    };
    let first = customer.correct_recipient(correct(&recipient)).await.expect("corrected").into_inner();
    let again = customer.correct_recipient(correct(&recipient)).await.expect("replayed").into_inner();
    assert_eq!(again, first);
    let other = customer.correct_recipient(correct(&placed.recipient)).await.expect_err("another body");
    assert_eq!(other.code(), Code::InvalidArgument, "{other}");

    let carrier = "CJ".to_owned();
    let request = ShipDeliveryRequest { delivery_id: delivery_id.clone(), carrier, tracking_number: "1".to_owned() };
    staff.ship_delivery(keyed(request)).await.expect("shipped");
    let request = CorrectTrackingNumberRequest { delivery_id: delivery_id.clone(), tracking_number: "2".to_owned() };
    staff.correct_tracking_number(keyed(request)).await.expect("corrected");
    let seen = customer.get_delivery(GetDeliveryRequest { delivery_id }).await.expect("seen").into_inner();
    let seen = seen.delivery.expect("a delivery");
    assert_eq!((seen.recipient.as_ref(), seen.tracking_number.as_str()), (Some(&recipient), "2"));

    // The row itself is where it belongs, and no event, no answer and no record of it.
    let kept = db::places(&world, Service::Delivery, &["Yuna", "Busan"]).await;
    assert!(!kept.is_empty() && kept.iter().all(|place| place.starts_with("delivery.")), "{kept:?}");
    let audited = "SELECT count(*) FROM audit WHERE action IN ('CorrectRecipient', 'CorrectTrackingNumber')";
    assert_eq!(db::count(&world, Service::Delivery, audited).await, Ok(2));
    let placed = Placed { recipient, ..placed };
    checker::settled(&world, &shop, &[placed]).await;
}

#[tokio::test]
async fn what_is_shipped_goes_to_one_recipient_whoever_is_first() {
    let world = World::shared().await;
    let shop = world.shop(1, i32::try_from(RACES).expect("few")).await;
    let mut orders = Vec::new();
    for _ in 0..RACES {
        orders.push(ready(&world, &shop).await);
    }
    let staff = world.rest(&shop.staff);
    for placed in &mut orders {
        let customer = world.rest(&placed.customer);
        let (corrected, shipped) =
            tokio::join!(correct(&customer, &placed.order_id, "김유나"), ship(&staff, &placed.order_id));
        let shipped_to = shipped.ok()["delivery"].clone();
        if corrected.status.is_success() {
            placed.recipient = flow::recipient(&json!({ "recipient": recipient("김유나") }));
        } else {
            corrected.refused(400, "ALREADY_SHIPPED");
        }
        assert_eq!(flow::recipient(&shipped_to), placed.recipient, "{shipped_to}");
    }
    checker::settled(&world, &shop, &orders).await;
}

/// A retry of `PlaceOrder` meets its booking, wherever that goes by now.
#[tokio::test]
async fn a_replayed_order_is_still_its_order_after_a_correction() {
    let world = World::shared().await;
    let shop = world.shop(1, 2).await;
    let (customer, key) = (world.customer(), key());
    let (rest, body) = (world.rest(&customer), order_of(&shop, &shop.phones[0], 1));
    let first = rest.persist("/v1/orders", &key, &body).await.ok();
    let order_id = flow::order_id(&first);
    reaches(&rest, &order_id, "CONFIRMED").await;
    correct(&rest, &order_id, "김유나").await.ok();
    assert_eq!(rest.persist("/v1/orders", &key, &body).await.ok(), first);
    let recipient = flow::recipient(&json!({ "recipient": recipient("김유나") }));
    checker::settled(&world, &shop, &[Placed { customer, order_id, recipient }]).await;
}
