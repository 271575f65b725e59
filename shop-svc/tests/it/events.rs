//! What orders do to stock, one event after another.

use chassis::{consumer::Failure, inbox::Event};
use proto::{
    actor::v1::{Actor, actor::Kind},
    order::v1 as order_v1,
    shop::v1::{self, reservation, shop_service_server::ShopService},
};
use time::Duration;
use uuid::Uuid;

use crate::{
    orders::{Step, event, order, wrap},
    world::{World, by, id, manager, on_both, operator, won},
};

on_both! {
    an_order_reserves_the_oldest_units_of_every_line,
    what_cannot_be_held_is_rejected_and_touches_no_stock,
    a_cancelled_orders_units_are_available_again_once,
    an_end_that_comes_first_leaves_a_tombstone,
    shipped_units_are_sold_once,
    what_is_reserved_keeps_its_price,
    a_shipment_waits_for_its_placement,
    an_impossible_order_of_events_is_a_fault_and_changes_nothing,
    an_event_that_makes_no_sense_is_refused,
    many_buyers_share_few_units,
}

fn shop_svc() -> Actor {
    Actor { kind: Kind::Service.into(), id: "shop-svc".to_owned() }
}

fn stock(available: i32, reserved: i32, sold: i32) -> v1::Stock {
    v1::Stock { registered: available + reserved + sold, available, reserved, sold, withdrawn: 0 }
}

/// The kinds of events written for an order, without their package.
async fn kinds(world: &World, order: &order_v1::Order) -> Vec<String> {
    let written = world.written_of(id(&order.order_id)).await;
    written.into_iter().map(|event| event.kind.replace("tword.shop.v1.", "")).collect()
}

async fn take_in(world: &World, order: &order_v1::Order, version: i64, step: Step) {
    world.take_in(&event(order, version, step)).await.expect("taken in");
}

async fn an_order_reserves_the_oldest_units_of_every_line(world: World) {
    let shop_id = world.shop().await;
    let (first, second) = (world.phone(shop_id, 100, 2).await, world.phone(shop_id, 7, 3).await);
    let placed = order(shop_id, &[(second, 2, Some(7)), (first, 1, None)]);
    take_in(&world, &placed, 1, Step::Placed).await;

    let event: v1::StockReserved = world.last().await.message();
    let reservation = event.reservation.expect("a reservation");
    assert_eq!((reservation.status(), reservation.version), (reservation::Status::Reserved, 1));
    assert_eq!((&reservation.order_id, id(&reservation.shop_id)), (&placed.order_id, shop_id));
    assert_eq!((reservation.total, event.actor), (Some(won(114)), Some(shop_svc())));
    let mut lines = [
        v1::ReservedLine {
            phone_id: first.to_string(),
            unit_price: Some(won(100)),
            serials: vec!["TW-00000001".to_owned()],
        },
        v1::ReservedLine {
            phone_id: second.to_string(),
            unit_price: Some(won(7)),
            serials: vec!["TW-00000003".to_owned(), "TW-00000004".to_owned()],
        },
    ];
    lines.sort_by(|one, other| one.phone_id.cmp(&other.phone_id));
    assert_eq!(reservation.lines, lines);
    assert_eq!(world.stock(shop_id, first).await, stock(1, 1, 0));
    assert_eq!(world.stock(shop_id, second).await, stock(1, 2, 0));
    world.check_invariants().await;
}

/// Places an order that must be rejected, and says why it was.
async fn rejected(world: &World, order: &order_v1::Order) -> reservation::RejectReason {
    take_in(world, order, 1, Step::Placed).await;
    let event: v1::StockRejected = world.last().await.message();
    let reservation = event.reservation.expect("a reservation");
    assert_eq!((&reservation.order_id, reservation.version), (&order.order_id, 1));
    assert_eq!((reservation.status(), event.actor), (reservation::Status::Rejected, Some(shop_svc())));
    assert_eq!((reservation.lines.len(), &reservation.total), (0, &None));
    reservation.reject_reason()
}

