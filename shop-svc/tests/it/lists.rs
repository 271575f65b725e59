//! Lists through the API: pages that stay correct while rows are added.

use proto::shop::v1::{self, shop_service_server::ShopService};
use time::Duration;
use uuid::Uuid;

use crate::{
    orders::{Step, event, order},
    world::{World, by, customer, fields, id, manager, on_both, quantity, reason, staff},
};

on_both! {
    units_are_paged_oldest_first_while_units_are_added,
    units_are_listed_by_status,
    shops_and_phones_are_paged_oldest_first,
    a_shop_sees_its_orders_newest_first_with_what_is_held,
    wrong_lists_are_refused,
}

async fn units(world: &World, request: v1::ListUnitsRequest) -> v1::ListUnitsResponse {
    let shop_id = id(&request.shop_id);
    world.api.list_units(by(&staff(shop_id), request)).await.expect("units").into_inner()
}

async fn units_are_paged_oldest_first_while_units_are_added(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 5).await;
    let mut request = v1::ListUnitsRequest {
        shop_id: shop_id.to_string(),
        phone_id: phone_id.to_string(),
        page_size: 2,
        ..Default::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = units(&world, request.clone()).await;
        seen.extend(page.units.into_iter().map(|unit| unit.serial));
        if seen.len() == 2 {
            let add = v1::AddUnitsRequest {
                shop_id: shop_id.to_string(),
                phone_id: phone_id.to_string(),
                units: Some(quantity(1)),
            };
            world.api.add_units(by(&manager(shop_id), add)).await.expect("added");
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let expected: Vec<String> = (1..=6).map(|number| format!("TW-0000000{number}")).collect();
    assert_eq!(seen, expected);
}

async fn units_are_listed_by_status(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 3).await;
    let placed = order(shop_id, &[(phone_id, 2, None)]);
    world.take_in(&event(&placed, 1, Step::Placed)).await.expect("reserved");
    let by_status = |status: v1::unit::Status| v1::ListUnitsRequest {
        shop_id: shop_id.to_string(),
        phone_id: phone_id.to_string(),
        status: status.into(),
        ..Default::default()
    };
    let reserved = units(&world, by_status(v1::unit::Status::Reserved)).await.units;
    assert_eq!(reserved.iter().map(|unit| unit.serial.as_str()).collect::<Vec<_>>(), ["TW-00000001", "TW-00000002"]);
    assert!(reserved.iter().all(|unit| unit.order_id == placed.order_id));
    let available = units(&world, by_status(v1::unit::Status::Available)).await.units;
    assert_eq!(
        available.iter().map(|unit| (unit.serial.as_str(), unit.order_id.as_str())).collect::<Vec<_>>(),
        [("TW-00000003", "")]
    );
    assert!(units(&world, by_status(v1::unit::Status::Sold)).await.units.is_empty());
}

async fn shops_and_phones_are_paged_oldest_first(world: World) {
    let mut shops = Vec::new();
    let mut phones = Vec::new();
    for number in 0..5 {
        if number % 2 == 0 {
            world.clock.advance(Duration::SECOND);
        }
        shops.push(world.shop().await);
        phones.push(world.phone(shops[0], 1, number).await);
    }
    let mut seen = Vec::new();
    let mut request = v1::ListShopsRequest { page_size: 2, page_token: String::new() };
    for _ in 0..3 {
        let page = world.api.list_shops(by(&customer(), request.clone())).await.expect("shops").into_inner();
        seen.extend(page.shops.iter().map(|shop| id(&shop.shop_id)));
        request.page_token = page.next_page_token;
    }
    assert_eq!((seen, request.page_token.as_str()), (shops.clone(), ""));

    let mut seen = Vec::new();
    let mut request = v1::ListPhonesRequest { shop_id: shops[0].to_string(), page_size: 2, page_token: String::new() };
    for _ in 0..3 {
        let page = world.api.list_phones(by(&customer(), request.clone())).await.expect("phones").into_inner();
        seen.extend(page.phones.iter().map(|phone| (id(&phone.phone_id), phone.stock.expect("counts").available)));
        request.page_token = page.next_page_token;
    }
    let expected: Vec<_> = phones.into_iter().zip(0..).collect();
    assert_eq!((seen, request.page_token.as_str()), (expected, ""));
}

