//! Units through the API: withdrawn, chosen from, looked up with their histories, asked for by orders.

use chassis::consumer::Failure;
use proto::{
    actor::v1::{Actor, actor::Kind},
    order::v1 as order_v1,
    shop::v1::{
        self, reservation::RejectReason, shop_order, shop_service_server::ShopService, unit::Status as Standing,
        unit_event,
    },
};
use time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::{
    orders::{Step, asking, event, order},
    world::{World, by, customer, fields, id, manager, on_both, operator, person, reason, staff},
};

on_both! {
    units_are_withdrawn_with_one_event,
    units_that_are_not_available_are_named_and_none_is_withdrawn,
    a_refusal_names_a_hundred_units_and_fits_into_a_header,
    wrong_withdrawals_are_refused,
    customers_choose_from_the_serials_of_available_units,
    units_are_listed_by_age_though_the_clock_goes_back,
    a_units_whole_history_is_read_page_by_page,
    wrong_units_are_refused,
    an_order_gets_the_very_units_that_it_asks_for_or_none,
    an_order_that_asks_for_other_units_than_its_quantity_is_at_fault,
    a_withdrawal_and_an_order_never_get_the_same_unit,
}

fn texts(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("TW-{number:08}")).collect()
}

async fn withdraw(world: &World, shop_id: Uuid, phone_id: Uuid, serials: Vec<String>) -> Result<v1::Phone, Status> {
    let request = v1::WithdrawUnitsRequest { shop_id: shop_id.to_string(), phone_id: phone_id.to_string(), serials };
    let answer = world.api.withdraw_units(by(&manager(shop_id), request)).await?;
    Ok(answer.into_inner().phone.expect("a phone"))
}

/// What a refusal names: its reason, and each of its facts.
fn named<const N: usize>(refused: &Status, facts: [&str; N]) -> (String, [String; N]) {
    let info = refused.get_details_error_info().expect("an ErrorInfo");
    (info.reason, facts.map(|fact| info.metadata.get(fact).cloned().unwrap_or_default()))
}

async fn unit(world: &World, shop_id: Uuid, serial: &str) -> v1::GetUnitResponse {
    let request = v1::GetUnitRequest { shop_id: shop_id.to_string(), serial: serial.to_owned(), ..Default::default() };
    world.api.get_unit(by(&staff(shop_id), request)).await.expect("a unit").into_inner()
}

async fn take_in(world: &World, order: &order_v1::Order, version: i64, step: Step) {
    world.take_in(&event(order, version, step)).await.expect("taken in");
}

async fn units_are_withdrawn_with_one_event(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 3).await;
    let phone = withdraw(&world, shop_id, phone_id, texts([3, 1])).await.expect("withdrawn");
    let stock = v1::Stock { registered: 3, available: 1, reserved: 0, sold: 0, withdrawn: 2 };
    assert_eq!((phone.version, phone.stock), (2, Some(stock)));
    let told: v1::UnitsWithdrawn = world.last().await.message();
    assert_eq!(
        (told.serials, told.actor),
        (texts([3, 1]), Some(Actor { kind: Kind::Manager.into(), id: "boss".into() }))
    );
    assert_eq!(told.phone, Some(v1::Phone { stock: None, ..phone }));
    take_in(&world, &order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed).await;
    assert_eq!(
        world.last().await.message::<v1::StockReserved>().reservation.expect("one").lines[0].serials,
        texts([2])
    );
    take_in(&world, &order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed).await;
    let rejected: v1::StockRejected = world.last().await.message();
    assert_eq!(rejected.reservation.expect("one").reject_reason(), RejectReason::OutOfStock);
    world.check_invariants().await;
}

