//! What the embedded store does when a commit fails: nothing is acknowledged any more.

use chassis::store::{
    self, AfterCommit, Store,
    sqlite::{Sqlite, Tx},
};
use futures::future::{BoxFuture, join, join_all};
use sqlx::{Executor, migrate::Migrator};
use tempfile::TempDir;

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("refused")]
    Refused,
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// A store with tables of which a row without its parent is found out by the commit, not before.
async fn opened() -> (Sqlite, Store<Tx>, TempDir) {
    let directory = tempfile::tempdir().expect("a directory");
    let url = format!("sqlite://{}", directory.path().join("test.db").display());
    let sqlite = Sqlite::open(&url, &Migrator::DEFAULT).await.expect("a database");
    let store: Store<Tx> = sqlite.store(|tx| tx);
    run(&store, "CREATE TABLE parent (id INTEGER PRIMARY KEY)").await.expect("a table");
    let child = "CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)";
    run(&store, child).await.expect("a table");
    (sqlite, store, directory)
}

async fn run(store: &Store<Tx>, statement: &'static str) -> Result<(), Error> {
    let unit = store.run(move |tx| {
        Box::pin(
            async move { Ok(tx.connection().execute(statement).await.map(|_done| ()).map_err(store::Error::from)?) },
        )
    });
    unit.await
}

/// Refuses where it sees a child, as a rule would that looks at what others wrote.
fn refuse_a_second(tx: &mut Tx) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        let children: i64 = sqlx::query_scalar("SELECT count(*) FROM child")
            .fetch_one(tx.connection())
            .await
            .map_err(store::Error::from)?;
        if children > 0 { Err(Error::Refused) } else { Ok(()) }
    })
}

const ORPHAN: &str = "INSERT INTO child VALUES (7)";

#[tokio::test]
async fn a_failed_commit_acknowledges_nothing_and_ends_the_writer() {
    let (sqlite, store, _directory) = opened().await;
    assert!(matches!(run(&store, ORPHAN).await, Err(Error::Store(store::Error::Unknown))));
    sqlite.log().stopped().await;
    let after = run(&store, "INSERT INTO parent VALUES (1)").await;
    assert!(matches!(after, Err(Error::Store(store::Error::Unavailable(_)))), "{after:?}");
}

#[tokio::test]
async fn a_write_that_finds_no_room_undoes_its_group_and_ends_nothing() {
    let (_sqlite, store, _directory) = opened().await;
    run(&store, "PRAGMA max_page_count = 1").await.expect("no page more than there are");
    let large = "CREATE TABLE large AS SELECT zeroblob(10000000) AS filler";
    let (large, beside) = join(run(&store, large), run(&store, "INSERT INTO parent VALUES (1)")).await;
    assert!(matches!(large, Err(Error::Store(store::Error::Unavailable(_)))), "{large:?}");
    run(&store, "PRAGMA max_page_count = 1000000").await.expect("room again");
    let again = run(&store, "INSERT INTO parent VALUES (1)").await;
    assert_eq!(beside.is_ok(), again.is_err(), "what was answered is what is there: {beside:?}, {again:?}");
    run(&store, "INSERT INTO parent VALUES (2)").await.expect("the writer goes on");
}

#[tokio::test]
async fn a_refusal_that_rests_on_what_was_not_committed_is_not_told() {
    let (_sqlite, store, _directory) = opened().await;
    let (orphan, refused) = join(run(&store, ORPHAN), store.run(refuse_a_second)).await;
    assert!(matches!(orphan, Err(Error::Store(store::Error::Unknown))), "{orphan:?}");
    assert!(matches!(refused, Err(Error::Store(_))), "a refusal for what never was: {refused:?}");
}

#[tokio::test]
async fn a_panic_before_the_first_await_fails_alone_too() {
    let (_sqlite, store, _directory) = opened().await;
    let panics = store.run(|_tx| -> BoxFuture<'_, Result<(), Error>> { panic!("on purpose") });
    let (panicked, others) = join(panics, join_all((0..3).map(|_| run(&store, "DELETE FROM parent")))).await;
    assert!(matches!(panicked, Err(Error::Store(store::Error::Panicked))), "{panicked:?}");
    assert!(others.iter().all(Result::is_ok), "{others:?}");
}

#[tokio::test]
async fn what_is_to_be_done_after_a_commit_is_done_then_and_only_then() {
    let (sqlite, store, _directory) = opened().await;
    let (done, mut told) = tokio::sync::mpsc::unbounded_channel();
    let unit = |name: &'static str, refuse: bool| {
        let (done, reads) = (done.clone(), sqlite.reads());
        store.run(move |tx| {
            let (done, reads) = (done.clone(), reads.clone());
            Box::pin(async move {
                tx.after_commit(Box::new(move || done.send((name, reads)).expect("awaited")));
                let row = tx.connection().execute("INSERT INTO parent DEFAULT VALUES").await;
                row.map_err(store::Error::from)?;
                if refuse { Err(Error::Refused) } else { Ok(()) }
            })
        })
    };
    // They share a commit.
    let (first, refused, last) = futures::join!(unit("first", false), unit("refused", true), unit("last", false));
    assert!(first.is_ok() && refused.is_err() && last.is_ok());
    for expected in ["first", "last"] {
        let (teller, reads) = told.recv().await.expect("told");
        let committed: i64 =
            sqlx::query_scalar("SELECT count(*) FROM parent").fetch_one(&reads).await.expect("a count");
        assert_eq!((teller, committed), (expected, 2));
    }
    assert!(matches!(run(&store, ORPHAN).await, Err(Error::Store(store::Error::Unknown))));
    let uncommitted = unit("uncommitted", false).await;
    assert!(uncommitted.is_err());
    assert!(told.try_recv().is_err(), "nothing is done after what was not committed");
}
