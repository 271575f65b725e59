//! Orders in a database that was restored: what their own events tell is as it was, and what they do not is told.

use chassis::{
    consumer::{Failure, Taken},
    idempotency::Keyed,
    inbox::Event,
    page::Page,
    recovery::{Loss, Standing, TakeBack},
};
use order_svc::{
    adapters::own_events::OwnEvents,
    app::{
        cancel_order,
        place_order::{Command, Error, Fallback},
        ports::{Booked, Claim, HistoryEntry, NoAnswer},
    },
    domain::{Money, NewLine, NewOrder, Order, Status, booking::State},
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    database::{On, on_both},
    events,
    world::{CUSTOMER, PHONE, World, as_customer, command, customer, key, new_order},
};

/// Everything of an order that its events tell.
type Known = (Order, Vec<HistoryEntry>, Option<Claim>);

async fn known(world: &World, ids: &[Uuid]) -> Vec<Known> {
    let page = Page { after: None, size: 50 };
    let mut known = Vec::new();
    for id in ids {
        let history = world.read.history(*id, &page).await.expect("the store");
        known.push((world.order(*id).await, history, world.read.claim(*id).await.expect("the store")));
    }
    known
}

/// What a world told, from the event number `first` on.
async fn told(world: &World, first: usize) -> Vec<Event> {
    let events = world.kept.own_events().await.into_iter().zip(1..).skip(first);
    let event = |((id, kind, aggregate_id, body), sequence): ((Uuid, String, Uuid, Vec<u8>), i64)| Event {
        id,
        producer: "order".to_owned(),
        epoch: Uuid::from_u128(1),
        sequence,
        kind,
        aggregate_id,
        time: OffsetDateTime::UNIX_EPOCH,
        traceparent: None,
        body: body.into(),
    };
    events.map(event).collect()
}

/// Takes events back as `recover` does.
async fn take_back(world: &World, events: &[Event]) -> Vec<String> {
    let events = events.to_vec();
    let unit = world.store.run(move |tx| {
        let events = events.clone();
        Box::pin(async move {
            tx.stand(Standing::Restored).await?;
            let mut losses: Vec<Loss> = Vec::new();
            for event in &events {
                losses.extend(OwnEvents.take_back(tx, event).await?.losses);
            }
            losses.extend(OwnEvents.finish(tx).await?);
            tx.stand(Standing::Live).await?;
            Ok::<_, Failure>(losses)
        })
    });
    unit.await.expect("taken back").iter().map(ToString::to_string).collect()
}

async fn place(world: &World, with_key: &str) -> Uuid {
    world.place().run(command(Some(with_key), 1)).await.expect("placed").id
}

async fn cancel(world: &World, id: Uuid) {
    let command =
        cancel_order::Command { caller: as_customer(CUSTOMER), order_id: id, reason: "changed my mind".to_owned() };
    world.cancel().run(command, Keyed::without_key()).await.expect("cancelled");
}

/// What shop-svc and delivery-svc tell after the backup.
#[derive(Default)]
struct Heard {
    stock: Vec<Event>,
    delivery: Vec<Event>,
}

impl Heard {
    async fn by(&self, world: &World) {
        for event in &self.stock {
            assert_eq!(world.hear_stock(event.clone()).await, Taken::Done);
        }
        for event in &self.delivery {
            assert_eq!(world.hear_delivery(event.clone()).await, Taken::Done);
        }
    }
}

/// Until the backup: four orders, two of them confirmed.
async fn before(world: &World) -> Vec<Uuid> {
    let mut ids = Vec::new();
    for key in ["k0", "k1", "k2", "k3"] {
        ids.push(place(world, key).await);
    }
    for (id, number) in ids[..2].iter().zip(1..) {
        assert_eq!(world.hear_stock(events::reserved(*id, number)).await, Taken::Done);
    }
    world.clock.pass(Duration::seconds(7));
    ids
}

/// After the backup: orders of before go on to each end, and new ones come.
async fn after(world: &World, ids: &mut Vec<Uuid>) -> Heard {
    let price = Money { minor_units: 500, currency: "KRW".to_owned() };
    let serials = vec!["A-0002".to_owned(), "A-0001".to_owned()];
    let line = NewLine { phone_id: PHONE, quantity: 2, expected_unit_price: Some(price), serials };
    let asking = NewOrder { lines: vec![line], ..new_order(1) };
    let asking = Command::new(customer(), asking, Some(key("k4")));
    ids.push(world.place().run(asking).await.expect("placed").id);
    ids.push(place(world, "k5").await);
    world.clock.pass(Duration::seconds(7));
    let heard = Heard {
        stock: vec![events::reserved(ids[2], 10), events::rejected(ids[3], 11), events::reserved(ids[4], 12)],
        delivery: vec![
            events::booked(ids[4], 19),
            events::started(ids[0], 20),
            events::completed(ids[0], 21),
            events::started(ids[4], 22),
            events::cancelled(ids[2], 23),
        ],
    };
    heard.by(world).await;
    cancel(world, ids[1]).await;
    heard
}

