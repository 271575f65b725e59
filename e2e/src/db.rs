//! Looks into the services' databases: what no API tells, read only.

mod connection;
mod content;

use sqlx::AssertSqlSafe;
use uuid::Uuid;
use xtask::mesh::Service;

pub use self::connection::Connection;
use self::connection::{either, said};
pub use self::content::{break_inserts, mend_inserts, places, rows};
use crate::wait::{self, holds};
use crate::world::World;

/// Who consumes whose events.
pub(crate) const CONSUMERS: [(Service, &[Service]); 5] = [
    (Service::Shop, &[Service::Order]),
    (Service::Order, &[Service::Shop, Service::Delivery]),
    (Service::Delivery, &[Service::Order]),
    (Service::Notify, &[Service::Order]),
    (Service::MyPage, &[Service::Order, Service::Delivery, Service::Notify]),
];
/// The longest chain of events that follow from one another.
const CHAIN: usize = 6;

/// Keeps a service from writing until it is released; the service's writes wait for some seconds, its reads do not.
pub struct Lock(Connection);

impl Lock {
    /// Takes the write lock of a service's file, or of every table on a server.
    pub async fn take(world: &World, service: Service) -> Self {
        let mut connection = Connection::write(world, service).await;
        let lock = match &connection {
            Connection::Sqlite(_) => "BEGIN IMMEDIATE".to_owned(),
            Connection::Postgres(_) => {
                let tables: Vec<_> =
                    rows(world, service).await.into_keys().map(|table| format!("\"{table}\"")).collect();
                format!("BEGIN; LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", "))
            }
        };
        connection.execute(lock).await;
        Self(connection)
    }

    /// Gives it back; nothing was changed.
    pub async fn release(mut self) {
        self.0.execute("ROLLBACK").await;
        self.0.close().await.expect("closed");
    }
}

/// Changes a service's database behind its back.
pub async fn change(world: &World, service: Service, statements: String) {
    let mut connection = Connection::write(world, service).await;
    connection.execute(statements).await;
    connection.close().await.expect("closed");
}

/// One number from a service's database.
///
/// # Errors
/// It could not be read.
pub async fn count(world: &World, service: Service, query: &'static str) -> Result<i64, String> {
    let mut connection = Connection::read(world, service).await?;
    let count = connection.number(query).await?;
    connection.close().await?;
    Ok(count)
}

/// Rows of an id and two numbers from a service's database.
///
/// # Errors
/// They could not be read.
pub async fn triples(world: &World, service: Service, query: String) -> Result<Vec<(Uuid, i64, i64)>, String> {
    let mut connection = Connection::read(world, service).await?;
    let query = AssertSqlSafe(query);
    let rows = either!(&mut connection, one => sqlx::query_as(query).fetch_all(one).await).map_err(said)?;
    connection.close().await?;
    Ok(rows)
}

/// The epoch that a service's events have now.
pub async fn epoch(world: &World, service: Service) -> Uuid {
    let mut connection = Connection::read(world, service).await.expect("the database");
    let query = "SELECT epoch FROM relay";
    let epoch = either!(&mut connection, one => sqlx::query_scalar(query).fetch_one(one).await).expect("an epoch");
    connection.close().await.expect("closed");
    epoch
}

/// An event that a service put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Who put it aside.
    pub service: Service,
    /// The event's id.
    pub event_id: Uuid,
    /// How often it was tried.
    pub attempts: i64,
}

/// The dead letters of a service.
///
/// # Errors
/// They could not be read.
pub async fn dead_letters(world: &World, service: Service) -> Result<Vec<DeadLetter>, String> {
    let mut connection = Connection::read(world, service).await?;
    let query = "SELECT event_id, attempts FROM dead_letter ORDER BY event_id";
    let rows: Vec<(Uuid, i64)> =
        either!(&mut connection, one => sqlx::query_as(query).fetch_all(one).await).map_err(said)?;
    connection.close().await?;
    Ok(rows.into_iter().map(|(event_id, attempts)| DeadLetter { service, event_id, attempts }).collect())
}

/// Waits until every event that is written now, and what follows from it, has been published and consumed by each of
/// its consumers.
pub async fn drained(world: &World) {
    for _ in 0..CHAIN {
        for (consumer, producers) in CONSUMERS {
            for producer in producers {
                consumed(world, consumer, *producer).await;
            }
        }
    }
}

async fn consumed(world: &World, consumer: Service, producer: Service) {
    let what = format!("{} to have consumed what {} wrote", consumer.name(), producer.name());
    let written = wait::until(&what, || count(world, producer, "SELECT coalesce(max(position), 0) FROM outbox")).await;
    wait::until(&what, || async move {
        let heads = heads(world, producer, written).await?;
        let mut connection = Connection::read(world, consumer).await?;
        for (epoch, head) in heads {
            let query = "SELECT count(*) FROM inbox_tick WHERE producer = $1 AND epoch = $2 AND sequence <= $3";
            let seen: i64 = either!(&mut connection, one => {
                sqlx::query_scalar(query).bind(producer.context()).bind(epoch).bind(head).fetch_one(one).await
            })
            .map_err(said)?;
            holds(seen == head, format!("{seen} of {head} events"))?;
        }
        connection.close().await
    })
    .await;
}

/// Each epoch with its last number, once everything up to a position is numbered.
async fn heads(world: &World, producer: Service, position: i64) -> Result<Vec<(Uuid, i64)>, String> {
    let mut connection = Connection::read(world, producer).await?;
    let waiting = "SELECT count(*) FROM outbox WHERE sequence IS NULL AND position <= $1";
    let waiting: i64 = either!(&mut connection, one => sqlx::query_scalar(waiting).bind(position).fetch_one(one).await)
        .map_err(said)?;
    holds(waiting == 0, format!("{waiting} events that the relay has not numbered"))?;
    let heads = "SELECT epoch, max(sequence) FROM outbox WHERE position <= $1 GROUP BY epoch";
    let heads =
        either!(&mut connection, one => sqlx::query_as(heads).bind(position).fetch_all(one).await).map_err(said)?;
    connection.close().await?;
    Ok(heads)
}