async fn what_cannot_be_held_is_rejected_and_touches_no_stock(world: World) {
    use reservation::RejectReason as Reason;
    let (shop_id, other) = (world.shop().await, world.shop().await);
    let (phone_id, scarce) = (world.phone(shop_id, 100, 5).await, world.phone(shop_id, 100, 1).await);
    let elsewhere = world.phone(other, 100, 5).await;
    for (order, reason) in [
        (order(Uuid::now_v7(), &[(phone_id, 1, None)]), Reason::UnknownShop),
        (order(shop_id, &[(phone_id, 1, None), (elsewhere, 1, None)]), Reason::UnknownPhone),
        (order(shop_id, &[(phone_id, 5, None), (scarce, 2, None)]), Reason::OutOfStock),
        (order(shop_id, &[(phone_id, 1, Some(99))]), Reason::PriceChanged),
    ] {
        assert_eq!(rejected(&world, &order).await, reason);
    }
    let close = v1::CloseShopRequest { shop_id: shop_id.to_string() };
    world.api.close_shop(by(&operator(), close)).await.expect("closed");
    assert_eq!(rejected(&world, &order(shop_id, &[(phone_id, 1, None)])).await, Reason::ShopClosed);
    world.clock.advance(Duration::DAY + Duration::MICROSECOND);
    assert_eq!(rejected(&world, &order(shop_id, &[(phone_id, 1, None)])).await, Reason::Expired);
    assert_eq!(world.stock(shop_id, phone_id).await, stock(5, 0, 0));
    assert_eq!(world.stock(other, elsewhere).await, stock(5, 0, 0));
    world.check_invariants().await;
}

async fn a_cancelled_orders_units_are_available_again_once(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 2).await;
    let placed = order(shop_id, &[(phone_id, 2, None)]);
    take_in(&world, &placed, 1, Step::Placed).await;
    let reserved: v1::StockReserved = world.last().await.message();
    take_in(&world, &placed, 2, Step::Confirmed).await;
    take_in(&world, &placed, 3, Step::Cancelled).await;

    let event: v1::StockReleased = world.last().await.message();
    let (released, reserved) =
        (event.reservation.expect("a reservation"), reserved.reservation.expect("a reservation"));
    assert_eq!((released.status(), released.version), (reservation::Status::Released, 2));
    assert_eq!((&released.lines, &released.total), (&reserved.lines, &reserved.total), "the lines say what was freed");
    assert_eq!(event.actor, Some(shop_svc()));
    assert_eq!(world.stock(shop_id, phone_id).await, stock(2, 0, 0));

    let next = order(shop_id, &[(phone_id, 2, None)]);
    take_in(&world, &next, 1, Step::Placed).await;
    take_in(&world, &placed, 3, Step::Cancelled).await;
    assert_eq!(kinds(&world, &placed).await, ["StockReserved", "StockReleased"]);
    assert_eq!(world.stock(shop_id, phone_id).await, stock(0, 2, 0), "another order's units stay held");
    world.check_invariants().await;
}

async fn an_end_that_comes_first_leaves_a_tombstone(world: World) {
    for step in [Step::Cancelled, Step::Rejected] {
        let shop_id = world.shop().await;
        let phone_id = world.phone(shop_id, 10, 2).await;
        let placed = order(shop_id, &[(phone_id, 2, None)]);
        take_in(&world, &placed, 2, step).await;
        let event: v1::StockReleased = world.last().await.message();
        let tombstone = event.reservation.expect("a reservation");
        assert_eq!((tombstone.status(), tombstone.version), (reservation::Status::Released, 1));
        assert_eq!((tombstone.lines.len(), tombstone.total), (0, None));

        take_in(&world, &placed, 1, Step::Placed).await;
        assert_eq!(kinds(&world, &placed).await, ["StockReleased"]);
        assert_eq!(world.stock(shop_id, phone_id).await, stock(2, 0, 0));
        world.check_invariants().await;
    }
}

async fn shipped_units_are_sold_once(world: World) {
    for steps in [&[Step::Shipped, Step::Delivered][..], &[Step::Delivered, Step::Shipped], &[Step::Delivered]] {
        let shop_id = world.shop().await;
        let phone_id = world.phone(shop_id, 10, 3).await;
        let placed = order(shop_id, &[(phone_id, 2, None)]);
        take_in(&world, &placed, 1, Step::Placed).await;
        for step in steps {
            take_in(&world, &placed, if *step == Step::Shipped { 3 } else { 4 }, *step).await;
        }
        assert_eq!(kinds(&world, &placed).await, ["StockReserved", "UnitsSold"]);
        let event: v1::UnitsSold = world.last().await.message();
        let sold = event.reservation.expect("a reservation");
        assert_eq!((sold.status(), sold.version, sold.total), (reservation::Status::Sold, 2, Some(won(20))));
        assert_eq!(sold.lines[0].serials, ["TW-00000001", "TW-00000002"]);
        assert_eq!(world.stock(shop_id, phone_id).await, stock(1, 0, 2));
        world.check_invariants().await;
    }
}

