//! Reads outside of any transaction.

use std::collections::HashMap;

use chassis::store::{Error, sqlite::micros};
use sqlx::{QueryBuilder, Sqlite, SqlitePool};
use uuid::Uuid;

use super::row::{MessageRow, OrderRow};
use crate::{
    app::{Query, Read},
    domain::{Message, MyOrder},
};

const ORDERS: &str = "SELECT o.order_id, o.customer_id, o.shop_id, o.status, o.lines, o.total_minor, o.currency, o.reason, \
    o.version, o.create_time, o.update_time, d.status AS delivery_status, d.carrier, d.tracking_number, \
    d.version AS delivery_version FROM my_order o LEFT JOIN my_delivery d ON d.order_id = o.order_id";

/// Messages that are read for one order at most, far above what its few changes call for.
const MESSAGES_PER_ORDER: usize = 100;

/// Reads through connections that can only read.
#[derive(Clone)]
pub struct Reads {
    pool: SqlitePool,
}

impl Reads {
    /// Reads through `pool`.
    pub fn new(pool: SqlitePool) -> Self {
        Self { pool }
    }

    async fn fetch(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<MyOrder>, Error> {
        let rows: Vec<OrderRow> = query.build_query_as().fetch_all(&self.pool).await?;
        let mut orders = rows.into_iter().map(MyOrder::try_from).collect::<Result<Vec<_>, _>>()?;
        self.add_messages(&mut orders).await?;
        Ok(orders)
    }

    async fn add_messages(&self, orders: &mut [MyOrder]) -> Result<(), Error> {
        if orders.is_empty() {
            return Ok(());
        }
        let mut query = QueryBuilder::new(
            "SELECT message_id, order_id, template, channel, status, time, version FROM my_message WHERE order_id IN (",
        );
        let mut ids = query.separated(", ");
        for mine in &*orders {
            ids.push_bind(mine.order.id);
        }
        query.push(") LIMIT ").push_bind(i64::try_from(orders.len() * MESSAGES_PER_ORDER).unwrap_or(i64::MAX));
        let rows: Vec<MessageRow> = query.build_query_as().fetch_all(&self.pool).await?;

        let mut messages: HashMap<Uuid, Vec<Message>> = HashMap::new();
        for row in rows {
            let message = Message::try_from(row)?;
            messages.entry(message.order_id).or_default().push(message);
        }
        for mine in orders {
            mine.messages = messages.remove(&mine.order.id).unwrap_or_default();
            mine.messages.sort_by_key(|message| (message.time, message.id));
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn order(&self, customer_id: &str, order_id: Uuid) -> Result<Option<MyOrder>, Error> {
        let mut query = QueryBuilder::new(ORDERS);
        query.push(" WHERE o.order_id = ").push_bind(order_id);
        query.push(" AND o.customer_id = ").push_bind(customer_id.to_owned());
        Ok(self.fetch(query).await?.pop())
    }

    async fn orders(&self, asked: &Query) -> Result<Vec<MyOrder>, Error> {
        self.fetch(list(asked)).await
    }
}

fn list(asked: &Query) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(ORDERS);
    query.push(" WHERE o.customer_id = ").push_bind(asked.customer_id.clone());
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

#[cfg(test)]
mod tests {
    use sqlx::{Connection, Row as _, SqliteConnection};
    use time::OffsetDateTime;

    use super::*;
    use crate::{adapters::store::sqlite::MIGRATIONS, domain::order::Status};

    async fn plan(connection: &mut SqliteConnection, query: QueryBuilder<Sqlite>) -> String {
        let explained = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", query.sql().as_str()));
        let rows = sqlx::query(explained).fetch_all(connection).await.expect("a plan");
        rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
    }

    #[tokio::test]
    async fn lists_are_read_along_the_index_that_fits_them() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.expect("a database");
        MIGRATIONS.run(&mut connection).await.expect("a schema");
        for (status, index) in [(None, "my_order_by_customer"), (Some(Status::Placed), "my_order_by_status")] {
            for before in [None, Some((OffsetDateTime::UNIX_EPOCH, Uuid::nil()))] {
                let query = Query { customer_id: "mina".to_owned(), status, before, rows: 10 };
                let plan = plan(&mut connection, list(&query)).await;
                assert!(plan.contains(&format!("o USING INDEX {index}")), "{query:?}: {plan}");
                assert!(!plan.contains("SCAN") && !plan.contains("USE TEMP B-TREE"), "{query:?}: {plan}");
            }
        }
    }
}
