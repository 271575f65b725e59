//! The lists that are read, as queries.

use chassis::store::sqlite::micros;
use sqlx::{QueryBuilder, Sqlite};
use uuid::Uuid;

use super::super::row::ORDER_COLUMNS;
use crate::app::Query;

/// One customer's order.
pub(super) fn order(copy: i64, customer_id: &str, order_id: Uuid) -> QueryBuilder<Sqlite> {
    let mut query = orders();
    query.push_bind(copy).push(" AND o.order_id = ").push_bind(order_id);
    query.push(" AND o.customer_id = ").push_bind(customer_id.to_owned());
    query
}

/// One customer's orders, newest first.
pub(super) fn list(copy: i64, asked: &Query) -> QueryBuilder<Sqlite> {
    let mut query = orders();
    query.push_bind(copy).push(" AND o.customer_id = ").push_bind(asked.customer_id.clone());
    if let Some(status) = asked.status {
        query.push(" AND o.status = ").push_bind(status.name());
    }
    if let Some((time, id)) = asked.before {
        query.push(" AND (o.create_time, o.order_id) < (").push_bind(micros(time));
        query.push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY o.create_time DESC, o.order_id DESC LIMIT ").push_bind(asked.rows);
    query
}

/// One customer's orders that changed after a number, as they changed.
pub(super) fn changes(copy: i64, customer_id: &str, after: i64, rows: i64) -> QueryBuilder<Sqlite> {
    let mut query = orders();
    query.push_bind(copy).push(" AND o.customer_id = ").push_bind(customer_id.to_owned());
    query.push(" AND o.change > ").push_bind(after);
    query.push(" ORDER BY o.change LIMIT ").push_bind(rows);
    query
}

/// The counters of some customers.
pub(super) fn counters<'a>(copy: i64, customers: impl Iterator<Item = &'a str>) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT customer_id, change FROM my_customer WHERE copy = ");
    query.push_bind(copy).push(" AND customer_id IN (");
    let mut ids = query.separated(", ");
    for customer in customers {
        ids.push_bind(customer.to_owned());
    }
    query.push(")");
    query
}

fn orders() -> QueryBuilder<Sqlite> {
    QueryBuilder::new(format!(
        "SELECT {ORDER_COLUMNS} FROM my_order o \
         LEFT JOIN my_delivery d ON d.copy = o.copy AND d.order_id = o.order_id WHERE o.copy = "
    ))
}

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Row as _, SqliteConnection};
    use time::OffsetDateTime;

    use super::*;
    use crate::{adapters::store::sqlite::MIGRATIONS, domain::order::Status};

    async fn connection() -> SqliteConnection {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        MIGRATIONS.run(&mut connection).await.expect("a schema");
        connection
    }

    /// How a query is run: along indices alone, and without sorting.
    async fn plan(connection: &mut SqliteConnection, query: QueryBuilder<Sqlite>) -> String {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", query.sql().as_str()));
        let rows = sqlx::query(explained).fetch_all(connection).await.expect("a plan");
        let plan = rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ");
        assert!(!plan.contains("SCAN") && !plan.contains("USE TEMP B-TREE"), "{}: {plan}", query.sql().as_str());
        plan
    }

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let mut connection = connection().await;
        for (status, index) in [(None, "my_order_by_customer"), (Some(Status::Placed), "my_order_by_status")] {
            for before in [None, Some((OffsetDateTime::UNIX_EPOCH, Uuid::nil()))] {
                let query = Query { customer_id: "mina".to_owned(), status, before, rows: 10 };
                let plan = plan(&mut connection, list(1, &query)).await;
                assert!(plan.contains(&format!("o USING INDEX {index}")), "{query:?}: {plan}");
            }
        }
        let plan_of_changes = plan(&mut connection, changes(1, "mina", 7, 10)).await;
        assert!(plan_of_changes.contains("o USING INDEX my_order_by_change"), "{plan_of_changes}");
        plan(&mut connection, order(1, "mina", Uuid::nil())).await;
        plan(&mut connection, counters(1, ["mina", "minsu"].into_iter())).await;
    }
}