async fn units_that_are_not_available_are_named_and_none_is_withdrawn(world: World) {
    let shop_id = world.shop().await;
    let (phone_id, other) = (world.phone(shop_id, 1, 4).await, world.phone(shop_id, 1, 1).await);
    let shipped = order(shop_id, &[(phone_id, 1, None)]);
    take_in(&world, &shipped, 1, Step::Placed).await;
    take_in(&world, &shipped, 3, Step::Shipped).await;
    take_in(&world, &order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed).await;
    withdraw(&world, shop_id, phone_id, texts([3])).await.expect("withdrawn");
    let before = world.written().await.len();
    let refused = withdraw(&world, shop_id, phone_id, texts([4, 3, 2, 1])).await.expect_err("refused");
    let facts = ["reserved", "sold", "withdrawn", "count"];
    let expected = ["TW-00000002", "TW-00000001", "TW-00000003", "3"].map(str::to_owned);
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(named(&refused, facts), ("UNITS_NOT_AVAILABLE".to_owned(), expected));
    // Another phone's unit is none of this phone's, whatever else is wrong.
    let refused = withdraw(&world, shop_id, phone_id, texts([5, 2, 9])).await.expect_err("refused");
    let expected = ["TW-00000005,TW-00000009", "2"].map(str::to_owned);
    assert_eq!((refused.code(), refused.message()), (Code::NotFound, "unit was not found"));
    assert_eq!(named(&refused, ["serials", "count"]), ("NOT_FOUND".to_owned(), expected));
    assert_eq!(world.written().await.len(), before);
    assert_eq!(world.stock(shop_id, phone_id).await.available, 1);
    assert_eq!(world.stock(shop_id, other).await.available, 1);
    world.check_invariants().await;
}

async fn a_refusal_names_a_hundred_units_and_fits_into_a_header(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 10_000).await;
    withdraw(&world, shop_id, phone_id, texts(1..=10_000)).await.expect("withdrawn in one call");
    assert_eq!(world.stock(shop_id, phone_id).await.withdrawn, 10_000);
    for (serials, fact) in [(texts(1..=10_000), "withdrawn"), (texts(20_001..=30_000), "serials")] {
        let refused = withdraw(&world, shop_id, phone_id, serials).await.expect_err("refused");
        let (_, [first, count]) = named(&refused, [fact, "count"]);
        assert_eq!((first.split(',').count(), count.as_str()), (100, "10000"));
        assert!(refused.details().len() < 8_000, "{} bytes fit into a header", refused.details().len());
    }
    world.check_invariants().await;
}

async fn wrong_withdrawals_are_refused(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 1).await;
    let wrong = |serials: &[&str]| serials.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for (serials, expected) in [
        (Vec::new(), &["serials"][..]),
        (texts(0..10_001), &["serials"]),
        (wrong(&["tw-1", "SN-1", "SN-1", ""]), &["serials[0]", "serials[2]", "serials[3]"]),
    ] {
        assert_eq!(fields(&withdraw(&world, shop_id, phone_id, serials).await.expect_err("refused")), expected);
    }
    let request =
        v1::WithdrawUnitsRequest { shop_id: "x".to_owned(), phone_id: String::new(), serials: vec![String::new(); 30] };
    let refused = world.api.withdraw_units(by(&manager(shop_id), request)).await.expect_err("refused");
    let named = fields(&refused);
    assert_eq!(
        (named.len(), &named[..2], named[22].as_str()),
        (23, &["shop_id", "phone_id"].map(str::to_owned)[..], "serials")
    );
    assert_eq!(world.stock(shop_id, phone_id).await.available, 1);
}

async fn customers_choose_from_the_serials_of_available_units(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 5).await;
    take_in(&world, &order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed).await;
    withdraw(&world, shop_id, phone_id, texts([4])).await.expect("withdrawn");
    let list = |status: Standing, page_token: String| v1::ListUnitsRequest {
        shop_id: shop_id.to_string(),
        phone_id: phone_id.to_string(),
        status: status.into(),
        page_size: 2,
        page_token,
    };
    for caller in [customer(), person("kim", &["customer", "staff"], Some(Uuid::now_v7()))] {
        for status in [Standing::Unspecified, Standing::Available] {
            let request = list(status, String::new());
            let page = world.api.list_units(by(&caller, request)).await.expect("units").into_inner();
            let shown = |serial: String| v1::Unit {
                serial,
                phone_id: phone_id.to_string(),
                status: Standing::Available.into(),
                order_id: String::new(),
                create_time: None,
            };
            assert_eq!(page.units, texts([2, 3]).into_iter().map(shown).collect::<Vec<_>>());
            let rest = list(status, page.next_page_token);
            let rest = world.api.list_units(by(&caller, rest)).await.expect("units").into_inner();
            assert_eq!(rest.units.into_iter().map(|unit| unit.serial).collect::<Vec<_>>(), texts([5]));
        }
        for status in [Standing::Reserved, Standing::Sold, Standing::Withdrawn] {
            let refused = world.api.list_units(by(&caller, list(status, String::new()))).await.expect_err("refused");
            assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "PERMISSION_DENIED"));
        }
    }
    let page = world.api.list_units(by(&staff(shop_id), list(Standing::Withdrawn, String::new()))).await;
    let seen = page.expect("units").into_inner().units.remove(0);
    assert!(seen.create_time.is_some() && seen.serial == "TW-00000004", "{seen:?}");
}

