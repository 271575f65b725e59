//! All eight functional requirements, by REST and by gRPC, through the edge.

use e2e::checker::{self, Placed};
use e2e::flow::{cancel, complete, delivery_reaches, key, order_id, order_of, reaches, recipient, ship, stock};
use e2e::grpc::{keyed, money};
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use e2e::world::{Shop, World};
use proto::delivery::v1::delivery::Status as DeliveryStatus;
use proto::delivery::v1::{CompleteDeliveryRequest, ListDeliveriesRequest, ShipDeliveryRequest};
use proto::mypage::v1::{GetMyOrderRequest, my_order};
use proto::order::v1::order::Status;
use proto::order::v1::{CancelOrderRequest, GetOrderRequest, NewOrderLine, PlaceOrderRequest, Recipient};
use proto::shop::v1::new_units::Units;
use proto::shop::v1::{AddUnitsRequest, ListShopOrdersRequest, NewPhone, NewUnits, RegisterPhonesRequest, Serials};
use serde_json::{Value, json};
use xtask::mesh::Service;
use xtask::token::Role;

#[tokio::test]
async fn all_eight_requirements_by_rest() {
    let world = World::shared().await;
    let operator = world.rest(&world.operator());
    let shop = operator.post_keyed("/v1/shops", &key(), &json!({ "displayName": "서초점" })).await.ok();
    assert_eq!(shop["shop"]["status"], "STATUS_OPEN", "{shop}");
    let shop_id = shop["shop"]["shopId"].as_str().expect("an id").to_owned();
    let manager = world.person(Role::Manager, Some(&shop_id));
    let staff = world.person(Role::Staff, Some(&shop_id));
    let phone_id = registers_phones(&operator.by(&manager), &shop_id).await;
    let shop = Shop { id: shop_id, phones: vec![phone_id], manager, staff };

    let customer = world.customer();
    let (rest, staff) = (world.rest(&customer), world.rest(&shop.staff));
    let body = order_of(&shop, &shop.phones[0], 2);
    let placed = rest.post_keyed("/v1/orders", &key(), &body).await.ok();
    assert_eq!(placed["order"]["status"], "STATUS_PLACED", "{placed}");
    assert!(placed["order"]["total"].is_null(), "a total before it is confirmed: {placed}");
    let first = order_id(&placed);
    let confirmed = reaches(&rest, &first, "CONFIRMED").await;
    assert_eq!(confirmed["order"]["total"], json!({ "currencyCode": "KRW", "units": "2500000", "nanos": 0 }));
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [5, 3, 2, 0]);
    staff_see_and_ship(&staff, &shop.id, &first).await;
    reaches(&rest, &first, "SHIPPED").await;
    cancel(&rest, &first, "too late").await.refused(400, "ALREADY_SHIPPED");
    complete(&staff, &first).await.ok();
    reaches(&rest, &first, "DELIVERED").await;

    let second = order_id(&rest.post_keyed("/v1/orders", &key(), &body).await.ok());
    reaches(&rest, &second, "CONFIRMED").await;
    let cancelled = cancel(&rest, &second, "마음이 바뀌었어요").await.ok();
    assert_eq!(cancelled["order"]["status"], "STATUS_CANCELLED", "{cancelled}");
    let third = order_id(&rest.post_keyed("/v1/orders", &key(), &body).await.ok());
    reaches(&rest, &third, "CONFIRMED").await;
    staff.post(&format!("/v1/orders/{third}:cancel"), &json!({})).await.refused(400, "INVALID_REQUEST");
    cancel(&staff, &third, "단종된 모델입니다").await.ok();

    let placed = |order_id: &String| Placed {
        customer: customer.clone(),
        order_id: order_id.clone(),
        recipient: recipient(&body),
    };
    checker::settled(&world, &shop, &[&first, &second, &third].map(placed)).await;
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [5, 3, 0, 2]);
    page_shows(&rest, &[&third, &second, &first]).await;
    told_in_korean(&world, &third);
}

