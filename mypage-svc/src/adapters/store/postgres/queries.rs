//! The hot statements and the lists that are read, as queries.

use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::super::{MESSAGES_PER_ORDER, row::ORDER_COLUMNS};
use crate::app::Query;

/// Keeps an order where no later version is kept: raises its customer's counter and gives the order the new number. The
/// caller holds the order's lock.
pub(super) const KEEP_ORDER: &str = "WITH raised AS (\
        INSERT INTO my_customer (copy, customer_id, change) SELECT $1, $3, 1 WHERE NOT EXISTS \
            (SELECT 1 FROM my_order WHERE copy = $1 AND order_id = $2 AND version >= $11) \
        ON CONFLICT (copy, customer_id) DO UPDATE SET change = my_customer.change + 1 RETURNING change) \
    INSERT INTO my_order (copy, order_id, customer_id, change, shop_id, status, lines, total_minor, currency, reason, \
        booking_outstanding, version, create_time, update_time) \
    SELECT $1, $2, $3, raised.change, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 FROM raised \
    ON CONFLICT (copy, order_id) DO UPDATE SET customer_id = excluded.customer_id, change = excluded.change, \
        shop_id = excluded.shop_id, status = excluded.status, lines = excluded.lines, \
        total_minor = excluded.total_minor, currency = excluded.currency, reason = excluded.reason, \
        booking_outstanding = excluded.booking_outstanding, version = excluded.version, \
        create_time = excluded.create_time, update_time = excluded.update_time \
    RETURNING change";

/// Raises the counter of an order's customer, where the order is kept, and gives the order the new number. The caller holds
/// the order's lock.
pub(super) const SHOW: &str = "WITH raised AS (\
        INSERT INTO my_customer (copy, customer_id, change) \
        SELECT copy, customer_id, 1 FROM my_order WHERE copy = $1 AND order_id = $2 \
        ON CONFLICT (copy, customer_id) DO UPDATE SET change = my_customer.change + 1 RETURNING change) \
    UPDATE my_order SET change = raised.change FROM raised WHERE copy = $1 AND order_id = $2 \
    RETURNING customer_id, my_order.change";

/// The last of each producer's epochs' numbers that were ticked, from one epoch to the next along the key.
pub(super) const TICKED: &str = "WITH RECURSIVE last AS (\
        (SELECT producer, epoch, sequence FROM inbox_tick ORDER BY producer DESC, epoch DESC, sequence DESC LIMIT 1) \
        UNION ALL SELECT earlier.producer, earlier.epoch, earlier.sequence FROM last, LATERAL \
            (SELECT producer, epoch, sequence FROM inbox_tick WHERE (producer, epoch) < (last.producer, last.epoch) \
             ORDER BY producer DESC, epoch DESC, sequence DESC LIMIT 1) AS earlier) \
    SELECT producer, epoch, sequence FROM last";

/// One customer's order.
pub(super) fn order(copy: i64, customer_id: &str, order_id: Uuid) -> QueryBuilder<Postgres> {
    let mut query = orders(copy);
    query.push(" AND o.order_id = ").push_bind(order_id);
    query.push(" AND o.customer_id = ").push_bind(customer_id.to_owned());
    query
}

/// One customer's orders, newest first.
pub(super) fn list(copy: i64, asked: &Query) -> QueryBuilder<Postgres> {
    let mut query = orders(copy);
    query.push(" AND o.customer_id = ").push_bind(asked.customer_id.clone());
    if let Some(status) = asked.status {
        query.push(" AND o.status = ").push_bind(status.name());
    }
    if let Some((time, id)) = asked.before {
        query.push(" AND (o.create_time, o.order_id) < (").push_bind(time);
        query.push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY o.create_time DESC, o.order_id DESC LIMIT ").push_bind(asked.rows);
    query
}

/// One customer's orders that changed after a number, as they changed.
pub(super) fn changes(copy: i64, customer_id: &str, after: i64, rows: i64) -> QueryBuilder<Postgres> {
    let mut query = orders(copy);
    query.push(" AND o.customer_id = ").push_bind(customer_id.to_owned());
    query.push(" AND o.change > ").push_bind(after);
    query.push(" ORDER BY o.change LIMIT ").push_bind(rows);
    query
}

/// The messages about some orders.
pub(super) fn messages(copy: i64, orders: Vec<Uuid>) -> QueryBuilder<Postgres> {
    let rows = i64::try_from(orders.len() * MESSAGES_PER_ORDER).unwrap_or(i64::MAX);
    let mut query = QueryBuilder::new(
        "SELECT message_id, order_id, template, channel, status, time, version FROM my_message WHERE copy = ",
    );
    query.push_bind(copy).push(" AND order_id = ANY(").push_bind(orders).push(") LIMIT ").push_bind(rows);
    query
}

/// The counters of some customers.
pub(super) fn counters(copy: i64, customers: Vec<String>) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new("SELECT customer_id, change FROM my_customer WHERE copy = ");
    query.push_bind(copy).push(" AND customer_id = ANY(").push_bind(customers).push(")");
    query
}

fn orders(copy: i64) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(format!(
        "SELECT {ORDER_COLUMNS} FROM my_order o \
         LEFT JOIN my_delivery d ON d.copy = o.copy AND d.order_id = o.order_id WHERE o.copy = "
    ));
    query.push_bind(copy);
    query
}

