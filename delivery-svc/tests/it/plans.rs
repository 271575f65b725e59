//! Lists, counts and sweeps read no more than what they show.

use chassis::store::Database;
use delivery_svc::{
    adapters::store::postgres::statements,
    app::list_deliveries::{Filter, Query},
    domain::delivery::Status,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    database::{Kept, On},
    samples::SHOP,
};

#[tokio::test]
async fn everything_is_found_by_an_index_of_sqlite() {
    let kept = Kept::open(On::Sqlite).await;
    let Database::Sqlite(database) = &kept.database else { panic!("another database") };
    for (query, index) in [
        ("SELECT * FROM delivery WHERE TRUE ORDER BY create_time, delivery_id", "delivery_by_time"),
        (
            "SELECT * FROM delivery WHERE TRUE AND status = 'READY' ORDER BY create_time, delivery_id",
            "delivery_by_status",
        ),
        ("SELECT * FROM delivery WHERE TRUE AND shop_id = x'00' ORDER BY create_time, delivery_id", "delivery_by_shop"),
        (
            "SELECT * FROM delivery WHERE shop_id = x'00' AND status = 'READY' ORDER BY create_time, delivery_id",
            "delivery_by_shop_and_status",
        ),
        (
            "UPDATE delivery SET asked_until = 9 WHERE delivery_id IN (SELECT delivery_id FROM delivery WHERE claimed = 0 AND create_time < 1 AND (asked_until IS NULL OR asked_until <= 5) ORDER BY create_time, delivery_id LIMIT 9)",
            "delivery_unclaimed",
        ),
        (
            "SELECT * FROM delivery WHERE customer_id = 'c' AND recipient_name IS NOT NULL AND delivery_id > x'00' ORDER BY delivery_id LIMIT 9",
            "delivery_of_customer",
        ),
        (
            "SELECT count(*) FROM delivery WHERE customer_id = 'c' AND recipient_name IS NOT NULL",
            "delivery_of_customer",
        ),
        ("SELECT count(*) FROM (SELECT 1 FROM delivery WHERE status = 'READY' LIMIT 9)", "delivery_by_status"),
    ] {
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}")))
                .fetch_all(&database.reads())
                .await
                .expect("a plan");
        let steps: Vec<_> = plan.into_iter().map(|(.., step)| step).collect();
        assert!(steps.iter().any(|step| step.contains(index)), "{query}: {steps:?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{query}: {steps:?}");
    }
}

/// Many deliveries that are over, and few of each kind that is not.
const MANY: &str = "
    INSERT INTO delivery (delivery_id, shop_id, customer_id, request_hash, recipient_name, recipient_phone_number,
        recipient_address, status, claimed, carrier, tracking_number, version, create_time, update_time)
    SELECT md5(n::text)::uuid, md5((n % 50)::text)::uuid, 'c' || n % 500, sha256('x'), 'n', 'p', 'a', status,
        n % 100 <> 1, CASE WHEN status IN ('SHIPPED', 'DELIVERED') THEN 'CJ' END,
        CASE WHEN status IN ('SHIPPED', 'DELIVERED') THEN '1' END, 4, at, at
    FROM (SELECT n, timestamptz '2026-01-01' + n * interval '1 minute' AS at, CASE n % 100 WHEN 1 THEN 'BOOKED'
        WHEN 2 THEN 'BOOKED' WHEN 3 THEN 'READY' WHEN 4 THEN 'SHIPPED' ELSE 'DELIVERED' END AS status
        FROM generate_series(1, 5000) AS n) AS made";

#[tokio::test]
async fn everything_is_found_by_an_index_of_postgresql() {
    let kept = Kept::open(On::Postgres).await;
    kept.fill(MANY).await;
    for (statement, index) in [
        (statements::LOCKED, "delivery_pkey"),
        (statements::OF_CUSTOMER, "delivery_of_customer"),
        (statements::ADDRESSED, "delivery_of_customer"),
        (statements::STANDING, "delivery_by_status"),
        (statements::TAKE_UNCLAIMED, "delivery_unclaimed"),
    ] {
        expect(&kept, statement, index).await;
    }
    for (shop_id, status, index) in [
        (None, None, "delivery_by_time"),
        (None, Some(Status::Ready), "delivery_by_status"),
        (Some(SHOP), None, "delivery_by_shop"),
        (Some(SHOP), Some(Status::Ready), "delivery_by_shop_and_status"),
    ] {
        for after in [None, Some((OffsetDateTime::UNIX_EPOCH, Uuid::nil()))] {
            let query = Query { filter: Filter { shop_id, status }, after, rows: 9 };
            expect(&kept, statements::list(&query).sql().as_str(), index).await;
        }
    }
}

async fn expect(kept: &Kept, statement: &str, index: &str) {
    let plan = kept.plan(statement).await;
    let used = ["using", "Index Scan on"].iter().any(|how| plan.contains(&format!("{how} {index} ")));
    assert!(used, "{statement}: {plan}");
    assert!(!plan.contains("Seq Scan"), "{statement}: {plan}");
}