async fn registers_phones(manager: &Rest, shop_id: &str) -> String {
    let price = json!({ "currencyCode": "KRW", "units": "1250000" });
    let phones = json!({ "phones": [
        { "displayName": "Galaxy S30", "unitPrice": price, "units": { "serials": { "serials": ["SN-0001", "SN-0002"] } } },
    ]});
    let path = format!("/v1/shops/{shop_id}/phones");
    let registered = manager.post_keyed(&path, &key(), &phones).await.ok();
    let phone_id = registered["phones"][0]["phoneId"].as_str().expect("an id").to_owned();
    let more = json!({ "units": { "quantity": 3 } });
    let added = manager.post_keyed(&format!("{path}/{phone_id}/units"), &key(), &more).await.ok();
    let serials: Vec<_> = added["serials"].as_array().expect("serials").iter().filter_map(Value::as_str).collect();
    assert!(serials.len() == 3 && serials.iter().all(|serial| serial.starts_with("TW-")), "{added}");
    assert_eq!(added["phone"]["stock"]["available"], 5, "{added}");
    phone_id
}

async fn staff_see_and_ship(staff: &Rest, shop_id: &str, order_id: &str) {
    let details = wait::until("the shop to see the order", || async {
        let listed = staff.get(&format!("/v1/shops/{shop_id}/orders?status=STATUS_CONFIRMED")).await.ok();
        let found = listed["orders"].as_array().and_then(|orders| orders.first().cloned());
        found.ok_or_else(|| listed.to_string())
    })
    .await;
    assert_eq!((details["orderId"].as_str(), details["lines"][0]["quantity"].as_i64()), (Some(order_id), Some(2)));
    delivery_reaches(staff, order_id, "READY").await;
    let ready = staff.get(&format!("/v1/deliveries?shopId={shop_id}&status=STATUS_READY")).await.ok();
    assert_eq!(ready["deliveries"][0]["recipient"]["name"], "김하나", "{ready}");
    let shipped = ship(staff, order_id).await.ok();
    assert_eq!(shipped["delivery"]["status"], "STATUS_SHIPPED", "{shipped}");
}

async fn page_shows(rest: &Rest, newest_first: &[&String]) {
    let listed = rest.get("/v1/mypage/orders").await.ok();
    let orders = listed["orders"].as_array().expect("orders");
    let ids: Vec<_> = orders.iter().map(|order| order["orderId"].as_str().expect("an id")).collect();
    assert_eq!(ids, newest_first.iter().map(|id| id.as_str()).collect::<Vec<_>>());
    let delivered = rest.get("/v1/mypage/orders?status=STATUS_DELIVERED").await.ok();
    assert_eq!(delivered["orders"].as_array().map(Vec::len), Some(1), "{delivered}");
    let one = rest.get(&format!("/v1/mypage/orders/{}", newest_first[2])).await.ok();
    assert_eq!(one["order"]["delivery"]["trackingNumber"], "1234567890", "{one}");
    assert_eq!(one["order"]["messages"].as_array().map(Vec::len), Some(4), "{one}");
}

/// The log has no texts; what they say is tested where there are receivers.
fn told_in_korean(world: &World, cancelled: &str) {
    let told = logged(world, cancelled);
    assert_eq!(told.iter().filter(|line| line["template"] == "CANCELLED").count(), 2, "{told:?}");
    assert!(told.iter().all(|line| line["language"] == "ko" && line["text"].is_null()), "{told:?}");
}

/// What the log says of the messages about an order.
fn logged(world: &World, order_id: &str) -> Vec<Value> {
    let log = world.mesh().log(Service::Notify).expect("the log");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == "message sent" && line["order_id"] == order_id).collect()
}

