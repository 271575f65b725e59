//! What every store must do, whatever database it is over. One function a promise; each is called for each store.

use chassis::store::{self, Store};
use futures::future::BoxFuture;
use shop_svc::{
    app::{Read, Slice, Tx},
    domain::{
        Actor, Currency, Name, Order, Phone, Price, Reservation, Serial, Shop,
        actor::Kind,
        order::{Line, Lines, Status},
        phone::{self, Draft},
        reservation::{Held, HeldLine, RejectReason, State},
        shop, unit,
    },
};
use time::Duration;
use uuid::Uuid;

use crate::world::{START, World};

macro_rules! contract {
    ($($promise:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let world = World::open().await;
                promises::$promise(&world.store, world.reads.as_ref()).await;
                world.check_invariants().await;
            }
        )*
    };
}

contract! {
    shops_come_back_as_they_went,
    a_shop_is_changed_from_its_last_version_alone,
    phones_come_back_as_they_went,
    a_phone_is_changed_from_its_last_version_alone,
    a_serial_is_in_a_shop_once,
    numbers_are_assigned_once,
    units_are_taken_oldest_first_or_not_at_all,
    reservations_come_back_in_every_state,
    a_reservation_is_changed_once,
    orders_only_advance,
}

fn boss() -> Actor {
    Actor::person(Kind::Manager, "boss")
}

fn new_shop() -> shop::Change {
    let name = Name::parse("종로").expect("a name");
    Shop::register(Uuid::now_v7(), name, Currency::parse("USD").expect("a currency"), boss(), START)
}

fn serials(texts: &[&str]) -> Vec<Serial> {
    texts.iter().map(|text| Serial::parse(text).expect("a serial")).collect()
}

fn new_phone(shop: &Shop, texts: &[&str]) -> phone::Change {
    let name = Name::parse("S30").expect("a name");
    let draft = Draft { name, unit_price: Price::new(995).expect("a price"), serials: serials(texts) };
    Phone::register(Uuid::now_v7(), shop, draft, boss(), START)
}

fn new_order(phone: &Phone, quantity: u32) -> Order {
    Order {
        id: Uuid::now_v7(),
        shop_id: phone.shop_id,
        customer_id: "kim".to_owned(),
        lines: Lines::new(vec![Line { phone_id: phone.id, quantity, expected: None }]).expect("lines"),
        status: Status::Placed,
        reserve_by: START,
        version: 1,
        create_time: START,
        update_time: START,
    }
}

/// Runs one unit of work.
async fn run<R, F>(store: &Store<dyn Tx>, unit: F) -> Result<R, store::Error>
where
    R: Send + 'static,
    F: for<'a> FnMut(&'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<R, store::Error>> + Send + 'static,
{
    store.run(unit).await
}

async fn save_shop(store: &Store<dyn Tx>, change: &shop::Change) -> Result<(), store::Error> {
    let change = change.clone();
    run(store, move |tx| {
        let change = change.clone();
        Box::pin(async move { tx.save_shop(&change).await })
    })
    .await
}

async fn save_phone(store: &Store<dyn Tx>, change: &phone::Change) -> Result<(), store::Error> {
    let change = change.clone();
    run(store, move |tx| {
        let change = change.clone();
        Box::pin(async move { tx.save_phone(&change).await })
    })
    .await
}

/// A shop with one phone and its units.
async fn phone(store: &Store<dyn Tx>, texts: &[&str]) -> Phone {
    let shop = new_shop();
    save_shop(store, &shop).await.expect("saved");
    let change = new_phone(&shop.state, texts);
    save_phone(store, &change).await.expect("saved");
    change.state
}

/// Takes units for an order and saves its reservation.
async fn reserve(
    store: &Store<dyn Tx>,
    order: &Order,
    phone: &Phone,
    quantity: u32,
) -> Result<Reservation, store::Error> {
    let (order, phone) = (order.clone(), phone.clone());
    run(store, move |tx| {
        let (order, phone) = (order.clone(), phone.clone());
        Box::pin(async move {
            let serials = tx.take_units(order.id, phone.id, quantity).await?;
            let line = HeldLine { phone_id: phone.id, unit_price: phone.unit_price, serials };
            let change = Reservation::reserve(&order, Held { currency: phone.currency, lines: vec![line] }, START);
            tx.save_reservation(&change).await?;
            Ok(change.state)
        })
    })
    .await
}

