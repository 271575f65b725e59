//! Deliveries in a database that was restored: what their own events tell is as it was, and what they do not is told.

use chassis::{
    consumer::Failure,
    idempotency::Keyed,
    inbox::Event,
    recovery::{Loss, Standing, TakeBack},
};
use delivery_svc::{
    adapters::own_events::OwnEvents,
    app::{ChangeError, Changed, book_delivery, correct_tracking_number},
    domain::{
        delivery::{Booking, Delivery, Error, State, Status},
        recipient::Recipient,
        tracking::Number,
    },
};
use proto::order::v1::order;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{
    database::{Kept, On, on_both},
    samples::{book_command, booking, cancel_command, order_event, recipient, recipient_named, ship_command, staff},
    world::World,
};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// What the events of deliveries tell of them.
async fn known(world: &World) -> Vec<Delivery> {
    let mut known = Vec::new();
    for number in 1..=8 {
        known.push(Delivery { request_hash: None, ..world.delivery(id(number)).await });
    }
    known
}

async fn recipients(world: &World) -> Vec<Option<Recipient>> {
    let mut recipients = Vec::new();
    for number in 1..=8 {
        recipients.push(world.find(id(number)).await.expect("a delivery").recipient);
    }
    recipients
}

/// What a world told, from the event number `first` on.
async fn told(world: &World, first: usize) -> Vec<Event> {
    let events = world.kept.own_events().await.into_iter().zip(1..).skip(first);
    let event = |((id, kind, aggregate_id, body), sequence): ((Uuid, String, Uuid, Vec<u8>), i64)| Event {
        id,
        producer: "delivery".to_owned(),
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

/// Until the backup: three are READY, one is BOOKED, one has arrived.
async fn before(world: &World) {
    for number in [1, 2, 5] {
        world.ready(id(number)).await;
    }
    world.booked(id(3)).await;
    world.delivered(id(4)).await;
    world.clock.pass(Duration::seconds(7));
}

/// After the backup: those go on, new ones come, and their customer is erased.
async fn after(world: &World) {
    ship(world, 1).await.expect("shipped");
    world.completed(id(1)).await.expect("completed");
    let number = Number::new("654-321").expect("a number");
    let command = correct_tracking_number::Command { delivery_id: id(1), number, staff: staff() };
    world.correct_tracking_number().run(command, Keyed::without_key()).await.expect("corrected");
    world.rename_recipient(id(2), "Kim Yuna").await.expect("corrected");
    world.cancel().run(cancel_command(id(3), "changed my mind")).await.expect("cancelled");
    ship(world, 5).await.expect("shipped");
    world.clock.pass(Duration::seconds(7));
    world.ready(id(6)).await;
    world.booked(id(7)).await;
    world.cancel().run(cancel_command(id(8), "too soon")).await.expect("buried");
    world.erased().await;
}

async fn ship(world: &World, number: u128) -> Result<Changed, ChangeError> {
    world.ship().run(ship_command(id(number)), Keyed::without_key()).await
}

/// What order-svc told, again.
async fn hear_all_again(world: &World) {
    for (number, statuses) in [
        (1, vec![order::Status::Confirmed, order::Status::Shipped, order::Status::Delivered]),
        (2, vec![order::Status::Confirmed]),
        (3, vec![order::Status::Cancelled]),
        (5, vec![order::Status::Confirmed, order::Status::Shipped]),
        (6, vec![order::Status::Confirmed]),
        (8, vec![order::Status::Cancelled]),
    ] {
        for status in statuses {
            world.take_in(&order_event(id(number), status)).await.expect("no news");
        }
    }
}

/// A world after all, and how many events it had told until the backup.
async fn lost(on: On) -> (World, usize) {
    let lost = World::open(on).await;
    before(&lost).await;
    let backup = told(&lost, 0).await.len();
    after(&lost).await;
    (lost, backup)
}

/// A world that has nothing but the events of a lost one.
async fn empty_after(on: On) -> (World, Vec<String>) {
    let (lost, world) = (lost(on).await.0, World::open(on).await);
    let losses = take_back(&world, &told(&lost, 0).await).await;
    (world, losses)
}

async fn what_events_tell_is_as_it_was(on: On) {
    let (lost, backup) = lost(on).await;
    let expected = known(&lost).await;
    let statuses: Vec<_> = expected.iter().map(|delivery| delivery.state.status()).collect();
    let (ready, cancelled) = (Status::Ready, Status::Cancelled);
    let arrived = Status::Delivered;
    assert_eq!(statuses, [arrived, ready, cancelled, arrived, Status::Shipped, ready, Status::Booked, cancelled]);
    for restored_to in [backup, 0] {
        let world = World::open(on).await;
        if restored_to == backup {
            before(&world).await;
        }
        let events = told(&lost, restored_to).await;
        let written = world.kept.own_events().await.len();
        for _twice in 0..2 {
            take_back(&world, &events).await;
            assert_eq!(known(&world).await, expected);
        }
        hear_all_again(&world).await;
        assert_eq!(known(&world).await, expected, "what order-svc told is no news");
        assert_eq!(world.kept.own_events().await.len(), written);
    }
}

async fn recipients_of_before_stay_and_those_of_after_are_told(on: On) {
    let (lost, backup) = lost(on).await;
    let world = World::open(on).await;
    before(&world).await;
    let mut losses = take_back(&world, &told(&lost, backup).await).await;
    let kept = Some(recipient());
    assert_eq!(recipients(&world).await, [None, None, None, None, kept, None, None, None]);
    losses.sort();
    assert_eq!(losses.len(), 4, "{losses:?}");
    // Of the first it was corrected, and nobody knows to whom.
    for (loss, number) in losses.iter().zip([2, 6, 7]) {
        let text =
            "its recipient is lost; the customer has to give it again (CorrectRecipient) before it can be shipped";
        assert_eq!(*loss, format!("delivery {}: {text}", id(number)));
    }
    assert_eq!(losses[3], "erased customers: erasures since the backup have to be asked again (twordctl erase)");
    assert_eq!(world.delivery(id(5)).await.request_hash, Some(booking(id(5)).request_hash));
}

async fn nothing_goes_out_to_a_lost_recipient(on: On) {
    let (world, losses) = empty_after(on).await;
    assert_eq!(losses.len(), 5, "{losses:?}");
    for _again in 0..2 {
        let refused = ship(&world, 6).await;
        assert!(matches!(refused, Err(ChangeError::Refused(Error::NoRecipient))), "{refused:?}");
    }
    assert_eq!(world.delivery(id(6)).await.state, State::Ready);
    world.rename_recipient(id(6), "Kim Yuna").await.expect("corrected");
    let shipped = ship(&world, 6).await.expect("shipped");
    assert_eq!(shipped.recipient, Some(recipient_named("Kim Yuna")));
}

async fn an_order_that_was_shipped_takes_its_delivery_along(on: On) {
    let (world, _losses) = empty_after(on).await;
    world.take_in(&order_event(id(7), order::Status::Shipped)).await.expect("taken in");
    assert_eq!(world.delivery(id(7)).await.state.status(), Status::Shipped);
    world.take_in(&order_event(id(7), order::Status::Delivered)).await.expect("taken in");
    assert_eq!(world.delivery(id(7)).await.state.status(), Status::Delivered);
}

async fn a_repeated_booking_brings_back_what_was_lost(on: On) {
    let (world, _losses) = empty_after(on).await;
    let expected = known(&world).await;
    for _twice in 0..2 {
        for number in 1..=8 {
            world.book().run(book_command(id(number))).await.expect("met again");
        }
    }
    assert_eq!(known(&world).await, expected, "no new version");
    let to = Some(recipient());
    assert_eq!(recipients(&world).await, [None, to.clone(), None, None, to.clone(), to.clone(), to, None]);
    let booking = Booking { request_hash: [8; 32], ..booking(id(7)) };
    let other = world.book().run(book_delivery::Command { booking, recipient: recipient() }).await;
    assert!(matches!(other, Err(book_delivery::Error::Refused(Error::Mismatch))), "{other:?}");
    ship(&world, 6).await.expect("shipped");
}

async fn a_repeated_booking_of_somebody_else_s_brings_nothing(on: On) {
    let (world, _losses) = empty_after(on).await;
    let booking = Booking { customer_id: "customer-2".to_owned(), ..booking(id(7)) };
    let other = world.book().run(book_delivery::Command { booking, recipient: recipient() }).await;
    assert!(matches!(other, Err(book_delivery::Error::Refused(Error::Mismatch))), "{other:?}");
    assert_eq!(recipients(&world).await[6], None);
}

async fn what_was_done_since_the_restore_gives_way_and_is_told(on: On) {
    let (lost, backup) = lost(on).await;
    let world = World::open(on).await;
    before(&world).await;
    world.cancel().run(cancel_command(id(5), "since")).await.expect("cancelled");
    let losses = take_back(&world, &told(&lost, backup).await).await;
    assert_eq!(known(&world).await, known(&lost).await);
    let told = format!("delivery {}: since the restore it had become CANCELLED here (version 3)", id(5));
    assert!(losses.iter().any(|loss| loss.starts_with(&told)), "{losses:?}");
    world.completed(id(5)).await.expect("it goes on");
}

async fn what_is_none_of_its_own_is_refused(on: On) {
    let world = World::open(on).await;
    let before = world.booked(id(1)).await;
    let event = told(&world, 0).await.remove(0);
    for broken in [
        Event { kind: "tword.delivery.v1.DeliveryAdmired".to_owned(), ..event.clone() },
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
    assert_eq!(world.delivery(id(1)).await, before);
}

/// The requests that deliveries are known to be booked for.
async fn requests(world: &World) -> Vec<Option<[u8; 32]>> {
    let mut requests = Vec::new();
    for number in 1..=8 {
        requests.push(world.delivery(id(number)).await.request_hash);
    }
    requests
}

#[tokio::test]
async fn a_file_of_before_keeps_what_it_has() {
    let old = World::over_kept(Kept::sqlite_before(1008).await);
    before(&old).await;
    after(&old).await;
    let kept = (known(&old).await, recipients(&old).await, requests(&old).await);
    let world = World::over_kept(old.kept.upgraded().await);
    assert_eq!((known(&world).await, recipients(&world).await, requests(&world).await), kept);
    ship(&world, 2).await.expect("shipped");
}

on_both! {
    what_events_tell_is_as_it_was,
    recipients_of_before_stay_and_those_of_after_are_told,
    nothing_goes_out_to_a_lost_recipient,
    an_order_that_was_shipped_takes_its_delivery_along,
    a_repeated_booking_brings_back_what_was_lost,
    a_repeated_booking_of_somebody_else_s_brings_nothing,
    what_was_done_since_the_restore_gives_way_and_is_told,
    what_is_none_of_its_own_is_refused,
}
