//! What every store must do, whatever database it is over. One function a promise; each is called for each store.

mod promises;
mod units;

use chassis::store::{self, Store};
use futures::future::BoxFuture;
use shop_svc::{
    app::{History, Read, Slice, Tx},
    domain::{
        Actor, Currency, Name, Order, Phone, Price, Reservation, Serial, Shop, Stock,
        actor::Kind,
        history::Happening,
        order::{Line, Lines, Status},
        phone::{self, Draft},
        reservation::{Held, HeldLine, Pick, RejectReason, State, Take},
        shop, unit,
    },
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::world::{START, World, on_both};

macro_rules! contract {
    ($($module:ident::$promise:ident),* $(,)?) => {
        $(
            async fn $promise(world: World) {
                $module::$promise(&world.store, world.reads.as_ref()).await;
                world.check_invariants().await;
            }
        )*

        on_both! { $($promise),* }
    };
}

contract! {
    promises::shops_come_back_as_they_went,
    promises::a_shop_is_changed_from_its_last_version_alone,
    promises::phones_come_back_as_they_went,
    promises::a_phone_is_changed_from_its_last_version_alone,
    units::a_serial_is_in_a_shop_once,
    units::numbers_are_assigned_once,
    units::units_are_taken_oldest_first_or_not_at_all,
    promises::reservations_come_back_in_every_state,
    promises::a_reservation_is_changed_once,
    promises::orders_only_advance,
    units::given_units_are_taken_or_none,
    units::units_are_withdrawn_all_or_none,
    units::a_history_tells_everything_that_happened,
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

fn one_line(phone: &Phone, quantity: u32) -> Line {
    Line { phone_id: phone.id, quantity, expected: None, requested: Vec::new() }
}

fn new_order(phone: &Phone, quantity: u32) -> Order {
    Order {
        id: Uuid::now_v7(),
        shop_id: phone.shop_id,
        customer_id: "kim".to_owned(),
        lines: Lines::new(vec![one_line(phone, quantity)]).expect("lines"),
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

/// One more phone of a shop.
async fn save_new_phone(store: &Store<dyn Tx>, shop_id: Uuid, texts: &[&str]) -> Phone {
    let shop = run(store, move |tx| Box::pin(async move { tx.shop(shop_id).await })).await.expect("an answer");
    let change = new_phone(&shop.expect("a shop"), texts);
    save_phone(store, &change).await.expect("saved");
    change.state
}

/// Takes units for an order and saves its reservation.
async fn reserve(store: &Store<dyn Tx>, order: &Order, phone: &Phone, pick: Pick) -> Result<Reservation, store::Error> {
    let (order, phone) = (order.clone(), phone.clone());
    run(store, move |tx| {
        let (order, phone, pick) = (order.clone(), phone.clone(), pick.clone());
        Box::pin(async move {
            let take = Take { phone_id: phone.id, pick, unit_price: phone.unit_price };
            let serials = tx.take_units(order.id, &[take]).await?.remove(&phone.id).unwrap_or_default();
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