#[cfg(test)]
mod tests {
    use sqlx::{Arguments as _, Connection, Execute as _, PgConnection, Row as _, postgres::PgArguments};
    use time::OffsetDateTime;

    use super::{super::copies::CLEARINGS, *};
    use crate::{adapters::store::postgres::MIGRATIONS, domain::order::Status};

    /// Two copies of 20,000 orders of 500 customers, each with a delivery and two messages.
    const FILL: [&str; 6] = [
        "INSERT INTO copy (copy, epoch, status, create_time) VALUES (2, gen_random_uuid(), 'BUILDING', now())",
        "INSERT INTO my_customer SELECT c, 'customer-' || n, 1000 FROM generate_series(0, 499) AS n, generate_series(1, 2) AS c",
        "INSERT INTO my_order SELECT c, order_id(n), 'customer-' || n % 500, n / 500 + 1, gen_random_uuid(), \
         CASE WHEN n % 10 = 0 THEN 'PLACED' ELSE 'DELIVERED' END, '', NULL, NULL, '', false, 1, to_timestamp(n), to_timestamp(n) \
         FROM generate_series(1, 20000) AS n, generate_series(1, 2) AS c",
        "INSERT INTO my_delivery SELECT copy, order_id, 'READY', '', '', 1 FROM my_order",
        "INSERT INTO my_message SELECT copy, gen_random_uuid(), order_id, 'PLACED', 'log', 'SENT', now(), 1 \
         FROM my_order, generate_series(1, 2)",
        "ANALYZE",
    ];
    const ORDER_ID: &str = "CREATE FUNCTION order_id(n integer) RETURNS uuid LANGUAGE sql AS \
        $$ SELECT lpad(to_hex(n), 32, '0')::uuid $$";
    /// As the chassis keeps it.
    const TICKS: &str = "CREATE TABLE inbox_tick (producer text, epoch uuid, sequence bigint, \
        PRIMARY KEY (producer, epoch, sequence))";
    const FILL_TICKS: &str = "INSERT INTO inbox_tick SELECT p, order_id(1), n \
        FROM generate_series(1, 20000) AS n, unnest(ARRAY['order', 'delivery', 'notify']) AS p";

    async fn filled() -> PgConnection {
        let mut connection = PgConnection::connect(&xtask::postgres::database().await).await.expect("a database");
        MIGRATIONS.run(&mut connection).await.expect("a schema");
        for statement in [ORDER_ID, TICKS, FILL_TICKS].into_iter().chain(FILL) {
            sqlx::query(statement).execute(&mut connection).await.expect("filled");
        }
        connection
    }

    /// How a query is run: along indices alone, and without sorting what may be much.
    async fn plan(connection: &mut PgConnection, mut query: QueryBuilder<Postgres>) -> String {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN (COSTS OFF) {}", query.sql().as_str()));
        let arguments = query.build().take_arguments().expect("arguments").expect("some");
        let rows = sqlx::query_with(explained, arguments).fetch_all(connection).await.expect("a plan");
        let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect::<Vec<_>>().join("\n");
        assert!(!plan.contains("Seq Scan") && !plan.contains("Sort"), "{}: {plan}", query.sql().as_str());
        plan
    }

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let mut connection = filled().await;
        for (status, index) in [(None, "my_order_by_customer"), (Some(Status::Placed), "my_order_by_status")] {
            for before in [None, Some((OffsetDateTime::UNIX_EPOCH + time::Duration::hours(1), Uuid::nil()))] {
                let query = Query { customer_id: "customer-10".to_owned(), status, before, rows: 10 };
                let plan = plan(&mut connection, list(1, &query)).await;
                assert!(plan.contains(&format!("using {index} on my_order")), "{query:?}: {plan}");
            }
        }
        let changed = plan(&mut connection, changes(1, "customer-10", 7, 10)).await;
        assert!(changed.contains("using my_order_by_change on my_order"), "{changed}");
        plan(&mut connection, order(1, "customer-10", Uuid::from_u128(10))).await;
        plan(&mut connection, messages(1, (1..=50).map(Uuid::from_u128).collect())).await;
        plan(&mut connection, counters(1, vec!["customer-10".to_owned(), "customer-11".to_owned()])).await;
    }

    #[tokio::test]
    async fn what_is_kept_and_what_was_ticked_is_found_along_keys() {
        let mut connection = filled().await;
        let mut arguments = PgArguments::default();
        arguments.add(1_i64).and_then(|()| arguments.add(Uuid::from_u128(10))).expect("two arguments");
        let shown = plan(&mut connection, QueryBuilder::with_arguments(SHOW, arguments)).await;
        assert_eq!(shown.matches("using my_order_pkey on my_order").count(), 2, "{shown}");
        for clearing in &CLEARINGS[..3] {
            let mut arguments = PgArguments::default();
            arguments.add(1_i64).and_then(|()| arguments.add(500_i64)).expect("two arguments");
            plan(&mut connection, QueryBuilder::with_arguments(*clearing, arguments)).await;
        }
        let ticked = plan(&mut connection, QueryBuilder::new(TICKED)).await;
        assert_eq!(ticked.matches("Index Only Scan Backward using inbox_tick_pkey").count(), 2, "{ticked}");
    }
}
