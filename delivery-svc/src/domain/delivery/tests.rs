use proptest::prelude::*;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::*;
use crate::domain::{actor::Role, follow::Standing};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn booking() -> Booking {
    Booking {
        id: Uuid::from_u128(1),
        request_hash: [7; 32],
        shop_id: Uuid::from_u128(2),
        customer_id: "customer-1".into(),
    }
}

fn booked() -> Delivery {
    Delivery::book(booking(), NOW).delivery
}

fn staff() -> Actor {
    Actor { role: Role::Staff, id: "staff-1".into() }
}

fn order_svc() -> Actor {
    Actor::service("order-svc")
}

fn tracking() -> Tracking {
    Tracking::new("CJ", "123").expect("valid")
}

fn cancellation(reason: &str) -> Cancellation {
    Cancellation { by: Actor::customer("customer-1"), reason: reason.into() }
}

fn ready() -> Delivery {
    booked().follow(&Standing::Confirmed, &order_svc(), NOW).expect("no contradiction").delivery
}

fn shipped() -> Delivery {
    ready().ship(tracking(), staff(), NOW).expect("ships").delivery
}

fn delivered() -> Delivery {
    shipped().complete(staff(), NOW).expect("completes").delivery
}

fn cancelled() -> Delivery {
    match booked().cancel(cancellation("first"), NOW) {
        Ok(Cancel::Now(event)) => event.delivery,
        other => panic!("not cancelled: {other:?}"),
    }
}

#[test]
fn a_booking_is_the_customers_and_its_first_version() {
    let event = Delivery::book(booking(), NOW);
    assert_eq!((event.kind, event.delivery.version), (Kind::Booked, 1));
    assert_eq!(event.actor, Actor::customer("customer-1"));
    assert_eq!(event.delivery.state, State::Booked { claimed: false });
}

#[test]
fn only_what_is_ready_ships() {
    let later = NOW + Duration::HOUR;
    let event = ready().ship(tracking(), staff(), later).expect("ships");
    assert_eq!((event.kind, event.delivery.version), (Kind::Started, 3));
    assert_eq!(event.delivery.state, State::Shipped(tracking()));
    assert_eq!((event.delivery.create_time, event.delivery.update_time), (NOW, later));
    assert_eq!(event.actor, staff());

    let refused = [
        (booked(), Error::NotConfirmed),
        (shipped(), Error::AlreadyShipped),
        (delivered(), Error::AlreadyShipped),
        (cancelled(), Error::Cancelled),
    ];
    for (delivery, error) in refused {
        assert_eq!(delivery.ship(tracking(), staff(), NOW), Err(error));
    }
}

#[test]
fn only_what_is_shipped_arrives() {
    let event = shipped().complete(staff(), NOW).expect("completes");
    assert_eq!((event.kind, event.delivery.version), (Kind::Completed, 4));
    assert_eq!(event.delivery.state, State::Delivered(tracking()));

    let refused = [
        (booked(), Error::NotShipped),
        (ready(), Error::NotShipped),
        (delivered(), Error::AlreadyDelivered),
        (cancelled(), Error::Cancelled),
    ];
    for (delivery, error) in refused {
        assert_eq!(delivery.complete(staff(), NOW), Err(error));
    }
}

#[test]
fn what_is_not_shipped_can_be_cancelled_and_the_first_to_cancel_is_remembered() {
    for (delivery, version) in [(booked(), 2), (ready(), 3)] {
        let Ok(Cancel::Now(event)) = delivery.cancel(cancellation("too late"), NOW) else { panic!("not cancelled") };
        assert_eq!((event.kind, event.delivery.version), (Kind::Cancelled, version));
        assert_eq!(event.delivery.state, State::Cancelled(cancellation("too late")));
        assert_eq!(event.actor, Actor::customer("customer-1"));
    }
    assert_eq!(cancelled().cancel(cancellation("second"), NOW), Ok(Cancel::Before(cancellation("first"))));
    for delivery in [shipped(), delivered()] {
        assert_eq!(delivery.cancel(cancellation("too late"), NOW), Err(Error::AlreadyShipped));
    }
}

#[test]
fn an_id_is_bound_to_one_request_until_it_is_cancelled() {
    let other = |change: fn(&mut Booking)| {
        let mut other = booking();
        change(&mut other);
        other
    };
    let others = [
        other(|b| b.request_hash = [8; 32]),
        other(|b| b.shop_id = Uuid::nil()),
        other(|b| b.customer_id = "x".into()),
    ];
    for delivery in [booked(), ready(), shipped(), delivered()] {
        assert_eq!(delivery.clone().rebook(&booking()), Ok(delivery.clone()));
        for other in &others {
            assert_eq!(delivery.clone().rebook(other), Err(Error::Mismatch));
        }
    }
    for other in &others {
        assert_eq!(cancelled().rebook(other), Ok(cancelled()));
    }
}