async fn save(store: &Store<dyn Tx>, change: shop_svc::domain::reservation::Change) -> Result<(), store::Error> {
    run(store, move |tx| {
        let change = change.clone();
        Box::pin(async move { tx.save_reservation(&change).await })
    })
    .await
}

async fn found(store: &Store<dyn Tx>, order_id: Uuid) -> Option<Reservation> {
    run(store, move |tx| Box::pin(async move { tx.reservation(order_id).await })).await.expect("an answer")
}

mod promises {
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
        let units = reads.units(phone.id, None, Slice { rows: 10, after: None }).await.expect("units");
        let listed: Vec<_> = units.iter().map(|placed| placed.unit.serial.clone()).collect();
        assert_eq!(listed, serials(&["SN-2", "SN-1"]), "in the order they were named");
        assert!(units.iter().all(|placed| placed.unit.state == unit::State::Available));
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

    pub async fn units_are_taken_oldest_first_or_not_at_all(store: &Store<dyn Tx>, reads: &dyn Read) {
        let phone = phone(store, &["SN-3", "SN-2", "SN-1"]).await;
        reserve(store, &new_order(&phone, 4), &phone, 4).await.expect_err("only three");
        let order = new_order(&phone, 2);
        let reservation = reserve(store, &order, &phone, 2).await.expect("reserved");
        let State::Reserved(held) = reservation.state else { panic!("{reservation:?}") };
        assert_eq!(held.lines[0].serials, serials(&["SN-3", "SN-2"]));
        reserve(store, &new_order(&phone, 2), &phone, 2).await.expect_err("only one is left");
        let status = Some(unit::Status::Reserved);
        let units = reads.units(phone.id, status, Slice { rows: 10, after: None }).await.expect("units");
        assert!(units.iter().all(|placed| placed.unit.state == unit::State::Reserved(order.id)));
        let after = Slice { rows: 10, after: Some((START, units[0].place)) };
        assert_eq!(reads.units(phone.id, status, after).await.expect("units"), units[1..]);
    }

    pub async fn reservations_come_back_in_every_state(store: &Store<dyn Tx>, _reads: &dyn Read) {
        let phone = phone(store, &["SN-1", "SN-2"]).await;
        let order = || new_order(&phone, 1);
        assert_eq!(found(store, Uuid::now_v7()).await, None);
        let reserved = reserve(store, &order(), &phone, 1).await.expect("reserved");
        assert_eq!(found(store, reserved.order_id).await, Some(reserved.clone()));
        let released = reserved.release(START + Duration::HOUR).expect("released").expect("a change");
        save(store, released.clone()).await.expect("saved");
        assert_eq!(found(store, released.state.order_id).await, Some(released.state));
        let reserved = reserve(store, &order(), &phone, 2).await.expect("the unit is free again");
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
        let reserved = reserve(store, &new_order(&phone, 1), &phone, 1).await.expect("reserved");
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
        let order = Order { version: 2, status: Status::Confirmed, ..new_order(&phone, 3) };
        let keep = |order: Order| {
            run(store, move |tx| {
                let order = order.clone();
                Box::pin(async move { tx.keep_order(&order).await })
            })
        };
        let advance = |order: Order| {
            run(store, move |tx| {
                let order = order.clone();
                Box::pin(async move { tx.advance_order(&order).await })
            })
        };
        advance(order.clone()).await.expect_err("not kept yet");
        keep(order.clone()).await.expect("kept");
        keep(order.clone()).await.expect_err("kept already");
        advance(Order { version: 1, status: Status::Placed, ..order.clone() }).await.expect_err("heard before");
        let shipped =
            Order { version: 3, status: Status::Shipped, update_time: START + Duration::HOUR, ..order.clone() };
        advance(shipped).await.expect("advanced");
        let id = order.id;
        let version =
            run(store, move |tx| Box::pin(async move { tx.heard_version(id).await })).await.expect("an answer");
        assert_eq!(version, Some(3));
        let slice = Slice { rows: 2, after: None };
        let listed = reads.orders(order.shop_id, Some(Status::Shipped), slice).await.expect("orders");
        assert_eq!((listed.size, listed.rows[0].id, listed.rows[0].lines[0].quantity), (1, order.id, 3));
        assert_eq!((listed.rows[0].create_time, listed.rows[0].update_time), (START, START + Duration::HOUR));
        assert_eq!(reads.orders(order.shop_id, Some(Status::Confirmed), slice).await.expect("orders").rows, []);
    }
}
