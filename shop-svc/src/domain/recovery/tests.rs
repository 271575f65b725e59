use super::*;
use crate::domain::{Currency, Price};

const ORDER: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);
const PHONE: Uuid = Uuid::from_u128(3);

fn serials(numbers: &[u64]) -> Vec<Serial> {
    numbers.iter().copied().map(Serial::assigned).collect()
}

fn held(numbers: &[u64]) -> Held {
    let line = HeldLine { phone_id: PHONE, unit_price: Price::new(7).expect("a price"), serials: serials(numbers) };
    Held { currency: Currency::parse("KRW").expect("a currency"), lines: vec![line] }
}

fn reservation(state: Reserved) -> Reservation {
    let version = if matches!(state, Reserved::Sold(_)) { 2 } else { 1 };
    let then = OffsetDateTime::UNIX_EPOCH;
    Reservation { order_id: ORDER, shop_id: Uuid::nil(), state, version, create_time: then, update_time: then }
}

#[test]
fn every_way_is_one_that_units_may_take() {
    use Happening::{Registered, Released, Reserved, Sold, Withdrawn};
    let states =
        [State::Available, State::Reserved(ORDER), State::Reserved(OTHER), State::Sold(ORDER), State::Withdrawn];
    for (what, ways) in [
        (Registered, [Some(vec![]), None, None, None, None]),
        (Reserved(ORDER), [Some(vec![Reserved(ORDER)]), Some(vec![]), None, None, None]),
        (Released(ORDER), [Some(vec![]), Some(vec![Released(ORDER)]), None, None, None]),
        (Sold(ORDER), [Some(vec![Reserved(ORDER), Sold(ORDER)]), Some(vec![Sold(ORDER)]), None, Some(vec![]), None]),
        (Withdrawn, [Some(vec![Withdrawn]), None, None, None, Some(vec![])]),
    ] {
        assert_eq!(states.map(|from| way(from, what)), ways, "{what:?}");
    }
}

#[test]
fn units_are_gathered_by_their_way_and_lost_ones_named() {
    let standing: BTreeMap<_, _> = serials(&[1, 2, 3, 4])
        .into_iter()
        .zip([State::Available, State::Reserved(OTHER), State::Available, State::Withdrawn])
        .collect();
    let what = Happening::Reserved(ORDER);
    assert_eq!(holders(&standing, what), BTreeSet::from([OTHER]));
    assert_eq!(holders(&standing, Happening::Reserved(OTHER)), BTreeSet::new());
    let found = ways(&serials(&[3, 1, 4, 9]), &standing, what);
    assert_eq!(found.ways, BTreeMap::from([(vec![what], serials(&[3, 1]))]));
    assert_eq!(found.lost, serials(&[4, 9]));
}

#[test]
fn what_was_sold_otherwise_stays() {
    let sold = reservation(Reserved::Sold(held(&[1, 2])));
    assert!(!stays(&sold, &reservation(Reserved::Sold(held(&[2, 1])))));
    assert!(stays(&sold, &reservation(Reserved::Sold(held(&[2, 3])))));
    assert!(stays(&sold, &reservation(Reserved::Reserved(held(&[1, 2])))));
    assert!(!stays(&reservation(Reserved::Released), &sold));
}

#[test]
fn units_that_are_not_held_any_more_are_freed() {
    let here = reservation(Reserved::Reserved(held(&[1, 2])));
    let freed_by = |told| freed(Some(&here), &reservation(told)).into_iter().flat_map(|line| line.serials);
    assert_eq!(freed_by(Reserved::Reserved(held(&[2, 3]))).collect::<Vec<_>>(), serials(&[1]));
    assert_eq!(freed_by(Reserved::Sold(held(&[1, 2]))).count(), 0);
    assert_eq!(freed_by(Reserved::Released).collect::<Vec<_>>(), serials(&[1, 2]));
    assert_eq!(freed(None, &here), []);
}

#[test]
fn what_cannot_be_held_is_left_out() {
    let lost = |numbers: &[u64]| BTreeMap::from([(PHONE, serials(numbers))]);
    let told = reservation(Reserved::Reserved(held(&[1, 2])));
    let holding_without = |numbers: &[u64]| {
        let left = held(&[1, 2]).without(&lost(numbers));
        told.clone().holding_only(left).state
    };
    assert_eq!(holding_without(&[]), told.state);
    assert_eq!(holding_without(&[2]), Reserved::Reserved(held(&[1])));
    assert_eq!(holding_without(&[1, 2]), Reserved::Released);
}

#[test]
fn who_gives_way_is_rejected_if_nobody_knows_and_released_otherwise() {
    let here = reservation(Reserved::Reserved(held(&[1])));
    let now = OffsetDateTime::UNIX_EPOCH + time::Duration::HOUR;
    let rejected = here.reject_instead(now);
    assert_eq!((rejected.state.state, rejected.state.version), (Reserved::Rejected(RejectReason::OutOfStock), 1));
    let released = here.released_meanwhile(now);
    assert_eq!((released.state, released.version, released.update_time), (Reserved::Released, 2, now));
}
