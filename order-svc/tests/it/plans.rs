//! Lists, counts and sweeps read no more than what they show.

use chassis::store::Database;
use order_svc::adapters::store::postgres::statements;

use crate::database::{Kept, On};

/// The lists and counts that are asked for again and again read no more than what they show.
#[tokio::test]
async fn what_waits_is_found_by_an_index_of_sqlite() {
    let kept = Kept::open(On::Sqlite).await;
    let Database::Sqlite(database) = &kept.database else { panic!("another database") };
    for (query, index) in [
        (
            "SELECT id FROM orders WHERE status = 'PLACED' AND booking = 'OUTSTANDING' AND (create_time, id) > (1, x'00') AND create_time < 5 ORDER BY create_time, id LIMIT 3",
            "orders_unbooked",
        ),
        (
            "SELECT id FROM orders WHERE status = 'PLACED' AND booking <> 'OUTSTANDING' AND (create_time, id) > (1, x'00') AND create_time < 5 ORDER BY create_time, id LIMIT 3",
            "orders_unreserved",
        ),
        (
            "SELECT id FROM orders WHERE status = 'CONFIRMED' AND (update_time, id) > (1, x'00') AND update_time < 5 ORDER BY update_time, id LIMIT 3",
            "orders_unshipped",
        ),
        (
            "SELECT count(*), count(*) FILTER (WHERE create_time < 5) FROM orders WHERE status = 'PLACED' AND booking = 'OUTSTANDING'",
            "orders_unbooked",
        ),
        (
            "SELECT count(*), count(*) FILTER (WHERE create_time < 5) FROM orders WHERE status = 'PLACED' AND booking <> 'OUTSTANDING'",
            "orders_unreserved",
        ),
        (
            "SELECT count(*), count(*) FILTER (WHERE update_time < 5) FROM orders WHERE status = 'CONFIRMED'",
            "orders_unshipped",
        ),
        ("SELECT count(*) FROM orders WHERE status = 'SHIPPED'", "orders_on_their_way"),
        (
            "UPDATE outstanding_booking SET due = 9 WHERE order_id IN (SELECT order_id FROM outstanding_booking WHERE due <= 5 ORDER BY due, order_id LIMIT 3)",
            "outstanding_booking_by_due",
        ),
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

/// Many orders that are over, and few of each kind that is not.
const MANY: &str = "
    INSERT INTO claim SELECT md5(n::text)::uuid, 'ORDER', now() FROM generate_series(1, 5000) AS n;
    INSERT INTO orders (id, customer_id, shop_id, status, booking, total, total_currency, carrier, tracking_number,
        reserve_by, version, create_time, update_time, key_issuer, key_subject, key_method, key, request_hash)
    SELECT md5(n::text)::uuid, 'c' || n % 500, md5((n % 50)::text)::uuid, status,
        CASE WHEN n % 100 = 1 THEN 'OUTSTANDING' ELSE 'AT_ONCE' END, 9, 'KRW',
        CASE WHEN status IN ('SHIPPED', 'DELIVERED') THEN 'CJ' END, CASE WHEN status IN ('SHIPPED', 'DELIVERED') THEN '1' END,
        at + interval '1 day', 4, at, at, 'i', 's' || n % 500, 'm', 'k' || n, sha256('x')
    FROM (SELECT n, timestamptz '2026-01-01' + n * interval '1 minute' AS at, CASE n % 100 WHEN 1 THEN 'PLACED'
        WHEN 2 THEN 'PLACED' WHEN 3 THEN 'CONFIRMED' WHEN 4 THEN 'SHIPPED' ELSE 'DELIVERED' END AS status
        FROM generate_series(1, 5000) AS n) AS made;
    INSERT INTO order_line (order_id, position, phone_id, quantity) SELECT id, n, md5(n::text)::uuid, 1
        FROM orders, generate_series(0, 1) AS n;
    INSERT INTO order_event SELECT id, n, 'PLACED', 'CUSTOMER', customer_id, '', create_time
        FROM orders, generate_series(1, 4) AS n;
    INSERT INTO outstanding_booking SELECT id, customer_id, request_hash, 'n', 'p', 'a', create_time
        FROM orders WHERE booking = 'OUTSTANDING'";

#[tokio::test]
async fn everything_is_found_by_an_index_of_postgresql() {
    let kept = Kept::open(On::Postgres).await;
    kept.fill(MANY).await;
    for (statement, index) in [
        (statements::LOCKED, "orders_pkey"),
        (statements::LOCKED_IF_IDLE, "orders_pkey"),
        (statements::LINES, "order_line_"),
        (statements::ORDER, "orders_pkey"),
        (statements::PLACED_WITH, "orders_by_key"),
        (statements::ALL, "orders_by_time"),
        (statements::OF_CUSTOMER, "orders_by_customer"),
        (statements::OF_SHOP, "orders_by_shop"),
        (statements::OF_EITHER, "orders_by_customer"),
        (statements::OF_EITHER, "orders_by_shop"),
        (statements::HISTORY, "order_event_pkey"),
        (statements::UNBOOKED, "orders_unbooked"),
        (statements::UNRESERVED, "orders_unreserved"),
        (statements::UNSHIPPED, "orders_unshipped"),
        (statements::COUNTS, "orders_unbooked"),
        (statements::COUNTS, "orders_unshipped"),
        (statements::COUNTS, "orders_on_their_way"),
        (statements::OVERDUE, "orders_overdue"),
        (statements::TAKE_DUE, "outstanding_booking_by_due"),
        (statements::OUTSTANDING, "outstanding_booking_pkey"),
    ] {
        let plan = kept.plan(statement).await;
        let used = ["using", "Index Scan on"].iter().any(|how| plan.contains(&format!("{how} {index}")));
        assert!(used, "{statement}: {plan}");
        assert!(!plan.contains("Seq Scan"), "{statement}: {plan}");
    }
}
