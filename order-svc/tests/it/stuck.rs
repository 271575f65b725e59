//! Orders that wait too long, and what an operator does about them.

use chassis::page::{Cursor, Page};
use order_svc::{
    app::{
        ports::{Booked, NoAnswer},
        resume_order::{Error, Outcome},
    },
    domain::{Order, RejectReason, Status, order::WaitsFor},
};
use time::Duration;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events::{self, reserved},
    world::{SHIP_REMINDER, STUCK_AFTER, World, operator},
};

async fn stuck(world: &World, waits_for: Option<WaitsFor>, size: i32) -> Vec<Uuid> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = Page::parse(size, &token, "f").expect("a page").of_uuids().expect("a page of orders");
        let mut orders: Vec<Order> = world.stuck().run(waits_for, &page).await.expect("orders");
        token = page.finish(&mut orders, "f", |order| Cursor::new(order.waits_since(), order.id));
        found.extend(orders.iter().map(|order| order.id));
        if token.is_empty() {
            return found;
        }
    }
}

async fn what_waits_too_long_is_listed_the_longest_waiting_first(on: On) {
    let world = World::open(on).await;
    let confirmed = world.confirmed().await.id;
    world.clock.pass(Duration::try_from(SHIP_REMINDER).expect("in range") - Duration::MINUTE);
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push((world.unbooked().await.id, WaitsFor::Booking));
        world.clock.pass(Duration::SECOND);
        waiting.push((world.placed().await.id, WaitsFor::Stock));
        world.clock.pass(Duration::SECOND);
    }
    assert_eq!(stuck(&world, None, 10).await, Vec::<Uuid>::new(), "not yet");
    world.clock.pass(Duration::MINUTE);
    assert_eq!(stuck(&world, None, 10).await, [confirmed]);
    world.clock.pass(Duration::try_from(STUCK_AFTER).expect("in range"));
    let fresh = world.unbooked().await.id;
    for size in [1, 2, 3, 10] {
        let all: Vec<_> = std::iter::once(confirmed).chain(waiting.iter().map(|(id, _)| *id)).collect();
        assert_eq!(stuck(&world, None, size).await, all, "{size} a page");
        for kind in [WaitsFor::Booking, WaitsFor::Stock] {
            let of_kind: Vec<_> = waiting.iter().filter(|(_, waits)| *waits == kind).map(|(id, _)| *id).collect();
            assert_eq!(stuck(&world, Some(kind), size).await, of_kind, "{size} a page");
        }
        assert_eq!(stuck(&world, Some(WaitsFor::Shipment), size).await, [confirmed]);
    }
    let counts = world.stuck().count().await.expect("counts");
    assert_eq!((counts.placed, counts.confirmed, counts.shipped), (7, 1, 0));
    assert_eq!(counts.bookings_outstanding, 4);
    assert_eq!((counts.stuck_for_booking, counts.stuck_for_stock, counts.stuck_for_shipment), (3, 3, 1));
    world.hear_delivery(events::started(confirmed, 9)).await;
    assert_eq!(stuck(&world, Some(WaitsFor::Shipment), 10).await, Vec::<Uuid>::new());
    assert_eq!(world.stuck().count().await.expect("counts").shipped, 1);
    assert!(!stuck(&world, None, 10).await.contains(&fresh));
}

async fn resume(world: &World, id: Uuid) -> (Outcome, Option<WaitsFor>) {
    let resumed = world.resume().run(&operator(), id, None).await.expect("resumed");
    assert_eq!(resumed.order, world.order(id).await);
    (resumed.outcome, resumed.order.waits_for())
}

async fn an_unbooked_order_is_booked_at_once_or_waits_on(on: On) {
    let world = World::open(on).await;
    let id = world.unbooked().await.id;
    world.bookings.answer([Err(NoAnswer::Unavailable), Ok(Booked::Mismatch), Ok(Booked::Yes)]);
    assert_eq!(resume(&world, id).await, (Outcome::Waiting, Some(WaitsFor::Booking)), "away");
    assert_eq!(resume(&world, id).await, (Outcome::Waiting, Some(WaitsFor::Booking)), "refused");
    assert_eq!(resume(&world, id).await, (Outcome::Advanced, Some(WaitsFor::Stock)), "though it was put off");
    assert_eq!(resume(&world, id).await, (Outcome::Waiting, Some(WaitsFor::Stock)));
    world.hear_stock(reserved(id, 1)).await;
    assert_eq!(resume(&world, id).await, (Outcome::Waiting, Some(WaitsFor::Shipment)));
    world.hear_delivery(events::started(id, 2)).await;
    assert_eq!(resume(&world, id).await, (Outcome::Final, None));
}

async fn what_is_booked_for_an_operator_is_confirmed_where_it_is_reserved(on: On) {
    let world = World::open(on).await;
    let id = world.unbooked().await.id;
    world.hear_stock(reserved(id, 1)).await;
    assert_eq!(resume(&world, id).await, (Outcome::Advanced, Some(WaitsFor::Shipment)));
    assert_eq!(world.order(id).await.status, Status::Confirmed);
}

async fn an_overdue_order_is_rejected_where_the_sweep_would(on: On) {
    let world = World::open(on).await;
    for unbooked in [false, true] {
        let id = if unbooked { world.unbooked().await.id } else { world.placed().await.id };
        if unbooked {
            world.bookings.answer([Err(NoAnswer::Unavailable)]);
        }
        let reserve_by = world.order(id).await.reserve_by;
        let early = world.resume().run(&operator(), id, Some(reserve_by)).await.expect("resumed").order;
        assert_eq!(early.status, Status::Placed);
        let calls = world.bookings.ids().len();
        world.clock.pass(Duration::hours(25) + Duration::SECOND);
        assert_eq!(resume(&world, id).await, (Outcome::Advanced, None));
        assert_eq!(world.order(id).await.status, Status::Rejected(RejectReason::Expired));
        assert_eq!(world.bookings.ids().len(), calls, "what is overdue is not booked any more");
    }
    assert_eq!(world.recipients().await, 0);
}

async fn the_callers_deadline_and_an_unknown_order_are_told(on: On) {
    let world = World::open(on).await;
    let absent = world.resume().run(&operator(), Uuid::from_u128(0xFF), None).await.expect_err("absent");
    assert!(matches!(absent, Error::NotFound), "{absent:?}");
    let id = world.unbooked().await.id;
    world.bookings.answer([Err(NoAnswer::DeadlineExceeded)]);
    let late = world.resume().run(&operator(), id, None).await.expect_err("late");
    assert!(matches!(late, Error::DeadlineExceeded), "{late:?}");
    assert!(world.order(id).await.booking_outstanding());
}

on_both! {
    what_waits_too_long_is_listed_the_longest_waiting_first,
    an_unbooked_order_is_booked_at_once_or_waits_on,
    what_is_booked_for_an_operator_is_confirmed_where_it_is_reserved,
    an_overdue_order_is_rejected_where_the_sweep_would,
    the_callers_deadline_and_an_unknown_order_are_told,
}
