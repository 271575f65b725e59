//! A producer whose database was restored to an older point, while its consumer went on.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use chassis::{
    config::Url,
    consumer::Failure,
    inbox::Event,
    recovery::{Loss, TakeBack, TakenBack},
    relay::Log,
    service::Error,
    store::{Database, Tx},
};
use futures::future::BoxFuture;
use tempfile::TempDir;

use super::{
    broker::Broker,
    pair::{Heard, Running, append, consumer, producer, until},
};

/// Takes back what only counts, and remembers it.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Vec<i64>>>);

impl Taken {
    fn versions(&self) -> Vec<i64> {
        self.0.lock().expect("unpoisoned").clone()
    }
}

impl TakeBack<dyn Tx> for Taken {
    fn take_back<'a>(
        &'a self,
        _tx: &'a mut (dyn Tx + 'static),
        event: &'a Event,
    ) -> BoxFuture<'a, Result<TakenBack, Failure>> {
        Box::pin(async move {
            let version = String::from_utf8_lossy(&event.body).parse().expect("a version");
            self.0.lock().expect("unpoisoned").push(version);
            Ok(TakenBack { version, losses: Vec::new() })
        })
    }

    fn finish<'a>(&'a self, _tx: &'a mut (dyn Tx + 'static)) -> BoxFuture<'a, Result<Vec<Loss>, Failure>> {
        Box::pin(async { Ok(vec![Loss { subject: "things".to_owned(), what: "look at them".to_owned() }]) })
    }
}

fn file_of(place: &str) -> PathBuf {
    place.trim_start_matches("sqlite://").into()
}

fn place_at(file: &Path) -> String {
    format!("sqlite://{}", file.display())
}

/// A copy of a database that nobody has open, as of a volume's snapshot.
fn snapshot(place: &str, folder: &TempDir) -> String {
    let (from, to) = (file_of(place), folder.path().join("snapshot"));
    for suffix in ["", "-wal"] {
        let with = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        if with(&from).exists() {
            std::fs::copy(with(&from), with(&to)).expect("copied");
        }
    }
    place_at(&to)
}

async fn found(running: Running) -> String {
    match running.ended().await {
        Err(Error::Restored { service, found }) => {
            assert_eq!(service, "left-svc");
            found
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_restored_producer_takes_itself_back_and_goes_on() {
    let (broker, heard, taken, folder) =
        (Broker::started(), Heard::default(), Taken::default(), tempfile::tempdir().expect("a folder"));
    let left = producer(&broker).await;
    let _right = consumer(&broker, &left, &heard).await;
    append(&left, 1..=5, b"").await;
    heard.expect(1..=5).await;
    let copy = folder.path().join("copy");
    Database::back_up(&Url::from(left.place().to_owned()), &copy).await.expect("a copy");
    Database::back_up(&Url::from(left.place().to_owned()), &copy).await.expect_err("it is there already");
    append(&left, 6..=10, b"").await;
    heard.expect(1..=10).await;
    let left = left.halt().await;

    let copy = place_at(&copy);
    assert!(matches!(left.refusal_on(&copy).await, Error::Restored { found, .. } if found.contains("marked")));
    left.recover_on(&copy, taken.clone()).await.expect("recovered");
    assert_eq!(taken.versions(), [6, 7, 8, 9, 10], "what it had is not taken back");

    let left = left.start_on(&copy).await;
    append(&left, 11..=12, b"").await;
    until(async || (heard.order().len() == 12).then_some(())).await;
    assert_eq!(heard.order()[10..].iter().copied().max(), Some(2), "numbers begin anew");
    let heads: Vec<i64> = left.log.epochs().await.expect("epochs").iter().map(|head| head.sequence).collect();
    assert_eq!(heads, [10, 2]);
    let losses = left.reads().losses(None, 10).await.expect("losses");
    assert_eq!(losses.iter().map(|loss| loss.subject.as_str()).collect::<Vec<_>>(), ["things"]);

    let left = left.halt().await;
    left.recover_on(&copy, taken.clone()).await.expect("nothing to do");
    assert_eq!(taken.versions().len(), 5, "it was not restored");
}

#[tokio::test]
async fn a_snapshot_is_found_out_by_the_stream() {
    let (broker, heard, folder) = (Broker::started(), Heard::default(), tempfile::tempdir().expect("a folder"));
    let left = producer(&broker).await;
    let right = consumer(&broker, &left, &heard).await;
    append(&left, 1..=5, b"").await;
    heard.expect(1..=5).await;
    let left = left.halt().await;
    let old = snapshot(left.place(), &folder);
    let left = left.start_on(left.place()).await;
    append(&left, 6..=10, b"").await;
    heard.expect(1..=10).await;
    let left = left.halt().await;

    // It would tell as well, and sometimes first.
    right.stop().await;
    let restored = left.start_on(&old).await;
    append(&restored, 6..=6, b"").await;
    assert!(found(restored).await.contains("stream"));
    assert!(matches!(left.refusal_on(&old).await, Error::Restored { found, .. } if found.contains("marked")));

    let taken = Taken::default();
    left.recover_on(&old, taken.clone()).await.expect("recovered");
    assert_eq!(taken.versions(), [6, 7, 8, 9, 10]);
    let left = left.start_on(&old).await;
    let losses = left.reads().losses(None, 10).await.expect("losses");
    assert!(losses.iter().any(|loss| loss.what.contains("undone")), "what was written here gave way: {losses:?}");
}

#[tokio::test]
async fn a_snapshot_is_found_out_by_a_consumer_where_the_stream_is_lost() {
    let (mut broker, heard, folder) = (Broker::started(), Heard::default(), tempfile::tempdir().expect("a folder"));
    let left = producer(&broker).await;
    let _right = consumer(&broker, &left, &heard).await;
    append(&left, 1..=5, b"").await;
    heard.expect(1..=5).await;
    let left = left.halt().await;
    let old = snapshot(left.place(), &folder);
    let left = left.start_on(left.place()).await;
    append(&left, 6..=10, b"").await;
    heard.expect(1..=10).await;
    let left = left.halt().await;

    broker.kill();
    broker.wipe();
    broker.start();
    let restored = left.start_on(&old).await;
    assert!(found(restored).await.contains("consumer"));
}