async fn units_are_listed_by_age_though_the_clock_goes_back(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 1).await;
    for hours in [2, -5, 4] {
        world.clock.advance(Duration::hours(hours));
        let units = Some(crate::world::quantity(1));
        let request = v1::AddUnitsRequest { shop_id: shop_id.to_string(), phone_id: phone_id.to_string(), units };
        world.api.add_units(by(&manager(shop_id), request)).await.expect("added");
    }
    let request =
        v1::ListUnitsRequest { shop_id: shop_id.to_string(), phone_id: phone_id.to_string(), ..Default::default() };
    let units = world.api.list_units(by(&operator(), request)).await.expect("units").into_inner().units;
    let times: Vec<_> = units.iter().map(|unit| unit.create_time.expect("a time").seconds).collect();
    assert!(times.is_sorted() && times.len() == 4, "{times:?}");
    assert_eq!(units.into_iter().map(|unit| unit.serial).collect::<Vec<_>>(), texts(1..=4));
}

async fn a_units_whole_history_is_read_page_by_page(world: World) {
    use unit_event::Kind::{Registered, Released, Reserved, Sold};
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 1).await;
    let [first, second] = [0, 1].map(|_| order(shop_id, &[(phone_id, 1, None)]));
    world.clock.advance(Duration::HOUR);
    take_in(&world, &first, 1, Step::Placed).await;
    take_in(&world, &first, 2, Step::Cancelled).await;
    take_in(&world, &second, 1, Step::Placed).await;
    take_in(&world, &second, 3, Step::Shipped).await;

    let mut request = v1::GetUnitRequest {
        shop_id: shop_id.to_string(),
        serial: "TW-00000001".to_owned(),
        page_size: 2,
        page_token: String::new(),
    };
    let mut events = Vec::new();
    for pages_left in [true, true, false] {
        let page = world.api.get_unit(by(&operator(), request.clone())).await.expect("a unit").into_inner();
        let unit = page.unit.expect("the unit");
        assert_eq!((unit.status(), &unit.order_id), (Standing::Sold, &second.order_id), "as it is now");
        events.extend(page.events);
        assert_eq!(!page.next_page_token.is_empty(), pages_left);
        request.page_token = page.next_page_token;
    }
    let told: Vec<_> = events.iter().map(|event| (event.kind(), event.order_id.as_str())).collect();
    let (one, two) = (first.order_id.as_str(), second.order_id.as_str());
    assert_eq!(told, [(Registered, ""), (Reserved, one), (Released, one), (Reserved, two), (Sold, two)]);
    let actors: Vec<_> = events.iter().map(|event| event.actor.clone().expect("an actor").id).collect();
    assert_eq!(actors, ["boss", "shop-svc", "shop-svc", "shop-svc", "shop-svc"]);
    let times: Vec<_> = events.iter().map(|event| event.event_time.expect("a time").seconds).collect();
    assert_eq!(times.iter().map(|time| time - times[0]).collect::<Vec<_>>(), [0, 3_600, 3_600, 3_600, 3_600]);
}

async fn wrong_units_are_refused(world: World) {
    let shop_id = world.shop().await;
    world.phone(shop_id, 1, 2).await;
    let get = |shop_id: String, serial: &str, page_size, page_token: &str| {
        let request = v1::GetUnitRequest { shop_id, serial: serial.into(), page_size, page_token: page_token.into() };
        world.api.get_unit(by(&operator(), request))
    };
    let refused = get("x".to_owned(), "tw", -1, "").await.expect_err("refused");
    assert_eq!(fields(&refused), ["shop_id", "serial", "page_size"]);
    for missing in [get(shop_id.to_string(), "SN-1", 0, ""), get(Uuid::now_v7().to_string(), "TW-00000001", 0, "")] {
        assert_eq!(reason(&missing.await.expect_err("refused")), "NOT_FOUND");
    }
    let placed = order(shop_id, &[(Uuid::now_v7(), 1, None)]);
    take_in(&world, &placed, 1, Step::Placed).await;
    for token in ["AAAA", "@@"] {
        let refused = get(shop_id.to_string(), "TW-00000001", 0, token).await.expect_err("refused");
        assert_eq!(reason(&refused), "INVALID_PAGE_TOKEN");
    }
}

