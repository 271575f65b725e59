//! Shops, phones, reservations, orders.

use super::*;

pub async fn shops_come_back_as_they_went(store: &Store<dyn Tx>, reads: &dyn Read) {
    let change = new_shop();
    save_shop(store, &change).await.expect("saved");
    assert_eq!(reads.shop(change.state.id).await.expect("an answer"), Some(change.state.clone()));
    assert_eq!(reads.shop(Uuid::now_v7()).await.expect("an answer"), None);
    let closed = change.state.close(boss(), START + Duration::MICROSECOND).expect("a change");
    save_shop(store, &closed).await.expect("saved");
    let slice = Slice { rows: 10, after: None };
    assert_eq!(reads.shops(slice).await.expect("shops"), std::slice::from_ref(&closed.state));
    let after = Slice { rows: 10, after: Some((START, closed.state.id)) };
    assert_eq!(reads.shops(after).await.expect("shops"), []);
}

pub async fn a_shop_is_changed_from_its_last_version_alone(store: &Store<dyn Tx>, reads: &dyn Read) {
    let change = new_shop();
    save_shop(store, &change).await.expect("saved");
    save_shop(store, &change).await.expect_err("registered already");
    let closed = change.state.close(boss(), START).expect("a change");
    save_shop(store, &closed).await.expect("saved");
    save_shop(store, &closed).await.expect_err("closed already");
    assert_eq!(reads.shop(change.state.id).await.expect("an answer"), Some(closed.state));
}

pub async fn phones_come_back_as_they_went(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-2", "SN-1"]).await;
    let stocked = reads.phone(phone.shop_id, phone.id).await.expect("an answer").expect("a phone");
    assert_eq!((&stocked.phone, stocked.stock.available, stocked.stock.registered()), (&phone, 2, 2));
    assert_eq!(reads.phone(Uuid::now_v7(), phone.id).await.expect("an answer"), None, "of another shop");
    let slice = Slice { rows: 10, after: None };
    assert_eq!(reads.phones(phone.shop_id, slice).await.expect("phones"), [stocked]);
    let units = reads.units(&phone, None, None, 10).await.expect("units");
    let listed: Vec<_> = units.iter().map(|unit| unit.serial.clone()).collect();
    assert_eq!(listed, serials(&["SN-2", "SN-1"]), "in the order they were named");
    assert!(units.iter().all(|unit| unit.state == unit::State::Available));
}

pub async fn a_phone_is_changed_from_its_last_version_alone(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &[]).await;
    let added = phone.add_units(serials(&["SN-1"]), boss(), START);
    save_phone(store, &added).await.expect("saved");
    let late = phone.add_units(serials(&["SN-2"]), boss(), START);
    save_phone(store, &late).await.expect_err("changed meanwhile");
    let stocked = reads.phone(phone.shop_id, phone.id).await.expect("an answer").expect("a phone");
    assert_eq!((stocked.phone, stocked.stock.registered()), (added.state, 1));
}

pub async fn reservations_come_back_in_every_state(store: &Store<dyn Tx>, _reads: &dyn Read) {
    let phone = phone(store, &["SN-1", "SN-2"]).await;
    let order = || new_order(&phone, 1);
    assert_eq!(found(store, Uuid::now_v7()).await, None);
    let reserved = reserve(store, &order(), &phone, Pick::Oldest(1)).await.expect("reserved");
    assert_eq!(found(store, reserved.order_id).await, Some(reserved.clone()));
    let released = reserved.release(START + Duration::HOUR).expect("released").expect("a change");
    save(store, released.clone()).await.expect("saved");
    assert_eq!(found(store, released.state.order_id).await, Some(released.state));
    let reserved = reserve(store, &order(), &phone, Pick::Oldest(2)).await.expect("the unit is free again");
    let sold = reserved.sell(START + Duration::HOUR).expect("sold").expect("a change");
    save(store, sold.clone()).await.expect("saved");
    assert_eq!(found(store, sold.state.order_id).await, Some(sold.state));
    let reasons = [
        RejectReason::UnknownShop,
        RejectReason::UnknownPhone,
        RejectReason::OutOfStock,
        RejectReason::PriceChanged,
        RejectReason::ShopClosed,
        RejectReason::Expired,
    ];
    for reason in reasons {
        let rejected = Reservation::reject(&order(), reason, START);
        save(store, rejected.clone()).await.expect("saved");
        assert_eq!(found(store, rejected.state.order_id).await, Some(rejected.state));
    }
    let tombstone = Reservation::tombstone(&order(), START);
    save(store, tombstone.clone()).await.expect("saved");
    assert_eq!(found(store, tombstone.state.order_id).await, Some(tombstone.state));
}

pub async fn a_reservation_is_changed_once(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &["SN-1"]).await;
    let reserved = reserve(store, &new_order(&phone, 1), &phone, Pick::Oldest(1)).await.expect("reserved");
    let sold = reserved.clone().sell(START).expect("sold").expect("a change");
    let released = reserved.release(START).expect("released").expect("a change");
    save(store, sold.clone()).await.expect("saved");
    save(store, sold).await.expect_err("sold already");
    save(store, released).await.expect_err("sold meanwhile");
    let stocked = reads.phone(phone.shop_id, phone.id).await.expect("an answer").expect("a phone");
    assert_eq!((stocked.stock.sold, stocked.stock.available), (1, 0));
}

pub async fn orders_only_advance(store: &Store<dyn Tx>, reads: &dyn Read) {
    let phone = phone(store, &[]).await;
    let line =
        Line { requested: serials(&["SN-3", "SN-1", "SN-2"]), ..new_order(&phone, 3).lines.as_slice()[0].clone() };
    let lines = Lines::new(vec![line.clone()]).expect("lines");
    let order = Order { version: 2, status: Status::Confirmed, lines, ..new_order(&phone, 3) };
    let keep = |order: Order| {
        run(store, move |tx| {
            let order = order.clone();
            Box::pin(async move { tx.keep_order(&order).await })
        })
    };
    keep(order.clone()).await.expect("kept");
    keep(order.clone()).await.expect("kept already");
    let shipped = Order { version: 3, status: Status::Shipped, update_time: START + Duration::HOUR, ..order.clone() };
    keep(shipped).await.expect("advanced");
    keep(Order { version: 1, status: Status::Placed, ..order.clone() }).await.expect("heard before");
    let slice = Slice { rows: 2, after: None };
    let listed = reads.orders(order.shop_id, Some(Status::Shipped), slice).await.expect("orders");
    assert_eq!((listed.size, listed.rows[0].id, listed.rows[0].version), (1, order.id, 3));
    assert_eq!((listed.rows[0].lines.len(), listed.rows[0].lines[0].quantity), (1, 3));
    assert_eq!(listed.rows[0].lines[0].requested, line.requested, "as they were asked for");
    assert_eq!((listed.rows[0].create_time, listed.rows[0].update_time), (START, START + Duration::HOUR));
    assert_eq!(reads.orders(order.shop_id, Some(Status::Confirmed), slice).await.expect("orders").rows, []);
}
