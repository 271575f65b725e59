//! Units of work on PostgreSQL that get into each other's way, or lose their connection.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use chassis::store::{
    self, AfterCommit, Store,
    postgres::{Postgres, Tx, one_row},
};
use futures::future::join;
use sqlx::{Executor, PgPool, migrate::Migrator};
use tokio::sync::Barrier;

const TABLES: &str = "CREATE TABLE thing (id bigint PRIMARY KEY, count bigint NOT NULL CHECK (count >= 0)); \
     INSERT INTO thing VALUES (1, 0), (2, 0); \
     CREATE TABLE child (parent bigint REFERENCES thing (id) DEFERRABLE INITIALLY DEFERRED)";

async fn opened() -> (Postgres, Store<Tx>) {
    let postgres = Postgres::open(&xtask::postgres::database().await, &Migrator::DEFAULT).await.expect("a database");
    let store: Store<Tx> = postgres.store(|tx| tx);
    run(&store, TABLES).await.expect("tables");
    (postgres, store)
}

/// Runs a statement in a unit of its own.
async fn run(store: &Store<Tx>, statement: &'static str) -> Result<(), store::Error> {
    let unit = store.run(move |tx| {
        Box::pin(async move {
            tx.connection().execute(statement).await?;
            Ok(())
        })
    });
    unit.await
}

async fn counts(reads: &PgPool) -> Vec<i64> {
    sqlx::query_scalar("SELECT count FROM thing ORDER BY id").fetch_all(reads).await.expect("counts")
}

/// Adds to two things in that order; both units have one before either goes for the other, at their first try.
async fn add(store: &Store<Tx>, order: [i64; 2], met: Arc<Barrier>, tries: Arc<AtomicU32>) -> Result<(), store::Error> {
    let unit = store.run(move |tx| {
        let (met, tries) = (Arc::clone(&met), Arc::clone(&tries));
        Box::pin(async move {
            let one = sqlx::query("UPDATE thing SET count = count + 1 WHERE id = $1");
            one_row(&one.bind(order[0]).execute(tx.connection()).await?, "thing")?;
            if tries.fetch_add(1, Ordering::SeqCst) < 2 {
                met.wait().await;
            }
            let other = sqlx::query("UPDATE thing SET count = count + 1 WHERE id = $1");
            one_row(&other.bind(order[1]).execute(tx.connection()).await?, "thing")
        })
    });
    unit.await
}

#[tokio::test]
async fn units_that_wait_for_each_other_are_both_done() {
    let (postgres, store) = opened().await;
    let (met, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let one = add(&store, [1, 2], Arc::clone(&met), Arc::clone(&tries));
    let (one, other) = join(one, add(&store, [2, 1], met, Arc::clone(&tries))).await;
    one.expect("done");
    other.expect("done");
    assert_eq!(counts(&postgres.reads()).await, [2, 2]);
    assert_eq!(tries.load(Ordering::SeqCst), 3, "one of them twice");
}

/// Looks for the highest id and writes the next one, as an aggregate's next version is written.
async fn next(store: &Store<Tx>, met: Arc<Barrier>, tries: Arc<AtomicU32>) -> Result<i64, store::Error> {
    let unit = store.run(move |tx| {
        let (met, tries) = (Arc::clone(&met), Arc::clone(&tries));
        Box::pin(async move {
            let highest: i64 = sqlx::query_scalar("SELECT max(id) FROM thing").fetch_one(tx.connection()).await?;
            if tries.fetch_add(1, Ordering::SeqCst) < 2 {
                met.wait().await;
            }
            let insert = sqlx::query("INSERT INTO thing VALUES ($1, 0)").bind(highest + 1);
            one_row(&insert.execute(tx.connection()).await?, "thing")?;
            Ok(highest + 1)
        })
    });
    unit.await
}

#[tokio::test]
async fn the_loser_of_a_race_looks_again() {
    let (_postgres, store) = opened().await;
    let (met, tries) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
    let one = next(&store, Arc::clone(&met), Arc::clone(&tries));
    let (one, other) = join(one, next(&store, met, Arc::clone(&tries))).await;
    let mut written = [one.expect("written"), other.expect("written")];
    written.sort_unstable();
    assert_eq!(written, [3, 4]);
    assert_eq!(tries.load(Ordering::SeqCst), 3);
}

/// Runs a statement until it succeeds or is given up; answers how often it was tried.
async fn tried(store: &Store<Tx>, statements: &'static [&'static str]) -> (Result<(), store::Error>, usize) {
    let tries = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&tries);
    let unit = store.run(move |tx| {
        let turn = counted.fetch_add(1, Ordering::SeqCst) as usize;
        Box::pin(async move {
            tx.connection().execute(statements[turn.min(statements.len() - 1)]).await?;
            Ok(())
        })
    });
    (unit.await, tries.load(Ordering::SeqCst) as usize)
}

