//! Old bookings that no order has claimed.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use delivery_svc::{
    app::{
        Claims,
        follow_order::Report,
        ports::{Resolution, Unresolved},
        void_bookings::{Error, Swept, VoidBookings},
    },
    domain::{
        actor::{Actor, Role},
        delivery::{State, Status},
        follow::Standing,
    },
};
use proto::order::v1::order;
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    samples::{CUSTOMER, SHOP, book_command, cancellation, order_event},
    world::World,
};

const VOID_AFTER: Duration = Duration::from_mins(1);

/// Answers as told, and remembers what it was asked.
struct FakeClaims {
    answer: Box<dyn Fn(Uuid) -> Option<Resolution> + Send + Sync>,
    away: Mutex<bool>,
    asked: Mutex<Vec<Vec<Uuid>>>,
}

impl FakeClaims {
    fn new(answer: impl Fn(Uuid) -> Option<Resolution> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { answer: Box::new(answer), away: Mutex::new(false), asked: Mutex::default() })
    }

    fn asked(&self) -> Vec<Vec<Uuid>> {
        std::mem::take(&mut self.asked.lock().expect("unpoisoned"))
    }
}

#[async_trait]
impl Claims for FakeClaims {
    async fn resolve(&self, ids: &[Uuid]) -> Result<Vec<Resolution>, Unresolved> {
        self.asked.lock().expect("unpoisoned").push(ids.to_vec());
        if *self.away.lock().expect("unpoisoned") {
            return Err(Unresolved("away".into()));
        }
        Ok(ids.iter().filter_map(|id| (self.answer)(*id)).collect())
    }
}

fn claimed(id: Uuid, standing: Standing) -> Resolution {
    let (shop_id, customer_id, actor) = (SHOP, CUSTOMER.into(), Actor::service("order-svc"));
    Resolution::Claimed(Report { order_id: id, shop_id, customer_id, order_time: None, standing, actor })
}

fn sweep(world: &World, claims: &Arc<FakeClaims>) -> VoidBookings {
    VoidBookings::new(world.store.clone(), claims.clone(), world.clock.clone(), VOID_AFTER)
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

async fn only_old_unclaimed_bookings_are_asked_for(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| Some(Resolution::Void(id)));
    for number in 1..=3 {
        world.booked(id(number)).await;
    }
    world.take_in(&order_event(id(1), order::Status::Placed)).await.expect("taken in");
    world.take_in(&order_event(id(2), order::Status::Confirmed)).await.expect("taken in");
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept::default());
    assert_eq!(claims.asked(), Vec::<Vec<Uuid>>::new());

    world.clock.pass(time::Duration::seconds(61));
    world.booked(id(4)).await;
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept { claimed: 0, voided: 1 });
    assert_eq!(claims.asked(), [[id(3)]]);
}

async fn a_void_booking_is_cancelled_by_this_service_once(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| Some(Resolution::Void(id)));
    world.booked(id(1)).await;
    world.clock.pass(time::Duration::seconds(61));
    for _ in 0..3 {
        sweep(&world, &claims).run().await.expect("swept");
    }
    let State::Cancelled(cancellation) = world.delivery(id(1)).await.state else { panic!("not cancelled") };
    assert_eq!(cancellation.by, Actor { role: Role::Service, id: "delivery-svc".into() });
    assert!(!cancellation.reason.is_empty());
    assert_eq!(world.kinds(id(1)).await, ["Booked", "Cancelled"]);
    assert_eq!(claims.asked().len(), 1);
    let met = world.book().run(book_command(id(1))).await.expect("answered as it is");
    assert_eq!(met.state.status(), Status::Cancelled);
}

async fn a_claimed_booking_follows_its_order_and_is_asked_for_no_more(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| {
        let standing = match id.as_u128() {
            1 => Standing::Placed,
            2 => Standing::Confirmed,
            _ => Standing::Ended(cancellation("changed my mind")),
        };
        Some(claimed(id, standing))
    });
    for number in 1..=3 {
        world.booked(id(number)).await;
    }
    world.clock.pass(time::Duration::seconds(61));
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept { claimed: 3, voided: 0 });
    assert_eq!(world.delivery(id(1)).await.state, State::Booked { claimed: true });
    assert_eq!(world.delivery(id(2)).await.state, State::Ready);
    assert_eq!(world.delivery(id(3)).await.state, State::Cancelled(cancellation("changed my mind")));
    assert_eq!(world.kinds(id(1)).await, ["Booked"]);

    claims.asked();
    sweep(&world, &claims).run().await.expect("swept");
    assert_eq!(claims.asked(), Vec::<Vec<Uuid>>::new());
}

