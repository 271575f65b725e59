mod model;

use std::collections::{BTreeMap, BTreeSet};

use time::Duration;

use super::*;
use crate::domain::{
    Name, Phone, Shop,
    actor::Kind,
    order::{self, Line, Lines},
    phone::Draft,
};

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn manager() -> Actor {
    Actor::person(Kind::Manager, "m")
}

fn price(minor_units: i64) -> Price {
    Price::new(minor_units).expect("a price")
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).expect("a currency")
}

fn shop() -> Shop {
    Shop::register(Uuid::nil(), Name::parse("shop").expect("a name"), currency("KRW"), manager(), NOW).state
}

/// Phone `n` costs 10 × n won; `available[n - 1]` units of it can be reserved.
fn offers(available: &[u32]) -> BTreeMap<Uuid, Offer> {
    let offer = |(index, &available): (usize, &u32)| {
        let number = u32::try_from(index + 1).expect("a few phones");
        let name = Name::parse("phone").expect("a name");
        let draft = Draft { name, unit_price: price(10 * i64::from(number)), serials: Vec::new() };
        let phone = Phone::register(Uuid::from_u128(number.into()), &shop(), draft, manager(), NOW).state;
        (phone.id, Offer { phone, available, requested: BTreeSet::new() })
    };
    available.iter().enumerate().map(offer).collect()
}

fn line(phone: u128, quantity: u32) -> Line {
    Line { phone_id: Uuid::from_u128(phone), quantity, expected: None, requested: Vec::new() }
}

fn order(lines: Vec<Line>) -> Order {
    Order {
        id: Uuid::from_u128(99),
        shop_id: Uuid::nil(),
        customer_id: "c".to_owned(),
        lines: Lines::new(lines).expect("lines"),
        status: order::Status::Placed,
        reserve_by: NOW,
        version: 1,
        create_time: NOW,
        update_time: NOW,
    }
}

fn held(serials: &[u64]) -> Held {
    let serials = serials.iter().copied().map(Serial::assigned).collect();
    Held {
        currency: currency("KRW"),
        lines: vec![HeldLine { phone_id: Uuid::from_u128(1), unit_price: price(10), serials }],
    }
}

#[test]
fn all_lines_are_taken_at_the_prices_of_now() {
    let decision = decide(&order(vec![line(2, 3), line(1, 1)]), Some(&shop()), &offers(&[1, 5]), NOW);
    let take = |phone: u128, quantity, minor| Take {
        phone_id: Uuid::from_u128(phone),
        pick: Pick::Oldest(quantity),
        unit_price: price(minor),
    };
    let takes = vec![take(1, 1, 10), take(2, 3, 20)];
    assert_eq!(decision, Decision::Reserve { currency: currency("KRW"), takes });
}

#[test]
fn each_reason_rejects() {
    let expecting = |price, currency| order(vec![Line { expected: Some((price, currency)), ..line(1, 1) }]);
    let plain = order(vec![line(1, 1)]);
    let closed = shop().close(manager(), NOW).expect("a change").state;
    let cases = [
        (plain.clone(), Some(shop()), NOW + Duration::MICROSECOND, RejectReason::Expired),
        (plain.clone(), None, NOW, RejectReason::UnknownShop),
        (plain, Some(closed), NOW, RejectReason::ShopClosed),
        (order(vec![line(1, 1), line(3, 1)]), Some(shop()), NOW, RejectReason::UnknownPhone),
        (expecting(price(11), currency("KRW")), Some(shop()), NOW, RejectReason::PriceChanged),
        (expecting(price(10), currency("JPY")), Some(shop()), NOW, RejectReason::PriceChanged),
        (order(vec![line(1, 3), line(2, 1)]), Some(shop()), NOW, RejectReason::OutOfStock),
    ];
    for (order, shop, now, reason) in cases {
        assert_eq!(decide(&order, shop.as_ref(), &offers(&[2, 2]), now), Decision::Reject(reason));
    }
}

#[test]
fn the_price_that_was_expected_is_taken() {
    let order = order(vec![Line { expected: Some((price(10), currency("KRW"))), ..line(1, 2) }]);
    assert!(matches!(decide(&order, Some(&shop()), &offers(&[2]), NOW), Decision::Reserve { .. }));
}

#[test]
fn the_units_that_are_asked_for_are_taken_and_no_others() {
    let serials = |numbers: &[u64]| numbers.iter().copied().map(Serial::assigned).collect::<Vec<_>>();
    let order = order(vec![Line { requested: serials(&[7, 3]), ..line(1, 2) }, line(2, 1)]);
    let decision = |requested: &[u64]| {
        let mut offers = offers(&[9, 1]);
        let offer = offers.get_mut(&Uuid::from_u128(1)).expect("an offer");
        offer.requested = serials(requested).into_iter().collect();
        decide(&order, Some(&shop()), &offers, NOW)
    };
    let Decision::Reserve { takes, .. } = decision(&[3, 7]) else { panic!("both are available") };
    assert_eq!(takes[0].pick, Pick::Given(serials(&[7, 3])));
    assert_eq!(takes[1].pick, Pick::Oldest(1));
    for missing in [&[3][..], &[7], &[]] {
        assert_eq!(decision(missing), Decision::Reject(RejectReason::OutOfStock), "others are available: {missing:?}");
    }
}

#[test]
fn a_total_is_the_sum_of_its_lines() {
    let mut held = held(&[1, 2, 3]);
    held.lines.push(HeldLine {
        phone_id: Uuid::from_u128(2),
        unit_price: price(7),
        serials: vec![Serial::assigned(4)],
    });
    assert_eq!((held.units(), held.total()), (4, 37));
}

#[test]
fn every_state_answers_a_release() {
    let order = order(vec![line(1, 1)]);
    let reserved = Reservation::reserve(&order, held(&[1]), NOW).state;
    let change = reserved.clone().release(NOW).expect("released").expect("a change");
    assert_eq!((change.state.version, &change.state.state), (2, &State::Released));
    assert_eq!(change.event, Event::Released(Some(held(&[1]))));
    assert_eq!(change.state.release(NOW), Ok(None));
    let rejected = Reservation::reject(&order, RejectReason::OutOfStock, NOW).state;
    assert_eq!(rejected.release(NOW), Ok(None));
    let tombstone = Reservation::tombstone(&order, NOW);
    assert_eq!((tombstone.state.version, &tombstone.event), (1, &Event::Released(None)));
    assert_eq!(tombstone.state.release(NOW), Ok(None));
    let sold = reserved.sell(NOW).expect("sold").expect("a change").state;
    assert_eq!(sold.release(NOW), Err(Error::Sold));
}

#[test]
fn every_state_answers_a_sale() {
    let order = order(vec![line(1, 1)]);
    let change = Reservation::reserve(&order, held(&[1]), NOW).state.sell(NOW).expect("sold").expect("a change");
    assert_eq!((change.state.version, &change.state.state, &change.event), (2, &State::Sold(held(&[1])), &Event::Sold));
    assert_eq!(change.state.sell(NOW), Ok(None));
    let rejected = Reservation::reject(&order, RejectReason::Expired, NOW).state;
    assert_eq!(rejected.sell(NOW), Err(Error::NothingHeld("REJECTED")));
    assert_eq!(Reservation::tombstone(&order, NOW).state.sell(NOW), Err(Error::NothingHeld("RELEASED")));
}
