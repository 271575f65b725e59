//! Units and their histories.

use super::*;

pub async fn units_are_taken_oldest_first_or_not_at_all(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-3", "SN-2", "SN-1"]).await;
    reserve(store, &new_order(&phone, 4), &phone, Pick::Oldest(4)).await.expect_err("only three");
    let order = new_order(&phone, 2);
    let reservation = reserve(store, &order, &phone, Pick::Oldest(2)).await.expect("reserved");
    let State::Reserved(held) = reservation.state else { panic!("{reservation:?}") };
    assert_eq!(held.lines[0].serials, serials(&["SN-3", "SN-2"]));
    reserve(store, &new_order(&phone, 2), &phone, Pick::Oldest(2)).await.expect_err("only one is left");
    let status = Some(unit::Status::Reserved);
    let units = reads.units(&phone, status, None, 10).await.expect("units");
    assert!(units.iter().all(|unit| unit.state == unit::State::Reserved(order.id)));
    assert_eq!(reads.units(&phone, status, Some(&units[0].serial), 10).await.expect("units"), units[1..]);
    assert_eq!(reads.units(&phone, None, None, 1).await.expect("units"), units[..1]);
}

pub async fn a_serial_is_in_a_shop_once(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-1", "SN-2"]).await;
    let again = phone.add_units(serials(&["SN-3", "SN-1"]), boss(), START);
    save_phone(store, &again).await.expect_err("taken");
    let stocked = reads.phone(phone.shop_id, phone.id).await.expect("an answer").expect("a phone");
    assert_eq!((stocked.phone.version, stocked.stock.registered()), (1, 2), "all or none");
    let shop_id = phone.shop_id;
    let taken = |limit| {
        run(store, move |tx| {
            Box::pin(async move { tx.taken_serials(shop_id, &serials(&["SN-0", "SN-1", "SN-2"]), limit).await })
        })
    };
    let mut both = taken(20).await.expect("an answer");
    both.sort();
    assert_eq!(both, serials(&["SN-1", "SN-2"]));
    assert_eq!(taken(1).await.expect("an answer").len(), 1);
    super::phone(store, &["SN-1"]).await;
}

pub async fn numbers_are_assigned_once(store: &Store<dyn Tx>, _reads: &dyn Read) {
    let shop_id = phone(store, &[]).await.shop_id;
    let assign = |count| run(store, move |tx| Box::pin(async move { tx.assign_numbers(shop_id, count).await }));
    assert_eq!(assign(3).await.expect("numbers"), 1);
    assert_eq!(assign(1).await.expect("numbers"), 4);
    assert_eq!(assign(10_000).await.expect("numbers"), 5);
}

pub async fn given_units_are_taken_or_none(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-1", "SN-2", "SN-3"]).await;
    let other = save_new_phone(store, phone.shop_id, &["SN-4"]).await;
    let take = |texts: &[&str]| {
        let pick = Pick::Given(serials(texts));
        let (order, phone) = (new_order(&phone, u32::try_from(texts.len()).expect("few")), phone.clone());
        async move { reserve(store, &order, &phone, pick).await }
    };
    let State::Reserved(held) = take(&["SN-3", "SN-1"]).await.expect("reserved").state else { panic!("not reserved") };
    assert_eq!(held.lines[0].serials, serials(&["SN-1", "SN-3"]), "oldest first");
    for wrong in [&["SN-2", "SN-3"][..], &["SN-2", "SN-4"], &["SN-2", "SN-9"]] {
        take(wrong).await.expect_err("one of them is not there to take");
    }
    let line = Line { requested: serials(&["SN-2", "SN-3", "SN-4", "SN-9"]), ..one_line(&phone, 4) };
    let shop_id = phone.shop_id;
    let offer = run(store, move |tx| {
        let line = line.clone();
        Box::pin(async move { tx.offers(shop_id, &[line]).await })
    });
    let offer = offer.await.expect("an answer").remove(&phone.id).expect("an offer");
    assert_eq!((offer.available, offer.requested), (1, serials(&["SN-2"]).into_iter().collect()));
    let stock = |phone: &Phone| reads.phone(phone.shop_id, phone.id);
    assert_eq!(stock(&phone).await.expect("an answer").expect("a phone").stock.available, 1);
    assert_eq!(stock(&other).await.expect("an answer").expect("a phone").stock.available, 1);
}