async fn while_order_svc_is_away_nothing_changes_and_the_next_sweep_asks_again(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| Some(Resolution::Void(id)));
    let before = world.booked(id(1)).await;
    world.clock.pass(time::Duration::seconds(61));
    *claims.away.lock().expect("unpoisoned") = true;
    let error = sweep(&world, &claims).run().await.expect_err("away");
    assert!(matches!(error, Error::Unresolved(_)), "{error}");
    assert_eq!(world.delivery(id(1)).await, before);

    *claims.away.lock().expect("unpoisoned") = false;
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept::default(), "they may be asked for just now");
    world.clock.pass(time::Duration::seconds(4));
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept { claimed: 0, voided: 1 });
    assert_eq!(claims.asked(), [[id(1)], [id(1)]]);
}

async fn many_bookings_are_asked_for_in_batches(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| Some(Resolution::Void(id)));
    for number in 1..=450 {
        world.booked(id(number)).await;
    }
    world.clock.pass(time::Duration::seconds(61));
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept { claimed: 0, voided: 450 });
    let sizes: Vec<usize> = claims.asked().iter().map(Vec::len).collect();
    assert_eq!(sizes, [200, 200, 50]);
}

async fn a_booking_without_an_answer_keeps_no_other_from_being_settled(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| (id.as_u128() > 200).then_some(Resolution::Void(id)));
    for number in 1..=210 {
        world.booked(id(number)).await;
    }
    world.clock.pass(time::Duration::seconds(61));
    assert_eq!(sweep(&world, &claims).run().await.expect("swept"), Swept { claimed: 0, voided: 10 });
    assert_eq!(world.delivery(id(1)).await.state, State::Booked { claimed: false });
}

/// Says that everything is void, after an order's event has come in.
struct LateClaims(Arc<World>);

#[async_trait]
impl Claims for LateClaims {
    async fn resolve(&self, ids: &[Uuid]) -> Result<Vec<Resolution>, Unresolved> {
        for id in ids {
            self.0.take_in(&order_event(*id, order::Status::Confirmed)).await.expect("taken in");
        }
        Ok(ids.iter().copied().map(Resolution::Void).collect())
    }
}

async fn a_void_never_cancels_what_an_order_stands_behind(on: On) {
    let world = Arc::new(World::open(on).await);
    world.booked(id(1)).await;
    world.clock.pass(time::Duration::seconds(61));
    let claims = Arc::new(LateClaims(Arc::clone(&world)));
    let sweep = VoidBookings::new(world.store.clone(), claims, world.clock.clone(), VOID_AFTER);
    assert_eq!(sweep.run().await.expect("swept"), Swept::default());
    assert_eq!(world.delivery(id(1)).await.state, State::Ready);
}

async fn a_void_booking_of_an_erased_customer_is_cleared(on: On) {
    let world = World::open(on).await;
    let claims = FakeClaims::new(|id| Some(Resolution::Void(id)));
    world.booked(id(1)).await;
    world.erased().await;
    world.clock.pass(time::Duration::seconds(61));
    sweep(&world, &claims).run().await.expect("swept");
    assert_eq!(world.find(id(1)).await.expect("a delivery").recipient, None);
    assert_eq!(world.kinds(id(1)).await, ["Booked", "Cancelled", "Updated"]);
}

on_both! {
    only_old_unclaimed_bookings_are_asked_for,
    a_void_booking_is_cancelled_by_this_service_once,
    a_claimed_booking_follows_its_order_and_is_asked_for_no_more,
    while_order_svc_is_away_nothing_changes_and_the_next_sweep_asks_again,
    many_bookings_are_asked_for_in_batches,
    a_booking_without_an_answer_keeps_no_other_from_being_settled,
    a_void_never_cancels_what_an_order_stands_behind,
    a_void_booking_of_an_erased_customer_is_cleared,
}