#[test]
fn a_lost_request_is_the_next_that_comes() {
    for delivery in [booked(), ready(), shipped(), delivered()] {
        let lost = Delivery { request_hash: None, ..delivery.clone() };
        assert_eq!(lost.clone().rebook(&booking()), Ok(delivery));
        let other = Booking { customer_id: "x".into(), ..booking() };
        assert_eq!(lost.rebook(&other), Err(Error::Mismatch), "never another customer's");
    }
}

#[test]
fn a_tombstone_answers_a_late_booking() {
    let event =
        Delivery::tombstone(Uuid::from_u128(1), Uuid::from_u128(2), "customer-1".into(), cancellation("no"), NOW);
    assert_eq!((event.kind, event.delivery.version), (Kind::Cancelled, 1));
    let tombstone = event.delivery;
    assert_eq!(tombstone.clone().rebook(&booking()), Ok(tombstone));
}

#[test]
fn only_an_unclaimed_booking_is_voided() {
    let event = booked().void(cancellation("void"), NOW).expect("no contradiction").expect("an event");
    assert_eq!((event.kind, event.delivery.version), (Kind::Cancelled, 2));
    assert_eq!(cancelled().void(cancellation("void"), NOW), Ok(None));
    let claimed = booked().follow(&Standing::Placed, &order_svc(), NOW).expect("no contradiction").delivery;
    for delivery in [claimed, ready(), shipped(), delivered()] {
        assert_eq!(delivery.void(cancellation("void"), NOW), Err(Contradiction));
    }
}

#[test]
fn a_claim_is_news_once_and_no_change() {
    let first = booked().follow(&Standing::Placed, &order_svc(), NOW).expect("no contradiction");
    assert!(first.claimed && first.events.is_empty());
    assert_eq!((first.delivery.version, &first.delivery.state), (1, &State::Booked { claimed: true }));
    let second = first.delivery.follow(&Standing::Placed, &order_svc(), NOW).expect("no contradiction");
    assert!(!second.claimed && second.events.is_empty());
}

#[test]
fn an_order_several_states_ahead_is_followed_through_each_state_between() {
    let followed = booked().follow(&Standing::Delivered(tracking()), &order_svc(), NOW).expect("no contradiction");
    let steps: Vec<_> = followed.events.iter().map(|event| (event.kind, event.delivery.version)).collect();
    assert_eq!(steps, [(Kind::Ready, 2), (Kind::Started, 3), (Kind::Completed, 4)]);
    assert_eq!(followed.delivery.state, State::Delivered(tracking()));
}

#[test]
fn what_cannot_be_is_told() {
    let ended = Standing::Ended(cancellation("no"));
    for delivery in [shipped(), delivered()] {
        assert_eq!(delivery.follow(&ended, &order_svc(), NOW), Err(Contradiction));
    }
    for standing in [Standing::Shipped(tracking()), Standing::Delivered(tracking())] {
        assert_eq!(cancelled().follow(&standing, &order_svc(), NOW), Err(Contradiction));
    }
}

#[test]
fn a_recipient_is_corrected_until_it_is_shipped() {
    for (delivery, version) in [(booked(), 2), (ready(), 3)] {
        let state = delivery.state.clone();
        let event = delivery.correct_recipient(Actor::customer("customer-1"), NOW).expect("corrected");
        assert_eq!((event.kind, event.delivery.version, event.delivery.state), (Kind::Updated, version, state));
        assert_eq!(event.actor, Actor::customer("customer-1"));
    }
    let refused =
        [(shipped(), Error::AlreadyShipped), (delivered(), Error::AlreadyShipped), (cancelled(), Error::Cancelled)];
    for (delivery, error) in refused {
        assert_eq!(delivery.correct_recipient(staff(), NOW), Err(error));
    }
}

#[test]
fn a_tracking_number_is_corrected_once_it_is_shipped() {
    let other = Tracking::new("CJ", "456").expect("valid");
    let corrected = |delivery: Delivery| delivery.correct_number(&other.number, staff(), NOW);
    for (delivery, state, version) in
        [(shipped(), State::Shipped(other.clone()), 4), (delivered(), State::Delivered(other.clone()), 5)]
    {
        let event = corrected(delivery.clone()).expect("corrected").expect("an event");
        assert_eq!((event.kind, event.delivery.version, &event.delivery.state), (Kind::Updated, version, &state));
        assert_eq!(corrected(event.delivery), Ok(None), "it is that number already");
        assert_eq!(delivery.correct_number(&tracking().number, staff(), NOW), Ok(None));
    }
    for (delivery, error) in
        [(booked(), Error::NotShipped), (ready(), Error::NotShipped), (cancelled(), Error::Cancelled)]
    {
        assert_eq!(corrected(delivery), Err(error));
    }
}