pub async fn units_are_withdrawn_all_or_none(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-1", "SN-2", "SN-3"]).await;
    let order = new_order(&phone, 1);
    reserve(store, &order, &phone, Pick::Oldest(1)).await.expect("reserved");
    let asked = serials(&["SN-3", "SN-1", "SN-9"]);
    let phone_id = phone.id;
    let standing = run(store, move |tx| {
        let asked = asked.clone();
        Box::pin(async move { tx.standing(phone_id, &asked).await })
    });
    let [first, last] = ["SN-1", "SN-3"].map(|text| Serial::parse(text).expect("a serial"));
    let expected = [(first, unit::State::Reserved(order.id)), (last, unit::State::Available)].into();
    assert_eq!(standing.await.expect("an answer"), expected);

    // The domain refuses the second one; a store does as well, should it have been reserved meanwhile.
    let withdrawing = |texts: &[&str]| phone::Change {
        event: phone::Event::UnitsWithdrawn(serials(texts)),
        ..phone.add_units(Vec::new(), boss(), START + Duration::HOUR)
    };
    save_phone(store, &withdrawing(&["SN-2", "SN-1"])).await.expect_err("reserved");
    save_phone(store, &withdrawing(&["SN-2", "SN-9"])).await.expect_err("unknown");
    save_phone(store, &withdrawing(&["SN-2"])).await.expect("withdrawn");
    let stocked = reads.phone(phone.shop_id, phone.id).await.expect("an answer").expect("a phone");
    let Stock { available, reserved, sold, withdrawn } = stocked.stock;
    assert_eq!((available, reserved, sold, withdrawn, stocked.phone.version), (1, 1, 0, 1, 2));
    assert_eq!(reads.stock_of_all().await.expect("counts"), stocked.stock);
}

pub async fn a_history_tells_everything_that_happened(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-1", "SN-2"]).await;
    let later = START + Duration::HOUR;
    let first = reserve(store, &new_order(&phone, 1), &phone, Pick::Oldest(1)).await.expect("reserved");
    save(store, first.clone().release(later).expect("released").expect("a change")).await.expect("saved");
    let second = reserve(store, &new_order(&phone, 1), &phone, Pick::Oldest(1)).await.expect("reserved");
    save(store, second.clone().sell(later).expect("sold").expect("a change")).await.expect("saved");
    let serial = Serial::parse("SN-2").expect("a serial");
    let standing = [(serial.clone(), unit::State::Available)].into();
    let withdrawing = phone.withdraw_units(vec![serial], &standing, boss(), later).expect("available");
    save_phone(store, &withdrawing).await.expect("withdrawn");

    let history = |text: &str, after, rows| {
        let serial = Serial::parse(text).expect("a serial");
        async move { reads.history(phone.shop_id, &serial, after, rows).await.expect("an answer") }
    };
    let told = |history: Option<History>| -> Vec<(i64, Happening, OffsetDateTime)> {
        let entries = history.expect("a unit").entries.into_iter();
        entries.map(|entry| (entry.number, entry.what, entry.time)).collect()
    };
    let expected = [
        (1, Happening::Registered, START),
        (2, Happening::Reserved(first.order_id), START),
        (3, Happening::Released(first.order_id), later),
        (4, Happening::Reserved(second.order_id), START),
        (5, Happening::Sold(second.order_id), later),
    ];
    assert_eq!(told(history("SN-1", 0, 10).await), expected);
    assert_eq!(told(history("SN-1", 1, 3).await), expected[1..4]);
    assert_eq!(
        told(history("SN-2", 0, 10).await),
        [(1, Happening::Registered, START), (2, Happening::Withdrawn, later)]
    );
    assert_eq!(history("SN-9", 0, 10).await, None);

    let whole = history("SN-1", 0, 10).await.expect("a unit");
    assert_eq!(whole.unit.state, unit::State::Sold(second.order_id));
    let actors: Vec<_> = whole.entries.into_iter().map(|entry| entry.actor).collect();
    assert_eq!(actors[..2], [Some(boss()), Some(Actor::shop_svc())]);
}
