//! Callers that go while a transaction begins. sqlx 0.9 hands the next one a connection with an open transaction then, and
//! what that one writes is never committed (sqlx #4385): with a plain pool it is, with the store it is not.

use std::{future::Future, pin::pin};

use chassis::store::{
    self,
    postgres::{Postgres, Settings},
};
use futures::poll;
use sqlx::{Connection, PgConnection, migrate::Migrator, postgres::PgPoolOptions};

const TIMES: i64 = 60;

/// Polls so often, as long as it takes, and drops it.
async fn cut_off<F: Future>(work: F, polls: i64) {
    let mut work = pin!(work);
    for _ in 0..polls {
        if poll!(work.as_mut()).is_ready() {
            return;
        }
        tokio::task::yield_now().await;
    }
}

async fn database() -> (String, PgConnection) {
    let url = xtask::postgres::database().await;
    let mut connection = PgConnection::connect(&url).await.expect("a connection");
    sqlx::query("CREATE TABLE kept (id bigint PRIMARY KEY)").execute(&mut connection).await.expect("a table");
    (url, connection)
}

async fn kept(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM kept").fetch_one(connection).await.expect("a count")
}

#[tokio::test]
async fn a_plain_pool_loses_what_it_acknowledged() {
    let (url, mut other) = database().await;
    let pool = PgPoolOptions::new().max_connections(1).test_before_acquire(false).connect(&url).await.expect("a pool");
    let mut acknowledged = 0;
    for id in 0..TIMES {
        cut_off(pool.begin(), 1).await;
        let written = sqlx::query("INSERT INTO kept VALUES ($1)").bind(id).execute(&pool).await;
        acknowledged += i64::from(written.is_ok());
    }
    pool.close().await;
    assert!(acknowledged > 0 && kept(&mut other).await < acknowledged, "the guards are needed no more");
}

#[tokio::test]
async fn the_store_loses_nothing() {
    let (url, mut other) = database().await;
    // One connection that writes: each unit meets what the one before has left.
    let settings = Settings { connections: 4, ..Settings::new(&url) };
    let postgres = Postgres::open_with(&settings, &Migrator::DEFAULT).await.expect("a database");
    let store = postgres.store::<store::postgres::Tx>(|tx| tx);
    let write = |id: i64| {
        store.run(move |tx| {
            Box::pin(async move {
                sqlx::query("INSERT INTO kept VALUES ($1)").bind(id).execute(tx.connection()).await?;
                Ok::<_, store::Error>(())
            })
        })
    };
    let mut acknowledged = 0;
    for id in 0..TIMES {
        cut_off(write(TIMES + id), id % 12).await;
        acknowledged += i64::from(write(id).await.is_ok());
    }
    assert_eq!(acknowledged, TIMES);
    drop((store, postgres));
    let acknowledged: i64 = sqlx::query_scalar("SELECT count(*) FROM kept WHERE id < $1")
        .bind(TIMES)
        .fetch_one(&mut other)
        .await
        .expect("a count");
    assert_eq!(acknowledged, TIMES);
}

#[tokio::test]
async fn a_connection_comes_back_without_a_transaction() {
    let (url, _other) = database().await;
    let postgres = Postgres::open(&url, &Migrator::DEFAULT).await.expect("a database");
    let reads = postgres.reads();
    for times in 0..TIMES {
        cut_off(reads.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ"), times % 6).await;
        let isolation: String = sqlx::query_scalar("SELECT current_setting('transaction_isolation')")
            .fetch_one(&reads)
            .await
            .expect("an answer");
        assert_eq!(isolation, "read committed", "a transaction was open");
    }
}
