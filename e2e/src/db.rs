//! Looks into the services' SQLite files: what no API tells, read only.

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection, Executor};
use uuid::Uuid;
use xtask::mesh::Service;

use crate::wait::{self, holds};
use crate::world::World;

/// Who consumes whose events.
const CONSUMERS: [(Service, &[Service]); 5] = [
    (Service::Shop, &[Service::Order]),
    (Service::Order, &[Service::Shop, Service::Delivery]),
    (Service::Delivery, &[Service::Order]),
    (Service::Notify, &[Service::Order]),
    (Service::MyPage, &[Service::Order, Service::Delivery, Service::Notify]),
];
/// The longest chain of events that follow from one another.
const CHAIN: usize = 6;

/// A read-only connection to a service's file.
///
/// # Errors
/// It could not be opened.
pub async fn open(world: &World, service: Service) -> Result<SqliteConnection, String> {
    let options = SqliteConnectOptions::new().filename(world.mesh().database(service)).read_only(true);
    options.connect().await.map_err(said)
}

/// Keeps a service from writing until it is released; the service's writes wait for some seconds, its reads do not.
pub struct Lock(SqliteConnection);

impl Lock {
    /// Takes the write lock of a service's file.
    pub async fn take(world: &World, service: Service) -> Self {
        let options = SqliteConnectOptions::new().filename(world.mesh().database(service));
        let mut connection = options.connect().await.expect("the file");
        connection.execute("BEGIN IMMEDIATE").await.expect("the write lock");
        Self(connection)
    }

    /// Gives it back; nothing was changed.
    pub async fn release(mut self) {
        self.0.execute("ROLLBACK").await.expect("rolled back");
        self.0.close().await.expect("closed");
    }
}

/// Changes a service's file behind its back.
pub async fn execute(world: &World, service: Service, statement: &'static str) {
    let options = SqliteConnectOptions::new().filename(world.mesh().database(service)).busy_timeout(wait::LIMIT);
    let mut connection = options.connect().await.expect("the file");
    connection.execute(statement).await.expect("executed");
    connection.close().await.expect("closed");
}

/// One number from a service's file.
///
/// # Errors
/// It could not be read.
pub async fn count(world: &World, service: Service, query: &'static str) -> Result<i64, String> {
    let mut connection = open(world, service).await?;
    let count = sqlx::query_scalar(query).fetch_one(&mut connection).await.map_err(said)?;
    connection.close().await.map_err(said)?;
    Ok(count)
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
    let mut connection = open(world, service).await?;
    let rows: Vec<(Uuid, i64)> = sqlx::query_as("SELECT event_id, attempts FROM dead_letter ORDER BY event_id")
        .fetch_all(&mut connection)
        .await
        .map_err(said)?;
    connection.close().await.map_err(said)?;
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
        let mut connection = open(world, consumer).await?;
        for (epoch, head) in heads {
            let seen: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM inbox_tick WHERE producer = ? AND epoch = ? AND sequence <= ?",
            )
            .bind(producer.context())
            .bind(epoch)
            .bind(head)
            .fetch_one(&mut connection)
            .await
            .map_err(said)?;
            holds(seen == head, format!("{seen} of {head} events"))?;
        }
        connection.close().await.map_err(said)
    })
    .await;
}

/// Each epoch with its last number, once everything up to a position is numbered.
async fn heads(world: &World, producer: Service, position: i64) -> Result<Vec<(Uuid, i64)>, String> {
    let mut connection = open(world, producer).await?;
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM outbox WHERE sequence IS NULL AND position <= ?")
        .bind(position)
        .fetch_one(&mut connection)
        .await
        .map_err(said)?;
    holds(waiting == 0, format!("{waiting} events that the relay has not numbered"))?;
    let heads = sqlx::query_as("SELECT epoch, max(sequence) FROM outbox WHERE position <= ? GROUP BY epoch")
        .bind(position)
        .fetch_all(&mut connection)
        .await
        .map_err(said)?;
    connection.close().await.map_err(said)?;
    Ok(heads)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err wants")]
fn said(error: sqlx::Error) -> String {
    error.to_string()
}