async fn an_order_gets_the_very_units_that_it_asks_for_or_none(world: World) {
    let shop_id = world.shop().await;
    let (phone_id, other) = (world.phone(shop_id, 1, 4).await, world.phone(shop_id, 1, 1).await);
    let chosen = asking(order(shop_id, &[(phone_id, 2, None), (other, 1, None)]), phone_id, &texts([4, 2]));
    take_in(&world, &chosen, 1, Step::Placed).await;
    let reserved = world.last().await.message::<v1::StockReserved>().reservation.expect("a reservation");
    let line = reserved.lines.iter().find(|line| line.phone_id == phone_id.to_string()).expect("a line");
    assert_eq!(line.serials, texts([2, 4]));
    let request = v1::ListShopOrdersRequest { shop_id: shop_id.to_string(), ..Default::default() };
    let listed = world.api.list_shop_orders(by(&staff(shop_id), request)).await.expect("orders").into_inner().orders;
    assert_eq!(listed[0].status(), shop_order::Status::Placed);
    let asked: Vec<_> =
        listed[0].lines.iter().map(|line| (id(&line.phone_id), line.requested_serials.clone())).collect();
    assert!(asked.contains(&(phone_id, texts([4, 2]))) && asked.contains(&(other, Vec::new())), "{asked:?}");

    // Held by an order, of another phone, of none.
    for wrong in [[1, 4], [1, 5], [1, 9]] {
        let order = asking(order(shop_id, &[(phone_id, 2, None)]), phone_id, &texts(wrong));
        take_in(&world, &order, 1, Step::Placed).await;
        let rejected = world.last().await.message::<v1::StockRejected>().reservation.expect("a reservation");
        assert_eq!((rejected.reject_reason(), rejected.lines.len()), (RejectReason::OutOfStock, 0));
    }
    assert_eq!(unit(&world, shop_id, "TW-00000001").await.events.len(), 1, "it was not touched");
    take_in(&world, &chosen, 2, Step::Cancelled).await;
    let again = asking(order(shop_id, &[(phone_id, 2, None)]), phone_id, &texts([4, 1]));
    take_in(&world, &again, 1, Step::Placed).await;
    assert_eq!(unit(&world, shop_id, "TW-00000004").await.unit.expect("it").order_id, again.order_id);
    world.check_invariants().await;
}

async fn an_order_that_asks_for_other_units_than_its_quantity_is_at_fault(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 4).await;
    let before = world.written().await.len();
    for wrong in [texts([1]), texts([1, 1]), texts([1, 2, 3]), vec!["a".to_owned(), "b".to_owned()]] {
        let placed = asking(order(shop_id, &[(phone_id, 2, None)]), phone_id, &wrong);
        let outcome = world.take_in(&event(&placed, 1, Step::Placed)).await;
        assert!(matches!(outcome, Err(Failure::Fault(_))), "{wrong:?}");
    }
    assert_eq!(world.written().await.len(), before);
}

/// Withdrawals and orders at once: each unit goes one way.
async fn a_withdrawal_and_an_order_never_get_the_same_unit(world: World) {
    let world = std::sync::Arc::new(world);
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 1, 20).await;
    let withdrawals = (1..=20).map(|number| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { withdraw(&world, shop_id, phone_id, texts([number])).await.is_ok() })
    });
    let orders = (1..=20).map(|number| {
        let world = std::sync::Arc::clone(&world);
        let placed = asking(order(shop_id, &[(phone_id, 1, None)]), phone_id, &texts([number]));
        tokio::spawn(async move {
            take_in(&world, &placed, 1, Step::Placed).await;
            !world.written_of(id(&placed.order_id)).await[0].kind.ends_with("StockRejected")
        })
    });
    let (mut withdrawn, mut reserved) = (0, 0);
    let tasks: Vec<_> = withdrawals.zip(orders).collect();
    for (withdrawal, order) in tasks {
        let (one, other) = (withdrawal.await.expect("ran"), order.await.expect("ran"));
        assert!(one != other, "exactly one gets it");
        withdrawn += i32::from(one);
        reserved += i32::from(other);
    }
    let stock = world.stock(shop_id, phone_id).await;
    assert_eq!((stock.withdrawn, stock.reserved, stock.available, withdrawn + reserved), (withdrawn, reserved, 0, 20));
    world.check_invariants().await;
}
