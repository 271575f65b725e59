//! Single units: withdrawn, looked up with their histories, chosen and asked for.

use e2e::checker::{self, Placed, units};
use e2e::flow::{self, cancel, delivery_reaches, key, order_id, order_of, reaches, recipient, ship, stock};
use e2e::grpc::{Grpc, keyed};
use e2e::rest::Rest;
use e2e::wait::{self, holds};
use e2e::world::{Person, Shop, World};
use futures::{StreamExt, stream};
use proto::shop::v1::unit_event::Kind;
use proto::shop::v1::{GetUnitRequest, ListUnitsRequest, Phone, WithdrawUnitsRequest};
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt;

const RACES: i32 = 120;
/// Races that are run side by side.
const AT_ONCE: usize = 16;

fn serials(numbers: impl IntoIterator<Item = i32>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("TW-{number:08}")).collect()
}

fn units_path(shop: &Shop) -> String {
    format!("/v1/shops/{}/phones/{}/units", shop.id, shop.phones[0])
}

/// Withdraws by gRPC.
async fn withdraw(manager: &Grpc, shop: &Shop, serials: Vec<String>) -> Result<Phone, Status> {
    let request = WithdrawUnitsRequest { shop_id: shop.id.clone(), phone_id: shop.phones[0].clone(), serials };
    Ok(manager.shop().withdraw_units(keyed(request)).await?.into_inner().phone.expect("a phone"))
}

/// Orders the shop's first phone: these units of it.
async fn ask(world: &World, shop: &Shop, customer: Person, serials: &[String]) -> Placed {
    let mut body = order_of(shop, &shop.phones[0], i32::try_from(serials.len()).expect("few"));
    body["lines"][0]["serials"] = json!(serials);
    let placed = world.rest(&customer).persist("/v1/orders", &key(), &body).await.ok();
    Placed { order_id: order_id(&placed), customer, recipient: recipient(&body) }
}