#[tokio::test]
async fn all_eight_requirements_by_grpc_and_in_english() {
    let world = World::start_with(|mesh| mesh.env(Service::Notify, "TWORD_DEFAULT_LANGUAGE", "en")).await;
    let shop = world.shop(1, 2).await;
    let customer = world.customer();
    let (buyer, manager, staff) = (world.grpc(&customer), world.grpc(&shop.manager), world.grpc(&shop.staff));
    let units = NewUnits { units: Some(Units::Serials(Serials { serials: vec!["PX-0001".to_owned()] })) };
    let phone = NewPhone { display_name: "Pixel 12".to_owned(), unit_price: Some(money(900_000)), units: Some(units) };
    let request = RegisterPhonesRequest { shop_id: shop.id.clone(), phones: vec![phone] };
    let phones = manager.shop().register_phones(keyed(request)).await.expect("phones").into_inner().phones;
    let request = AddUnitsRequest {
        shop_id: shop.id.clone(),
        phone_id: phones[0].phone_id.clone(),
        units: Some(NewUnits { units: Some(Units::Quantity(2)) }),
    };
    let added = manager.shop().add_units(keyed(request)).await.expect("units").into_inner();
    assert_eq!(added.phone.and_then(|phone| phone.stock).map(|stock| stock.available), Some(3));
    let shop = Shop { phones: vec![shop.phones[0].clone(), phones[0].phone_id.clone()], ..shop };

    let mut orders = Vec::new();
    for _ in 0..2 {
        let placed = buyer.order().place_order(keyed(both_phones(&shop))).await.expect("an order").into_inner();
        let order_id = placed.order.expect("the order").order_id;
        reaches(&world.rest(&customer), &order_id, "CONFIRMED").await;
        let Recipient { name, phone_number, address } = both_phones(&shop).recipient.expect("one");
        let recipient = proto::delivery::v1::Recipient { name, phone_number, address };
        orders.push(Placed { customer: customer.clone(), order_id, recipient });
    }
    let [kept, dropped] = [&orders[0].order_id, &orders[1].order_id];
    let request = CancelOrderRequest { order_id: dropped.clone(), reason: "changed my mind".to_owned() };
    buyer.order().cancel_order(keyed(request)).await.expect("cancelled");

    let request = ListShopOrdersRequest { shop_id: shop.id.clone(), ..Default::default() };
    let seen = staff.shop().list_shop_orders(request).await.expect("orders").into_inner().orders;
    assert!(seen.iter().any(|order| order.order_id == *kept && order.lines.len() == 2), "{seen:?}");
    delivery_reaches(&world.rest(&shop.staff), kept, "READY").await;
    let request =
        ListDeliveriesRequest { shop_id: shop.id.clone(), status: DeliveryStatus::Ready.into(), ..Default::default() };
    let ready = staff.delivery().list_deliveries(request).await.expect("deliveries").into_inner().deliveries;
    assert_eq!(ready.iter().map(|delivery| &delivery.order_id).collect::<Vec<_>>(), [kept]);
    let request = ShipDeliveryRequest {
        delivery_id: kept.clone(),
        carrier: "CJ Logistics".to_owned(),
        tracking_number: "123-456".to_owned(),
    };
    staff.delivery().ship_delivery(keyed(request)).await.expect("shipped");
    let request = CompleteDeliveryRequest { delivery_id: kept.clone() };
    staff.delivery().complete_delivery(keyed(request)).await.expect("completed");

    wait::until("the delivered order", || async {
        let request = GetOrderRequest { order_id: kept.clone() };
        let order = buyer.order().get_order(request).await.map_err(|status| status.to_string())?.into_inner().order;
        holds(order.as_ref().is_some_and(|order| order.status() == Status::Delivered), format!("{order:?}"))
    })
    .await;
    checker::settled(&world, &shop, &orders).await;
    let request = GetMyOrderRequest { order_id: kept.clone() };
    let page = buyer.mypage().get_my_order(request).await.expect("my page").into_inner().order.expect("the order");
    assert_eq!((page.status(), page.messages.len()), (my_order::Status::Delivered, 4));
    told_in_english(&world, kept);
}

fn both_phones(shop: &Shop) -> PlaceOrderRequest {
    let line = |phone_id: &String| NewOrderLine { phone_id: phone_id.clone(), quantity: 1, ..Default::default() };
    PlaceOrderRequest {
        shop_id: shop.id.clone(),
        lines: shop.phones.iter().map(line).collect(),
        recipient: Some(Recipient {
            name: "Hana Kim".to_owned(),
            phone_number: "010-1234-5678".to_owned(),
            address: "1 Teheran-ro, Seoul".to_owned(),
        }),
    }
}

fn told_in_english(world: &World, delivered: &str) {
    let told = logged(world, delivered);
    let mut templates: Vec<_> = told.iter().filter_map(|line| line["template"].as_str()).collect();
    templates.sort_unstable();
    assert_eq!(templates, ["CONFIRMED", "DELIVERED", "PLACED", "PLACED", "SHIPPED"]);
    assert!(told.iter().all(|line| line["language"] == "en"), "{told:?}");
}
