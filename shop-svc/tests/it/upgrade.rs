//! A database from before units had histories: what is known of them is told.

use std::borrow::Cow;

use chassis::store::sqlite::Sqlite;
use proto::shop::v1::{self, shop_service_server::ShopService, unit_event::Kind};
use shop_svc::adapters::store::sqlite::MIGRATIONS;
use sqlx::{Connection, SqliteConnection, migrate::Migrator};
use uuid::Uuid;

use crate::{
    orders::{Step, event, order},
    world::{World, by, staff},
};

/// The first migration of histories.
const FIRST: i64 = 1010;
/// A shop with a phone of three units: one available, one reserved, one sold.
const BEFORE: &str = "
    INSERT INTO shop VALUES (x'00000000000000000000000000000001', 'shop', 'KRW', 'OPEN', 1, 1000000, 1000000);
    INSERT INTO phone VALUES (x'00000000000000000000000000000002', x'00000000000000000000000000000001', 'S30', 10, 1,
        2000000, 2000000);
    INSERT INTO unit (phone_id, shop_id, serial, status, order_id, create_time)
    SELECT phone_id, shop_id, serial, status, order_id, 2000000 FROM phone, (
        SELECT 'SN-1' AS serial, 'AVAILABLE' AS status, NULL AS order_id
        UNION ALL SELECT 'SN-2', 'RESERVED', x'00000000000000000000000000000003'
        UNION ALL SELECT 'SN-3', 'SOLD', x'00000000000000000000000000000004');
    INSERT INTO reservation
    SELECT order_id, shop_id, status, NULL, 1 + (status = 'SOLD'), 3000000, 3000000 + 1000000 * (status = 'SOLD')
    FROM unit WHERE order_id IS NOT NULL;
    INSERT INTO reservation_line SELECT order_id, phone_id, 1, 10 FROM unit WHERE order_id IS NOT NULL;
    INSERT INTO shop_order
    SELECT order_id, shop_id, 'kim', 'CONFIRMED', 2, 3000000, 3000000 FROM reservation;
    INSERT INTO shop_order_line (order_id, phone_id, quantity) SELECT order_id, phone_id, 1 FROM reservation_line;";

#[tokio::test]
async fn what_is_known_of_older_units_begins_their_histories() {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("shop.db").display());
    let older = MIGRATIONS.iter().filter(|migration| migration.version < FIRST).cloned().collect();
    let older = Migrator { migrations: Cow::Owned(older), ..Migrator::DEFAULT };
    drop(Sqlite::open(&url, &older).await.expect("a database"));
    let mut connection = SqliteConnection::connect(&url).await.expect("a connection");
    sqlx::raw_sql(BEFORE).execute(&mut connection).await.expect("rows");
    connection.close().await.expect("closed");

    let world = World::on_sqlite_in(directory).await;
    let (shop_id, phone_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let history = async |serial: &str| {
        let request =
            v1::GetUnitRequest { shop_id: shop_id.to_string(), serial: serial.to_owned(), ..Default::default() };
        let answer = world.api.get_unit(by(&staff(shop_id), request)).await.expect("a unit").into_inner();
        let told = answer.events.into_iter().map(|event| {
            let actor = event.actor.clone().map(|actor| actor.id).unwrap_or_default();
            (event.kind(), event.order_id, actor, event.event_time.expect("a time").seconds)
        });
        told.collect::<Vec<_>>()
    };
    let registered = || (Kind::Registered, String::new(), String::new(), 2);
    let [held, shipped] = [3, 4].map(|id| Uuid::from_u128(id).to_string());
    let ours = || "shop-svc".to_owned();
    assert_eq!(history("SN-1").await, [registered()]);
    assert_eq!(history("SN-2").await, [registered(), (Kind::Reserved, held, ours(), 3)]);
    let (reserved, sold) = ((Kind::Reserved, shipped.clone(), ours(), 3), (Kind::Sold, shipped, ours(), 4));
    assert_eq!(history("SN-3").await, [registered(), reserved, sold]);

    let placed = order(shop_id, &[(phone_id, 1, None)]);
    world.take_in(&event(&placed, 1, Step::Placed)).await.expect("reserved");
    assert_eq!(history("SN-1").await[1].1, placed.order_id, "and they go on");
    let request = v1::ListShopOrdersRequest { shop_id: shop_id.to_string(), ..Default::default() };
    let orders = world.api.list_shop_orders(by(&staff(shop_id), request)).await.expect("orders").into_inner().orders;
    assert!(orders.len() == 3 && orders.iter().all(|order| order.lines[0].requested_serials.is_empty()));
}