#[test]
fn only_what_is_final_is_erased() {
    for delivery in [booked(), ready(), shipped()] {
        assert_eq!(delivery.erase(staff(), NOW), None);
    }
    for (delivery, version) in [(delivered(), 5), (cancelled(), 3)] {
        let event = delivery.clone().erase(staff(), NOW).expect("final");
        assert_eq!(
            (event.kind, event.delivery.version, event.delivery.state),
            (Kind::Updated, version, delivery.state)
        );
    }
}

/// Anything that can be asked of a delivery.
#[derive(Clone, Debug)]
enum Ask {
    Cancel,
    Void,
    Ship,
    Complete,
    CorrectRecipient,
    CorrectNumber,
    Erase,
    Follow(Standing),
}

fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let ask = prop_oneof![
        1 => Just(Ask::Cancel),
        1 => Just(Ask::Void),
        3 => Just(Ask::Ship),
        2 => Just(Ask::Complete),
        1 => Just(Ask::CorrectRecipient),
        1 => Just(Ask::CorrectNumber),
        1 => Just(Ask::Erase),
        1 => Just(Ask::Follow(Standing::Placed)),
        3 => Just(Ask::Follow(Standing::Confirmed)),
        1 => Just(Ask::Follow(Standing::Ended(cancellation("order")))),
        1 => Just(Ask::Follow(Standing::Shipped(tracking()))),
        1 => Just(Ask::Follow(Standing::Delivered(tracking()))),
    ];
    prop::collection::vec(ask, 0..20)
}

/// What came of it: the delivery as it is now, and its events.
fn apply(delivery: Delivery, ask: Ask) -> (Delivery, Vec<Event>) {
    let before = delivery.clone();
    let events = match ask {
        Ask::Cancel => match delivery.cancel(cancellation("asked"), NOW) {
            Ok(Cancel::Now(event)) => vec![event],
            Ok(Cancel::Before(_)) | Err(_) => vec![],
        },
        Ask::Void => delivery.void(cancellation("void"), NOW).ok().flatten().into_iter().collect(),
        Ask::Ship => delivery.ship(tracking(), staff(), NOW).into_iter().collect(),
        Ask::Complete => delivery.complete(staff(), NOW).into_iter().collect(),
        Ask::CorrectRecipient => delivery.correct_recipient(staff(), NOW).into_iter().collect(),
        Ask::CorrectNumber => {
            let number = Tracking::new("CJ", "456").expect("valid").number;
            delivery.correct_number(&number, staff(), NOW).ok().flatten().into_iter().collect()
        }
        Ask::Erase => delivery.erase(staff(), NOW).into_iter().collect(),
        Ask::Follow(standing) => match delivery.follow(&standing, &order_svc(), NOW) {
            Ok(followed) => return (followed.delivery, followed.events),
            Err(Contradiction) => vec![],
        },
    };
    let after = events.last().map_or(before, |event| event.delivery.clone());
    (after, events)
}

fn rank(state: &State) -> u8 {
    match state {
        State::Booked { .. } => 0,
        State::Ready => 1,
        State::Shipped(_) => 2,
        State::Delivered(_) | State::Cancelled(_) => 3,
    }
}

fn can_follow(before: &State, event: &Event) -> bool {
    if event.kind == Kind::Updated {
        return before.status() == event.delivery.state.status();
    }
    match &event.delivery.state {
        State::Booked { .. } => false,
        State::Ready => matches!(before, State::Booked { .. }),
        State::Shipped(_) => matches!(before, State::Ready),
        State::Delivered(_) => matches!(before, State::Shipped(_)),
        State::Cancelled(_) => matches!(before, State::Booked { .. } | State::Ready),
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_each_version_is_one_allowed_step(asks in asks()) {
        let mut delivery = booked();
        for ask in asks {
            let (after, events) = apply(delivery.clone(), ask);
            prop_assert!(rank(&after.state) >= rank(&delivery.state));
            let mut last = delivery.clone();
            for event in events {
                prop_assert_eq!(event.delivery.version, last.version + 1);
                prop_assert!(can_follow(&last.state, &event), "{:?} after {:?}", event, last);
                last = event.delivery;
            }
            prop_assert_eq!(last.version, after.version);
            delivery = after;
        }
    }
}