/// The order once it is decided: its status and what it holds or was rejected for.
async fn decided(world: &World, placed: &Placed) -> (String, Value) {
    let rest = world.rest(&placed.customer);
    wait::until("a decision", || async {
        let order = rest.get(&format!("/v1/orders/{}", placed.order_id)).await.ok()["order"].take();
        let status = order["status"].as_str().unwrap_or_default().to_owned();
        holds(status != "STATUS_PLACED", order.to_string())?;
        let told = if status == "STATUS_REJECTED" { &order["rejectReason"] } else { &order["lines"][0]["serials"] };
        Ok((status, told.clone()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn units_are_withdrawn_all_or_none_and_the_reserved_ones_named() {
    let world = World::shared().await;
    let shop = world.shop(1, 5).await;
    let placed = flow::place(&world, &shop).await;
    reaches(&world.rest(&placed.customer), &placed.order_id, "CONFIRMED").await;
    let (rest, grpc) = (world.rest(&shop.manager), world.grpc(&shop.manager));
    let path = format!("{}:withdraw", units_path(&shop));

    let refused = rest.post_keyed(&path, &key(), &json!({ "serials": serials([3, 1, 2]) })).await;
    refused.refused(400, "UNITS_NOT_AVAILABLE");
    let facts = &refused.detail("google.rpc.ErrorInfo")["metadata"];
    assert_eq!((&facts["reserved"], &facts["count"]), (&json!("TW-00000001"), &json!("1")));
    let refused = withdraw(&grpc, &shop, serials([2, 1])).await.expect_err("one is reserved");
    assert_eq!(refused.get_details_error_info().expect("an ErrorInfo").metadata["reserved"], "TW-00000001");
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [5, 4, 1, 0], "none was withdrawn");

    let phone = rest.post_keyed(&path, &key(), &json!({ "serials": serials([3, 2]) })).await.ok();
    assert_eq!(phone["phone"]["stock"]["withdrawn"], 2);
    let phone = withdraw(&grpc, &shop, serials([5])).await.expect("withdrawn");
    assert_eq!((phone.version, phone.stock.expect("counts").withdrawn), (3, 3));
    let refused = rest.post_keyed(&path, &key(), &json!({ "serials": serials([4, 5]) })).await;
    assert_eq!(refused.detail("google.rpc.ErrorInfo")["metadata"]["withdrawn"], "TW-00000005", "{refused}");
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [5, 1, 1, 0]);
    checker::settled(&world, &shop, &[placed]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_withdrawn_or_ordered_and_never_both() {
    let world = World::shared().await;
    let shop = world.shop(1, RACES).await;
    let manager = world.grpc(&shop.manager);
    let (world, shop, manager) = (&*world, &shop, &manager);
    let races: Vec<(Placed, bool)> = stream::iter(1..=RACES)
        .map(|number| race(world, shop, manager, number))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let withdrawn = races.iter().filter(|(_, withdrawn)| *withdrawn).count();
    assert!(0 < withdrawn && withdrawn < races.len(), "{withdrawn} of {RACES} were withdrawn: one side always won");
    for (placed, withdrawn) in &races {
        let (status, told) = decided(world, placed).await;
        let expected = if *withdrawn { "STATUS_REJECTED" } else { "STATUS_CONFIRMED" };
        assert_eq!(status, expected, "{told}");
    }
    let orders: Vec<Placed> = races.into_iter().map(|(placed, _)| placed).collect();
    checker::settled(world, shop, &orders).await;
    let withdrawn = i64::try_from(withdrawn).expect("few");
    assert_eq!(stock(world, shop, &shop.phones[0]).await, [RACES.into(), 0, i64::from(RACES) - withdrawn, 0]);
}

/// Whether the unit was withdrawn. Stock hears of an order by its event, a moment after it was placed: withdrawing looks
/// at the shop first, some times, so that both have their chance, or comes when the order is there.
async fn race(world: &World, shop: &Shop, manager: &Grpc, number: i32) -> (Placed, bool) {
    let wanted = serials([number]);
    let withdrawing = async {
        let staff = world.rest(&shop.staff);
        for _ in 0..number % 12 {
            staff.get(&format!("/v1/shops/{}", shop.id)).await.ok();
        }
        withdraw(manager, shop, serials([number])).await
    };
    let placing = ask(world, shop, world.customer(), &wanted);
    let (placed, withdrawn) = if number % 3 == 0 {
        let placed = placing.await;
        (placed, withdrawing.await)
    } else {
        futures::join!(placing, withdrawing)
    };
    if let Err(refused) = &withdrawn {
        let reason = refused.get_details_error_info().expect("an ErrorInfo").reason;
        assert_eq!(reason, "UNITS_NOT_AVAILABLE", "{refused}");
    }
    (placed, withdrawn.is_ok())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_units_whole_history_is_told() {
    let world = World::shared().await;
    let shop = world.shop(1, 1).await;
    let (staff, serial) = (world.rest(&shop.staff), &serials([1])[0]);
    let first = flow::place(&world, &shop).await;
    reaches(&world.rest(&first.customer), &first.order_id, "CONFIRMED").await;
    cancel(&world.rest(&first.customer), &first.order_id, "변심").await.ok();
    wait::until("the unit to be free", || async {
        let seen = stock(&world, &shop, &shop.phones[0]).await;
        holds(seen == [1, 1, 0, 0], format!("{seen:?}"))
    })
    .await;
    let second = flow::place(&world, &shop).await;
    delivery_reaches(&staff, &second.order_id, "READY").await;
    ship(&staff, &second.order_id).await.ok();
    reaches(&world.rest(&second.customer), &second.order_id, "SHIPPED").await;
    checker::settled(&world, &shop, &[first.clone(), second.clone()]).await;

    let unit = staff.get(&format!("/v1/shops/{}/units/{serial}", shop.id)).await.ok();
    assert_eq!((&unit["unit"]["status"], &unit["unit"]["orderId"]), (&json!("STATUS_SOLD"), &json!(second.order_id)));
    let told: Vec<_> = unit["events"].as_array().expect("a history").iter().collect();
    let kinds: Vec<_> = told.iter().map(|event| event["kind"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["KIND_REGISTERED", "KIND_RESERVED", "KIND_RELEASED", "KIND_RESERVED", "KIND_SOLD"]);
    let orders: Vec<_> = told.iter().map(|event| event["orderId"].as_str().unwrap_or_default()).collect();
    let (one, two) = (first.order_id.as_str(), second.order_id.as_str());
    assert_eq!(orders, ["", one, one, two, two]);
    assert_eq!(told[0]["actor"], json!({ "kind": "KIND_MANAGER", "id": shop.manager.id }));

    let grpc = world.grpc(&world.operator());
    let request =
        GetUnitRequest { shop_id: shop.id.clone(), serial: serial.clone(), page_size: 2, ..Default::default() };
    let page = grpc.shop().get_unit(request).await.expect("a unit").into_inner();
    assert!(page.events.len() == 2 && !page.next_page_token.is_empty(), "{page:?}");
    let whole = units::history(&grpc, &shop, serial).await.expect("a history");
    assert_eq!((whole.len(), whole[4].kind(), &whole[..2]), (5, Kind::Sold, &page.events[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_choose_units_and_get_exactly_these() {
    let world = World::shared().await;
    let shop = world.shop(1, 6).await;
    let other = flow::place(&world, &shop).await;
    reaches(&world.rest(&other.customer), &other.order_id, "CONFIRMED").await;
    withdraw(&world.grpc(&shop.manager), &shop, serials([4])).await.expect("withdrawn");

    let customer = world.customer();
    let offered = choice(&world.rest(&customer), &shop).await;
    assert_eq!(offered, serials([2, 3, 5, 6]));
    let chosen = serials([6, 3]);
    let placed = ask(&world, &shop, customer.clone(), &chosen).await;
    assert_eq!(decided(&world, &placed).await, ("STATUS_CONFIRMED".to_owned(), json!(serials([3, 6]))));
    assert_eq!(choice(&world.rest(&customer), &shop).await, serials([2, 5]));
    // What is gone by now, or never was for sale, is not replaced by another unit.
    let mut orders = vec![other, placed];
    for gone in [[2, 3], [2, 4], [2, 1], [2, 99]] {
        let late = ask(&world, &shop, customer.clone(), &serials(gone)).await;
        let reason = json!("REJECT_REASON_OUT_OF_STOCK");
        assert_eq!(decided(&world, &late).await, ("STATUS_REJECTED".to_owned(), reason));
        orders.push(late);
    }
    let seen = world.rest(&shop.staff).get(&format!("/v1/shops/{}/orders", shop.id)).await.ok();
    let seen = seen["orders"].as_array().expect("orders").iter().find(|order| order["orderId"] == orders[1].order_id);
    assert_eq!(seen.expect("the order")["lines"][0]["requestedSerials"], json!(chosen));
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [6, 2, 3, 0]);
    checker::settled(&world, &shop, &orders).await;
}

/// The serials that a customer may choose from, with nothing else said about them.
async fn choice(customer: &Rest, shop: &Shop) -> Vec<String> {
    let body = customer.get(&units_path(shop)).await.ok();
    let units = body["units"].as_array().expect("units");
    let silent =
        |unit: &Value| unit["orderId"] == "" && unit["createTime"].is_null() && unit["status"] == "STATUS_AVAILABLE";
    assert!(units.iter().all(silent), "{body}");
    units.iter().map(|unit| unit["serial"].as_str().expect("a serial").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_customers_who_want_one_unit_one_gets_it() {
    let world = World::shared().await;
    let shop = world.shop(1, 3).await;
    let wanted = serials([2]);
    let (one, other) =
        futures::join!(ask(&world, &shop, world.customer(), &wanted), ask(&world, &shop, world.customer(), &wanted));
    let mut outcomes = vec![decided(&world, &one).await, decided(&world, &other).await];
    outcomes.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    let rejected = ("STATUS_REJECTED".to_owned(), json!("REJECT_REASON_OUT_OF_STOCK"));
    assert_eq!(outcomes, [("STATUS_CONFIRMED".to_owned(), json!(wanted)), rejected]);
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [3, 2, 1, 0]);
    checker::settled(&world, &shop, &[one, other]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shops_units_are_its_own_business() {
    let world = World::shared().await;
    let (shop, other) = (world.shop(1, 2).await, world.shop(1, 1).await);
    let unit = format!("/v1/shops/{}/units/TW-00000001", shop.id);
    for stranger in [&other.staff, &other.manager] {
        let rest = world.rest(stranger);
        rest.get(&units_path(&shop)).await.refused(404, "NOT_FOUND");
        rest.get(&unit).await.refused(404, "NOT_FOUND");
        let list =
            ListUnitsRequest { shop_id: shop.id.clone(), phone_id: shop.phones[0].clone(), ..Default::default() };
        let refused = world.grpc(stranger).shop().list_units(list).await.expect_err("of another shop");
        assert_eq!(refused.code(), tonic::Code::NotFound);
    }
    let refused = withdraw(&world.grpc(&other.manager), &shop, serials([1])).await.expect_err("of another shop");
    assert_eq!(refused.code(), tonic::Code::NotFound);
    let customer = world.rest(&world.customer());
    customer.get(&unit).await.refused(403, "PERMISSION_DENIED");
    for status in ["RESERVED", "SOLD", "WITHDRAWN"] {
        customer.get(&format!("{}?status=STATUS_{status}", units_path(&shop))).await.refused(403, "PERMISSION_DENIED");
    }
    assert_eq!(stock(&world, &shop, &shop.phones[0]).await, [2, 2, 0, 0]);
}
