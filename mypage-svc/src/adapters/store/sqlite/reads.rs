//! Reads outside of any transaction that writes.

use std::{collections::HashMap, sync::Arc};

use chassis::store::Error;
use futures::{TryStreamExt, future::BoxFuture};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    super::{
        CHANGES, CHANGES_BYTES, MESSAGES_PER_ORDER, Time as _,
        copy::ServedRow,
        row::{MessageRow, OrderRow},
    },
    copies, queries,
};
use crate::{
    app::{
        AsOf, Query, Read,
        ports::{Changed, Changes, Counters},
    },
    domain::{CopyId, Message, MyOrder, Place, Rebuild},
};

const LAST_REBUILD: &str = "SELECT copy, epoch, create_time, built_time, failure, skipped FROM copy \
    WHERE create_time IS NOT NULL ORDER BY copy DESC LIMIT 1";

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

    /// Reads at one moment of the database. A caller that goes away does not leave a connection in that moment: this goes
    /// on to its end in a task of its own.
    async fn at_one_moment<R, F>(&self, read: F) -> Result<R, Error>
    where
        R: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<R, Error>> + Send + 'static,
    {
        let pool = self.pool.clone();
        let reading = tokio::spawn(async move {
            let mut moment = pool.begin().await?;
            let read = read(&mut moment).await;
            moment.rollback().await?;
            read
        });
        reading.await.unwrap_or_else(|_panicked| Err(Error::Panicked))
    }
}

async fn served(connection: &mut SqliteConnection) -> Result<AsOf<CopyId>, Error> {
    let served: ServedRow<i64> =
        sqlx::query_as("SELECT c.copy, c.epoch, a.time FROM copy c, as_of a WHERE c.status = 'SERVED'")
            .fetch_one(connection)
            .await?;
    let as_of = served.time.map(i64::time).transpose()?;
    Ok(AsOf { value: CopyId { number: served.copy, epoch: served.epoch }, as_of })
}

async fn orders(
    connection: &mut SqliteConnection,
    copy: CopyId,
    mut query: QueryBuilder<Sqlite>,
) -> Result<Vec<MyOrder>, Error> {
    let rows: Vec<OrderRow<i64>> = query.build_query_as().fetch_all(&mut *connection).await?;
    let mut orders = rows.into_iter().map(MyOrder::try_from).collect::<Result<Vec<_>, _>>()?;
    add_messages(connection, copy, orders.iter_mut()).await?;
    Ok(orders)
}

async fn add_messages<'a>(
    connection: &mut SqliteConnection,
    copy: CopyId,
    orders: impl Iterator<Item = &'a mut MyOrder>,
) -> Result<(), Error> {
    let mut orders: HashMap<Uuid, &mut MyOrder> = orders.map(|mine| (mine.order.id, mine)).collect();
    if orders.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::new(
        "SELECT message_id, order_id, template, channel, status, time, version FROM my_message WHERE copy = ",
    );
    query.push_bind(copy.number).push(" AND order_id IN (");
    let mut ids = query.separated(", ");
    for id in orders.keys() {
        ids.push_bind(*id);
    }
    query.push(") LIMIT ").push_bind(i64::try_from(orders.len() * MESSAGES_PER_ORDER).unwrap_or(i64::MAX));
    let rows: Vec<MessageRow<i64>> = query.build_query_as().fetch_all(connection).await?;
    for row in rows {
        let message = Message::try_from(row)?;
        if let Some(mine) = orders.get_mut(&message.order_id) {
            mine.messages.push(message);
        }
    }
    for mine in orders.into_values() {
        mine.messages.sort_by_key(|message| (message.time, message.id));
    }
    Ok(())
}

async fn changes(
    connection: &mut SqliteConnection,
    customer_id: &str,
    after: Option<Place>,
) -> Result<AsOf<Changes>, Error> {
    let AsOf { value: copy, as_of } = served(connection).await?;
    let counter: Option<i64> = sqlx::query_scalar("SELECT change FROM my_customer WHERE copy = ? AND customer_id = ?")
        .bind(copy.number)
        .bind(customer_id)
        .fetch_optional(&mut *connection)
        .await?;
    let counter = counter.unwrap_or(0);
    // A place beyond the counter was seen in a database that was set back: it is no place of this one.
    let known = after.is_none_or(|after| after.epoch == copy.epoch && after.change <= counter);
    let from = after.filter(|_place| known).map_or(0, |after| after.change);

    let mut query = queries::changes(copy.number, customer_id, from, CHANGES + 1);
    let mut rows = query.build_query_as::<OrderRow<i64>>().fetch(&mut *connection);
    let (mut orders, mut bytes, mut complete) = (Vec::new(), 0, true);
    while let Some(row) = rows.try_next().await? {
        if bytes > CHANGES_BYTES || i64::try_from(orders.len()).is_ok_and(|count| count >= CHANGES) {
            complete = false;
            break;
        }
        bytes += row.bytes();
        orders.push(Changed { change: row.change(), mine: row.try_into()? });
    }
    drop(rows);
    add_messages(connection, copy, orders.iter_mut().map(|changed| &mut changed.mine)).await?;
    Ok(AsOf { value: Changes { copy, counter, known, orders, complete }, as_of })
}

#[async_trait::async_trait]
impl Read for Reads {
    async fn order(&self, customer_id: &str, order_id: Uuid) -> Result<AsOf<Option<MyOrder>>, Error> {
        let customer_id = customer_id.to_owned();
        self.at_one_moment(move |connection| {
            Box::pin(async move {
                let AsOf { value: copy, as_of } = served(connection).await?;
                let query = queries::order(copy.number, &customer_id, order_id);
                Ok(AsOf { value: orders(connection, copy, query).await?.pop(), as_of })
            })
        })
        .await
    }

    async fn orders(&self, asked: &Query) -> Result<AsOf<Vec<MyOrder>>, Error> {
        let asked = asked.clone();
        self.at_one_moment(move |connection| {
            Box::pin(async move {
                let AsOf { value: copy, as_of } = served(connection).await?;
                let query = queries::list(copy.number, &asked);
                Ok(AsOf { value: orders(connection, copy, query).await?, as_of })
            })
        })
        .await
    }

    async fn changes(&self, customer_id: &str, after: Option<Place>) -> Result<AsOf<Changes>, Error> {
        let customer_id = customer_id.to_owned();
        self.at_one_moment(move |connection| Box::pin(async move { changes(connection, &customer_id, after).await }))
            .await
    }

    async fn counters(&self, customers: &[Arc<str>]) -> Result<AsOf<Counters>, Error> {
        let customers = customers.to_vec();
        self.at_one_moment(move |connection| {
            Box::pin(async move {
                let AsOf { value: copy, as_of } = served(connection).await?;
                let mut query = queries::counters(copy.number, customers.iter().map(AsRef::as_ref));
                let counters: Vec<(String, i64)> = query.build_query_as().fetch_all(connection).await?;
                Ok(AsOf { value: Counters { copy, counters: counters.into_iter().collect() }, as_of })
            })
        })
        .await
    }

    async fn rebuild(&self) -> Result<Option<Rebuild>, Error> {
        self.at_one_moment(|connection| Box::pin(copies::rebuild(connection, LAST_REBUILD))).await
    }

    async fn as_of(&self) -> Result<Option<OffsetDateTime>, Error> {
        let noted: Option<i64> = sqlx::query_scalar("SELECT time FROM as_of").fetch_one(&self.pool).await?;
        noted.map(i64::time).transpose()
    }
}
