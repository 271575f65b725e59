//! How PostgreSQL goes about what this service asks it: along an index, whatever else the tables hold.

use chassis::store::postgres::Postgres;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{MIGRATIONS, histories, orders, phones, reads, reservations, shops, units};
use crate::{
    app::Slice,
    domain::{Currency, Name, Phone, Price, Serial, order, unit},
};

/// Shops with phones with units, each of which was told of. Most units are available, as the planner then knows.
const FILL: &str = "
    INSERT INTO shop SELECT gen_random_uuid(), 's', 'KRW', 'OPEN', 1, now(), now() FROM generate_series(1, 200);
    INSERT INTO phone SELECT gen_random_uuid(), shop_id, 'p', 10, 1, now(), now() FROM shop, generate_series(1, 10);
    INSERT INTO unit (phone_id, shop_id, serial, status, create_time)
    SELECT phone_id, shop_id, upper(substr(md5(phone_id::text || number), 1, 20)), 'AVAILABLE', now()
    FROM phone, generate_series(1, 20) AS number;
    INSERT INTO unit_event (unit_id, number, kind, actor_kind, actor_id, event_time)
    SELECT unit_id, 1, 'REGISTERED', 'MANAGER', 'boss', now() FROM unit;
    INSERT INTO shop_order SELECT gen_random_uuid(), shop_id, 'kim', 'PLACED', 1, now(), now()
    FROM shop, generate_series(1, 50);
    INSERT INTO shop_order_line SELECT order_id, gen_random_uuid(), 1, '{}' FROM shop_order;
    INSERT INTO reservation SELECT order_id, shop_id, 'RESERVED', NULL, 1, now(), now() FROM shop_order;
    INSERT INTO reservation_line SELECT order_id, phone_id, 1, 10 FROM reservation JOIN LATERAL
        (SELECT phone_id FROM phone WHERE phone.shop_id = reservation.shop_id LIMIT 1) AS first ON true;
    ANALYZE";

/// A database that is filled, on which every statement is planned for any values.
async fn filled() -> PgConnection {
    let url = xtask::postgres::database().await;
    drop(Postgres::open(&url, &MIGRATIONS).await.expect("a database"));
    let mut connection = PgConnection::connect(&url).await.expect("a connection");
    sqlx::raw_sql(FILL).execute(&mut connection).await.expect("rows");
    // Small tables are read whole, whatever indices there are; these stand for large ones.
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    sqlx::raw_sql(settings).execute(&mut connection).await.expect("set");
    connection
}

/// The plan of a statement, with values of these types.
async fn plan(connection: &mut PgConnection, statement: &str, types: &str) -> String {
    let nulls = types.split(',').map(|_| "NULL").collect::<Vec<_>>().join(", ");
    let prepare = AssertSqlSafe(format!("PREPARE asked ({types}) AS {statement}"));
    sqlx::raw_sql(prepare).execute(&mut *connection).await.expect("prepared");
    let explain = sqlx::query_scalar(AssertSqlSafe(format!("EXPLAIN EXECUTE asked ({nulls})"))).persistent(false);
    let lines: Vec<String> = explain.fetch_all(&mut *connection).await.expect("a plan");
    sqlx::raw_sql("DEALLOCATE asked").execute(connection).await.expect("forgotten");
    lines.join("\n")
}

#[tokio::test]
async fn what_an_order_does_is_found_along_indices() {
    let mut connection = filled().await;
    let note = "text, uuid, text, text, timestamptz";
    for (statement, types, index) in [
        (phones::LOCK_ALL, "uuid[], uuid", "phone_by_shop"),
        (shops::LOCK_PHONES, "uuid", "phone_by_shop"),
        (units::TAKE_OLDEST, "uuid, uuid[], integer[]", "unit_by_status"),
        (units::TAKE_GIVEN, "uuid, uuid[], text[]", "unit_shop_id_serial_key"),
        (units::AVAILABLE, "uuid, text[]", "unit_shop_id_serial_key"),
        (units::STANDING, "uuid, text[]", "unit_shop_id_serial_key"),
        (units::TAKEN, "uuid, text[], bigint", "unit_shop_id_serial_key"),
        (reservations::LOCK_HELD, "uuid", "reservation_line_pkey"),
        (reservations::HELD, "uuid", "unit_by_order"),
        (histories::RESERVED, note, "unit_by_order"),
        (histories::FREE, note, "unit_by_order"),
        (histories::SELL, note, "unit_by_order"),
        (histories::WITHDRAW, &format!("{note}, uuid, uuid, text[]"), "unit_shop_id_serial_key"),
        (histories::STEP, &format!("{note}, uuid, text[], text, uuid"), "unit_shop_id_serial_key"),
    ] {
        let plan = plan(&mut connection, statement, types).await;
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{statement}\n{plan}");
    }
}

#[tokio::test]
async fn lists_are_read_along_indices() {
    let mut connection = filled().await;
    let after = Slice { rows: 50, after: Some((OffsetDateTime::UNIX_EPOCH, Uuid::nil())) };
    let (phone, serial) = (phone(), Serial::assigned(1));
    let sold = Some(unit::Status::Sold);
    let placed = Some(order::Status::Placed);
    for (query, types, index) in [
        (reads::shops_after(Slice { after: None, ..after }), "bigint", "shop_by_time"),
        (reads::shops_after(after), "timestamptz, uuid, bigint", "shop_by_time"),
        (reads::phones_after(Uuid::nil(), after), "uuid, timestamptz, uuid, bigint", "phone_by_shop"),
        (reads::units_after(&phone, None, None, 50), "text[], uuid, bigint, bigint", "unit_by_status"),
        (
            reads::units_after(&phone, sold, Some(&serial), 50),
            "text[], uuid, uuid, text, bigint, bigint",
            "unit_by_status",
        ),
        (orders::headers(Uuid::nil(), None, after), "uuid, timestamptz, uuid, bigint", "shop_order_by_time"),
        (orders::headers(Uuid::nil(), placed, after), "uuid, text, timestamptz, uuid, bigint", "shop_order_by_status"),
    ] {
        let plan = plan(&mut connection, query.sql().as_str(), types).await;
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{}\n{plan}", query.sql().as_str());
    }
    for (statement, types, index) in [
        (orders::LINES, "uuid[]", "shop_order_line_pkey"),
        (orders::SERIALS, "uuid[]", "unit_by_order"),
        (histories::LIST, "bigint, bigint, bigint", "unit_event_pkey"),
    ] {
        let plan = plan(&mut connection, statement, types).await;
        assert!(plan.contains(index) && !plan.contains("Seq Scan"), "{statement}\n{plan}");
    }
}

fn phone() -> Phone {
    Phone {
        id: Uuid::nil(),
        shop_id: Uuid::nil(),
        name: Name::parse("S30").expect("a name"),
        unit_price: Price::new(1).expect("a price"),
        currency: Currency::parse("KRW").expect("a currency"),
        version: 1,
        create_time: OffsetDateTime::UNIX_EPOCH,
        update_time: OffsetDateTime::UNIX_EPOCH,
    }
}