async fn a_shop_sees_its_orders_newest_first_with_what_is_held(world: World) {
    let (shop_id, other) = (world.shop().await, world.shop().await);
    let phone_id = world.phone(shop_id, 700, 3).await;
    let mut orders: Vec<_> = (0..3).map(|_| order(shop_id, &[(phone_id, 1, None)])).collect();
    for (index, order) in orders.iter_mut().enumerate() {
        let time = crate::world::START + Duration::seconds(i64::try_from(index).expect("few"));
        order.create_time = Some(chassis::wire::timestamp(time));
        world.take_in(&event(order, 1, Step::Placed)).await.expect("reserved");
    }
    world.take_in(&event(&order(other, &[(phone_id, 1, None)]), 1, Step::Placed)).await.expect("rejected");
    world.take_in(&event(&orders[1], 2, Step::Confirmed)).await.expect("taken in");
    world.take_in(&event(&orders[2], 2, Step::Cancelled)).await.expect("released");

    let listed = list(&world, shop_id, v1::shop_order::Status::Unspecified).await;
    let expected: Vec<&str> = orders.iter().rev().map(|order| order.order_id.as_str()).collect();
    assert_eq!(listed.iter().map(|order| order.order_id.as_str()).collect::<Vec<_>>(), expected);
    assert_eq!(listed[0].status(), v1::shop_order::Status::Cancelled);
    assert!(listed[0].lines[0].serials.is_empty(), "released");
    let confirmed = &listed[1];
    assert_eq!((confirmed.status(), confirmed.version), (v1::shop_order::Status::Confirmed, 2));
    assert_eq!((confirmed.customer_id.as_str(), confirmed.total.clone()), ("kim", Some(crate::world::won(700))));
    assert_eq!(confirmed.lines[0].serials, ["TW-00000002"]);
    assert_eq!(confirmed.lines[0].unit_price, Some(crate::world::won(700)));

    let placed = list(&world, shop_id, v1::shop_order::Status::Placed).await;
    assert_eq!(placed.iter().map(|order| &order.order_id).collect::<Vec<_>>(), [&orders[0].order_id]);
    let elsewhere = list(&world, other, v1::shop_order::Status::Unspecified).await;
    assert_eq!(
        (elsewhere.len(), elsewhere[0].total.as_ref(), elsewhere[0].lines[0].unit_price.as_ref()),
        (1, None, None)
    );
}

async fn list(world: &World, shop_id: Uuid, status: v1::shop_order::Status) -> Vec<v1::ShopOrder> {
    let mut request = v1::ListShopOrdersRequest {
        shop_id: shop_id.to_string(),
        status: status.into(),
        page_size: 1,
        page_token: String::new(),
    };
    let mut seen = Vec::new();
    loop {
        let page = world.api.list_shop_orders(by(&staff(shop_id), request.clone())).await.expect("orders").into_inner();
        assert!(page.orders.len() <= 1);
        seen.extend(page.orders);
        if page.next_page_token.is_empty() {
            return seen;
        }
        request.page_token = page.next_page_token;
    }
}

async fn wrong_lists_are_refused(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 3).await;
    let good = v1::ListUnitsRequest {
        shop_id: shop_id.to_string(),
        phone_id: phone_id.to_string(),
        page_size: 1,
        ..Default::default()
    };
    let token = units(&world, good.clone()).await.next_page_token;
    let call = |request| world.api.list_units(by(&staff(shop_id), request));

    let wrong = v1::ListUnitsRequest { phone_id: "x".to_owned(), status: 9, page_size: -1, ..good.clone() };
    assert_eq!(fields(&call(wrong).await.expect_err("refused")), ["phone_id", "status", "page_size"]);
    let other_filter = v1::ListUnitsRequest { status: 1, page_token: token.clone(), ..good.clone() };
    assert_eq!(reason(&call(other_filter).await.expect_err("refused")), "INVALID_PAGE_TOKEN");
    let phones = v1::ListPhonesRequest { shop_id: shop_id.to_string(), page_size: 1, page_token: token };
    let refused = world.api.list_phones(by(&customer(), phones)).await.expect_err("refused");
    assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
    let orders =
        v1::ListShopOrdersRequest { shop_id: String::new(), status: -1, page_size: -1, page_token: String::new() };
    let refused = world.api.list_shop_orders(by(&staff(shop_id), orders)).await.expect_err("refused");
    assert_eq!(fields(&refused), ["shop_id", "status", "page_size"]);
}