async fn what_is_reserved_keeps_its_price(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 1).await;
    let placed = order(shop_id, &[(phone_id, 1, None)]);
    take_in(&world, &placed, 1, Step::Placed).await;
    let (shop_id, phone_id) = (shop_id.to_string(), phone_id.to_string());
    let boss = manager(id(&shop_id));
    let update = v1::UpdatePhoneRequest { shop_id, phone_id, display_name: None, unit_price: Some(won(99)) };
    world.api.update_phone(by(&boss, update)).await.expect("corrected");
    take_in(&world, &placed, 3, Step::Shipped).await;
    let event: v1::UnitsSold = world.last().await.message();
    assert_eq!(event.reservation.expect("a reservation").total, Some(won(10)));
}

async fn a_shipment_waits_for_its_placement(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 1).await;
    let placed = order(shop_id, &[(phone_id, 1, None)]);
    let shipped = event(&placed, 3, Step::Shipped);
    assert!(matches!(world.take_in(&shipped).await, Err(Failure::Early(_))));
    take_in(&world, &placed, 1, Step::Placed).await;
    world.take_in(&shipped).await.expect("sold");
    assert_eq!(world.stock(shop_id, phone_id).await, stock(0, 0, 1));
}

async fn an_impossible_order_of_events_is_a_fault_and_changes_nothing(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 2).await;
    let (cancelled, shipped) = (order(shop_id, &[(phone_id, 1, None)]), order(shop_id, &[(phone_id, 1, None)]));
    take_in(&world, &cancelled, 2, Step::Cancelled).await;
    take_in(&world, &shipped, 1, Step::Placed).await;
    take_in(&world, &shipped, 3, Step::Shipped).await;
    let before = world.written().await.len();
    assert!(matches!(world.take_in(&event(&cancelled, 3, Step::Shipped)).await, Err(Failure::Fault(_))));
    assert!(matches!(world.take_in(&event(&shipped, 4, Step::Cancelled)).await, Err(Failure::Fault(_))));
    assert_eq!(world.written().await.len(), before);
    world.check_invariants().await;
}

async fn an_event_that_makes_no_sense_is_refused(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 1).await;
    let placed = order(shop_id, &[(phone_id, 1, None)]);
    let garbled = Event { body: vec![0xff, 0xff].into(), ..event(&placed, 1, Step::Placed) };
    assert!(matches!(world.take_in(&garbled).await, Err(Failure::Undecodable(_))));
    let of_another = Event { aggregate_id: Uuid::now_v7(), ..event(&placed, 1, Step::Placed) };
    assert!(matches!(world.take_in(&of_another).await, Err(Failure::Fault(_))));
    let breaks: [fn(&mut order_v1::Order); 6] = [
        |order| order.lines.clear(),
        |order| order.lines[0].quantity = -1,
        |order| order.lines[0].quantity = 101,
        |order| order.lines.push(order.lines[0].clone()),
        |order| order.shop_id.clear(),
        |order| order.reserve_by = None,
    ];
    for spoil in breaks {
        let mut spoilt = placed.clone();
        spoil(&mut spoilt);
        assert!(matches!(world.take_in(&event(&spoilt, 1, Step::Placed)).await, Err(Failure::Fault(_))));
    }
    let empty = wrap(Some(&placed), &order_v1::OrderPlaced { order: None, actor: None });
    assert!(matches!(world.take_in(&empty).await, Err(Failure::Fault(_))));
    let unknown = Event { kind: "tword.order.v1.OrderPainted".to_owned(), ..empty };
    world.take_in(&unknown).await.expect("of no interest");
    assert_eq!(world.stock(shop_id, phone_id).await, stock(1, 0, 0));
    assert!(kinds(&world, &placed).await.is_empty());
}

async fn many_buyers_share_few_units(world: World) {
    let shop_id = world.shop().await;
    let phone_id = world.phone(shop_id, 10, 10).await;
    let events: Vec<_> = (0..100).map(|_| event(&order(shop_id, &[(phone_id, 1, None)]), 1, Step::Placed)).collect();
    let taken = futures::future::join_all(events.iter().map(|event| world.take_in(event))).await;
    assert!(taken.into_iter().all(|outcome| outcome.is_ok()));
    let written = world.written().await;
    let count = |kind: &str| written.iter().filter(|event| event.kind.ends_with(kind)).count();
    assert_eq!((count("StockReserved"), count("StockRejected")), (10, 90));
    assert_eq!(world.stock(shop_id, phone_id).await, stock(0, 10, 0));
    world.check_invariants().await;
}