const NOT_NOW: &str = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$";

#[tokio::test]
async fn a_unit_is_run_again_a_few_times_and_then_told_why_not() {
    let (postgres, store) = opened().await;
    let (outcome, tries) = tried(&store, &[NOT_NOW, NOT_NOW, "UPDATE thing SET count = 7"]).await;
    assert!(outcome.is_ok() && tries == 3, "{outcome:?} after {tries}");
    assert_eq!(counts(&postgres.reads()).await, [7, 7]);
    let (outcome, tries) = tried(&store, &["INSERT INTO thing VALUES (1, 0)"]).await;
    assert!(matches!(outcome, Err(store::Error::Inconsistent(_))) && tries == 5, "{outcome:?} after {tries}");
    let (outcome, tries) = tried(&store, &[NOT_NOW]).await;
    assert!(matches!(outcome, Err(store::Error::Unavailable(_))) && tries == 5, "{outcome:?} after {tries}");
    let (outcome, tries) = tried(&store, &["UPDATE thing SET count = -1"]).await;
    assert!(matches!(outcome, Err(store::Error::Inconsistent(_))) && tries == 1, "{outcome:?} after {tries}");
}

#[tokio::test]
async fn what_cannot_be_stored_is_no_outage() {
    let (_postgres, store) = opened().await;
    for (statement, why) in [
        ("DO $$ BEGIN RAISE EXCEPTION 'a rule'; END $$", "a trigger"),
        ("INSERT INTO thing VALUES (99999999999999999999, 0)", "out of range"),
        ("SELECT E'\\\\x00'::bytea::text, convert_from('\\x00', 'UTF8')", "no text"),
    ] {
        let outcome = run(&store, statement).await;
        assert!(matches!(outcome, Err(store::Error::Inconsistent(_))), "{why}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_failure_that_was_passed_over_is_not_acknowledged() {
    let (postgres, store) = opened().await;
    let unit = store.run(|tx| {
        Box::pin(async move {
            tx.connection().execute("UPDATE thing SET count = 7").await?;
            let _passed_over = tx.connection().execute("UPDATE thing SET count = -1").await;
            Ok(())
        })
    });
    let outcome: Result<(), store::Error> = unit.await;
    outcome.expect_err("the server rolls back whatever a commit says");
    assert_eq!(counts(&postgres.reads()).await, [0, 0]);
}

#[tokio::test]
async fn what_the_commit_refuses_is_told_and_nothing_follows() {
    let (_postgres, store) = opened().await;
    let (done, mut told) = tokio::sync::mpsc::unbounded_channel();
    let unit = |statement: &'static str| {
        let done = done.clone();
        store.run(move |tx| {
            let done = done.clone();
            Box::pin(async move {
                tx.after_commit(Box::new(move || done.send(statement).expect("awaited")));
                tx.connection().execute(statement).await?;
                Ok(())
            })
        })
    };
    let orphan: Result<(), store::Error> = unit("INSERT INTO child VALUES (9)").await;
    assert!(matches!(orphan, Err(store::Error::Inconsistent(_))), "{orphan:?}");
    let child: Result<(), store::Error> = unit("INSERT INTO child VALUES (1)").await;
    child.expect("committed");
    assert_eq!(told.recv().await, Some("INSERT INTO child VALUES (1)"));
    assert!(told.try_recv().is_err(), "nothing is done after what was not committed");
}

const END_ITSELF: &str = "SELECT pg_terminate_backend(pg_backend_pid())";
const ENDS_AT_COMMIT: &str = "CREATE FUNCTION end_itself() RETURNS trigger LANGUAGE plpgsql AS $$ \
     BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; \
     CREATE CONSTRAINT TRIGGER ends AFTER UPDATE ON thing DEFERRABLE INITIALLY DEFERRED \
     FOR EACH ROW EXECUTE FUNCTION end_itself()";

#[tokio::test]
async fn a_lost_connection_is_an_outage_and_the_next_unit_has_another() {
    let (postgres, store) = opened().await;
    let (outcome, tries) = tried(&store, &[END_ITSELF]).await;
    assert!(matches!(outcome, Err(store::Error::Unavailable(_))) && tries == 1, "{outcome:?} after {tries}");
    run(&store, "UPDATE thing SET count = 1").await.expect("another connection");
    assert_eq!(counts(&postgres.reads()).await, [1, 1]);
}

#[tokio::test]
async fn a_commit_without_an_answer_is_unknown_and_never_run_again() {
    let (_postgres, store) = opened().await;
    run(&store, ENDS_AT_COMMIT).await.expect("a trigger");
    let (outcome, tries) = tried(&store, &["UPDATE thing SET count = 1"]).await;
    assert!(matches!(outcome, Err(store::Error::Unknown)) && tries == 1, "{outcome:?} after {tries}");
    run(&store, "SELECT 1").await.expect("another connection");
}