async fn what_events_tell_is_as_it_was(on: On) {
    let lost = World::open(on).await;
    let mut ids = before(&lost).await;
    let backup = told(&lost, 0).await.len();
    let heard = after(&lost, &mut ids).await;
    let expected = known(&lost, &ids).await;
    let statuses: Vec<_> = expected.iter().map(|(order, ..)| order.status.name()).collect();
    assert_eq!(statuses, ["DELIVERED", "CANCELLED", "CANCELLED", "REJECTED", "SHIPPED", "PLACED"]);
    for restored_to in [backup, 0] {
        let world = World::open(on).await;
        if restored_to == backup {
            assert_eq!(before(&world).await, ids[..4]);
        }
        let events = told(&lost, restored_to).await;
        let written = world.written().await.len();
        for _twice in 0..2 {
            take_back(&world, &events).await;
            assert_eq!(known(&world, &ids).await, expected);
        }
        heard.by(&world).await;
        assert_eq!(known(&world, &ids).await, expected, "what the others told is no news");
        assert_eq!(world.written().await.len(), written);
        assert_eq!(world.dead_letters().await, 0);
    }
}

async fn nothing_is_lost_of_orders_that_were_booked_at_once(on: On) {
    let (lost, world) = (World::open(on).await, World::open(on).await);
    let mut ids = before(&lost).await;
    after(&lost, &mut ids).await;
    assert_eq!(take_back(&world, &told(&lost, 0).await).await, Vec::<String>::new());
    assert_eq!(world.kept.audited().await, Vec::<[String; 4]>::new(), "nobody did anything");
}

async fn a_key_finds_its_order_again(on: On) {
    let (lost, world) = (World::open(on).await, World::open(on).await);
    let placed = lost.place().run(command(Some("k"), 1)).await.expect("placed");
    lost.hear_stock(events::reserved(placed.id, 1)).await;
    take_back(&world, &told(&lost, 0).await).await;
    world.bookings.answer([Err(NoAnswer::Unavailable), Ok(Booked::Mismatch)]);
    let away = world.place().run(command(Some("k"), 1)).await.expect_err("delivery-svc is away");
    assert!(matches!(away, Error::NoAnswer(NoAnswer::Unavailable)), "{away:?}");
    let other = world.place().run(command(Some("k"), 2)).await.expect_err("another request");
    assert!(matches!(other, Error::Reused(_)), "{other:?}");
    for _again in 0..2 {
        assert_eq!(world.place().run(command(Some("k"), 1)).await.expect("the order"), placed);
    }
    assert_eq!(world.bookings.ids(), [placed.id; 3], "the last is answered from the key");
    let other = world.place().run(command(Some("k"), 2)).await.expect_err("another request");
    assert!(matches!(other, Error::Reused(_)), "{other:?}");
    assert_eq!(world.order(placed.id).await.status, Status::Confirmed);
    assert_eq!(world.written().await, []);
}

async fn a_key_finds_its_cancelled_order_again(on: On) {
    let (lost, world) = (World::open(on).await, World::open(on).await);
    let placed = lost.place().run(command(Some("k"), 1)).await.expect("placed");
    cancel(&lost, placed.id).await;
    take_back(&world, &told(&lost, 0).await).await;
    world.bookings.answer([Ok(Booked::Cancelled), Ok(Booked::Cancelled)]);
    let lines = vec![NewLine { phone_id: PHONE, quantity: 3, expected_unit_price: None, serials: Vec::new() }];
    let other = Command::new(customer(), NewOrder { lines, ..new_order(1) }, Some(key("k")));
    let other = world.place().run(other).await.expect_err("another request");
    assert!(matches!(other, Error::Reused(_)), "{other:?}");
    assert_eq!(world.place().run(command(Some("k"), 1)).await.expect("the order"), placed);
    assert_eq!(world.place().run(command(Some("k"), 1)).await.expect("the order"), placed);
    assert_eq!(world.bookings.ids(), [placed.id; 2]);
}

async fn an_order_whose_recipient_is_lost_goes_on_where_it_was_booked_and_ends_otherwise(on: On) {
    let (lost, world) = (World::open(on).await, World::open(on).await);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(lost.unbooked().await.id);
    }
    let losses = take_back(&world, &told(&lost, 0).await).await;
    for id in &ids {
        let of_it: Vec<_> = losses.iter().filter(|loss| loss.starts_with(&format!("order {id}: "))).collect();
        assert_eq!(of_it.len(), 2, "its key and its recipient: {losses:?}");
    }
    world.clock.pass(Duration::minutes(1));
    world.book_outstanding().run().await.expect("swept");
    assert_eq!(world.bookings.ids(), Vec::<Uuid>::new(), "there is nothing to book with");
    assert_eq!(world.hear_stock(events::reserved(ids[0], 1)).await, Taken::Done);
    assert_eq!(world.hear_delivery(events::booked(ids[0], 2)).await, Taken::Done);
    let order = world.order(ids[0]).await;
    assert_eq!((order.status, order.booking), (Status::Confirmed, State::Later));
    cancel(&world, ids[1]).await;
    assert!(matches!(world.order(ids[1]).await.status, Status::Cancelled { .. }));
    world.clock.pass(Duration::hours(25) + Duration::SECOND);
    world.expire().run(None).await.expect("swept");
    assert!(matches!(world.order(ids[2]).await.status, Status::Rejected(_)));
}

async fn a_recipient_that_is_here_stays_as_long_as_it_is_needed(on: On) {
    let world = World::open(on).await;
    let order = world.unbooked_with(command(Some("k"), 1)).await;
    let placed = told(&world, 0).await;
    assert_eq!(take_back(&world, &placed).await, Vec::<String>::new());
    assert_eq!((world.order(order.id).await, world.recipients().await), (order.clone(), 1));
    let lost = World::open(on).await;
    take_back(&lost, &placed).await;
    lost.hear_delivery(events::booked(order.id, 1)).await;
    lost.hear_stock(events::reserved(order.id, 2)).await;
    world.hear_stock(events::reserved(order.id, 2)).await;
    assert_eq!(world.reservations().await, 2);
    take_back(&world, &told(&lost, 0).await).await;
    assert_eq!((world.recipients().await, world.reservations().await), (0, 0));
    assert_eq!(world.order(order.id).await, lost.order(order.id).await);
    assert_eq!(world.place_or(Fallback::Accept).run(command(Some("k"), 1)).await.expect("its key stays"), order);
}

async fn what_was_done_since_the_restore_gives_way_and_is_told(on: On) {
    let (lost, world) = (World::open(on).await, World::open(on).await);
    let (id, voided) = (place(&lost, "k").await, place(&lost, "v").await);
    assert_eq!(place(&world, "k").await, id);
    let backup = told(&lost, 0).await.len();
    cancel(&lost, id).await;
    world.hear_stock(events::reserved(id, 1)).await;
    world.hear_delivery(events::started(id, 2)).await;
    world.void(voided).await.expect("resolved");
    let placed = told(&lost, 1).await.remove(0);
    let losses = take_back(&world, &[&[placed], told(&lost, backup).await.as_slice()].concat()).await;
    let expected = known(&lost, &[id, voided]).await;
    assert_eq!(known(&world, &[id, voided]).await, expected);
    assert_eq!(losses.len(), 2, "{losses:?}");
    assert!(losses[0].starts_with(&format!("order {voided}: its id was voided here")), "{losses:?}");
    assert!(losses[1].starts_with(&format!("order {id}: since the restore it had become SHIPPED here")), "{losses:?}");
}

async fn what_is_none_of_its_own_is_refused(on: On) {
    let world = World::open(on).await;
    let order = world.placed().await;
    let event = told(&world, 0).await.remove(0);
    for broken in [
        Event { kind: "tword.order.v1.OrderAdmired".to_owned(), ..event.clone() },
        Event { body: vec![0xff].into(), ..event.clone() },
        Event { body: Vec::new().into(), ..event },
    ] {
        let unit = world.store.run(move |tx| {
            let broken = broken.clone();
            Box::pin(async move { OwnEvents.take_back(tx, &broken).await.map(|_taken| ()) })
        });
        let refused: Result<(), Failure> = unit.await;
        assert!(matches!(refused, Err(Failure::Fault(_) | Failure::Undecodable(_))), "{refused:?}");
    }
    assert_eq!(world.order(order.id).await, order);
}

on_both! {
    what_events_tell_is_as_it_was,
    nothing_is_lost_of_orders_that_were_booked_at_once,
    a_key_finds_its_order_again,
    a_key_finds_its_cancelled_order_again,
    an_order_whose_recipient_is_lost_goes_on_where_it_was_booked_and_ends_otherwise,
    a_recipient_that_is_here_stays_as_long_as_it_is_needed,
    what_was_done_since_the_restore_gives_way_and_is_told,
    what_is_none_of_its_own_is_refused,
}
