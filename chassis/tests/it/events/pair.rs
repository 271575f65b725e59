//! A producer and a consumer of its events, each with its store.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use chassis::{
    consumer::{CaughtUp, Failure, Handler},
    inbox::Event,
    outbox::NewEvent,
    recovery::TakeBack,
    service::{Bound, Error, Service},
    store::{self, Database, Reads, Store, Tx, postgres::Postgres, sqlite::Sqlite},
};
use futures::future::{BoxFuture, join_all};
use prost::Message as _;
use sqlx::migrate::Migrator;
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_stream::wrappers::UnboundedReceiverStream;
use uuid::Uuid;

use super::{asked::Asked, broker::Broker};
use crate::settings::{joined, options};

/// Far longer than anything here takes; it only turns a hang into a failure.
const PATIENCE: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// Waits until `look` finds something.
pub async fn until<F, R>(mut look: impl FnMut() -> F) -> R
where
    F: Future<Output = Option<R>>,
{
    let found = tokio::time::timeout(PATIENCE, async {
        let mut ticks = tokio::time::interval(POLL);
        loop {
            ticks.tick().await;
            if let Some(found) = look().await {
                return found;
            }
        }
    });
    found.await.expect("in time")
}

/// Which kind of database services are given.
#[derive(Clone, Copy)]
pub enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    /// The URL of a database of its own.
    async fn place(self, folder: &TempDir, context: &str) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.path().join(context).display()),
            Self::Postgres => xtask::postgres::database().await,
        }
    }
}

/// One process's part in a database.
async fn opened(url: &str) -> Database {
    if url.starts_with("sqlite") {
        return Database::Sqlite(Sqlite::open(url, &Migrator::DEFAULT).await.expect("a database"));
    }
    Database::Postgres(Postgres::open(url, &Migrator::DEFAULT).await.expect("a database"))
}

/// A service that runs.
pub struct Running {
    kind: Kind,
    place: String,
    context: &'static str,
    settings: Vec<String>,
    pub store: Store<dyn Tx>,
    pub log: Arc<Asked>,
    pub url: String,
    stop: mpsc::UnboundedSender<&'static str>,
    task: JoinHandle<Result<(), Error>>,
    folder: Arc<TempDir>,
}

impl Running {
    async fn start(
        folder: Arc<TempDir>,
        context: &'static str,
        settings: &[&str],
        heard: Option<Heard>,
        place: String,
    ) -> Self {
        let database = opened(&place).await;
        let (kind, store): (Kind, Store<dyn Tx>) = match &database {
            Database::Sqlite(sqlite) => (Kind::Sqlite, sqlite.store(|tx| tx)),
            Database::Postgres(postgres) => (Kind::Postgres, postgres.store(|tx| tx)),
        };
        let options = options(&folder, &format!("{context}-svc"), settings);
        let log = Asked::new(database.log());
        let mut service = Service::new(context, options, store.clone(), log.clone()).await.expect("a service");
        if let Some(heard) = heard {
            let caught_up = service.consume("left", heard.clone());
            *heard.caught_up.lock().expect("unpoisoned") = Some(caught_up);
        }
        let bound = service.bind().await.expect("bound");
        let (grpc, _) = bound.addresses().expect("addresses");
        let (stop, requests) = mpsc::unbounded_channel();
        let task = tokio::spawn(Bound::run_until(bound, UnboundedReceiverStream::new(requests)));
        let settings = settings.iter().map(ToString::to_string).collect();
        Self { log, kind, place, context, settings, store, url: format!("http://{grpc}"), stop, task, folder }
    }

    /// What it reads outside of any transaction.
    pub fn reads(&self) -> Arc<dyn Reads> {
        self.log.clone()
    }

    /// Another replica of it, on the same database.
    pub async fn beside(&self, heard: Option<&Heard>) -> Self {
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        Self::start(Arc::clone(&self.folder), self.context, &settings, heard.cloned(), self.place.clone()).await
    }

    /// Ends it as a crash would: it gives nothing back.
    pub async fn crash(self) {
        self.task.abort();
        assert!(self.task.await.expect_err("it ran").is_cancelled());
    }

    /// Where its database is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Waits until it ends by itself.
    pub async fn ended(self) -> Result<(), Error> {
        tokio::time::timeout(PATIENCE, self.task).await.expect("in time").expect("no panic")
    }

    /// Drains it, to be started again on this or another database, where the others find it.
    pub async fn halt(self) -> Halted {
        let listen = self.url.trim_start_matches("http://").to_owned();
        let (context, settings, place) = (self.context, self.settings.clone(), self.place.clone());
        Halted { folder: self.stop().await, context, settings, listen, place }
    }

    /// Drains it.
    pub async fn stop(self) -> Arc<TempDir> {
        self.stop.send("test").expect("it runs");
        self.task.await.expect("it ends").expect("it drains");
        self.folder
    }
}

/// A service that was stopped.
pub struct Halted {
    folder: Arc<TempDir>,
    context: &'static str,
    settings: Vec<String>,
    listen: String,
    place: String,
}

impl Halted {
    /// Where its database is.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Starts it on a database.
    pub async fn start_on(&self, place: &str) -> Running {
        Running::start(Arc::clone(&self.folder), self.context, &self.settings(), None, place.to_owned()).await
    }

    /// Why it does not start on a database.
    pub async fn refusal_on(&self, place: &str) -> Error {
        self.service_on(place, &[]).await.bind().await.err().expect("refused")
    }

    /// Recovers a database.
    pub async fn recover_on(&self, place: &str, take_back: impl TakeBack<dyn Tx>) -> Result<(), Error> {
        let mut service = self.service_on(place, &["--purpose", "recover"]).await;
        service.takes_back(take_back);
        Box::pin(service.run()).await
    }

    fn settings(&self) -> Vec<&str> {
        self.settings.iter().map(String::as_str).chain(["--listen", &self.listen]).collect()
    }

    async fn service_on(&self, place: &str, more: &[&str]) -> Service<dyn Tx> {
        let database = opened(place).await;
        let store: Store<dyn Tx> = match &database {
            Database::Sqlite(sqlite) => sqlite.store(|tx| tx),
            Database::Postgres(postgres) => postgres.store(|tx| tx),
        };
        let settings: Vec<&str> = self.settings().into_iter().chain(more.iter().copied()).collect();
        let options = options(&self.folder, &format!("{}-svc", self.context), &settings);
        Service::new(self.context, options, store, database.log()).await.expect("a service")
    }
}

/// The producer `left`, with the keys of both.
pub async fn producer(broker: &Broker) -> Running {
    producer_on(broker, Kind::Sqlite).await
}

/// The producer on a database of some kind; its consumer gets one of the same kind.
pub async fn producer_on(broker: &Broker, kind: Kind) -> Running {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    // Keys are made with settings; what is started later has settings of its own.
    let both = [options(&folder, "left-svc", &[]), options(&folder, "right-svc", &[])];
    let (keys, key) = (joined(&folder, &[&both[0], &both[1]]), folder.path().join("left.key"));
    std::fs::copy(&both[0].service_key_file, &key).expect("kept");
    std::fs::copy(&both[1].service_key_file, folder.path().join("right.key")).expect("kept");
    let key = key.to_string_lossy();
    let settings = ["--nats-url", &broker.url(), "--service-key-file", &key, "--service-jwks", &keys];
    let place = kind.place(&folder, "left").await;
    Running::start(folder, "left", &settings, None, place).await
}

/// The consumer `right`, which asks the producer directly for what it misses.
pub async fn consumer(broker: &Broker, producer: &Running, heard: &Heard) -> Running {
    consumer_that_repairs(broker, producer, heard, "100ms").await
}

/// The consumer `right`, which asks the producer every so often.
pub async fn consumer_that_repairs(
    broker: &Broker,
    producer: &Running,
    heard: &Heard,
    repair_interval: &str,
) -> Running {
    let file = |name: &str| producer.folder.path().join(name).to_string_lossy().into_owned();
    let (key, keys) = (file("right.key"), file("joined.keys.json"));
    let settings = [
        "--nats-url",
        &broker.url(),
        "--mesh-url",
        &producer.url,
        "--service-key-file",
        &key,
        "--service-jwks",
        &keys,
        "--repair-interval",
        repair_interval,
    ];
    // A folder of its own: its settings come with keys that nobody else is to take for the ones above.
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let place = producer.kind.place(&folder, "right").await;
    Running::start(folder, "right", &settings, Some(heard.clone()), place).await
}

/// Appends events of the given versions of one aggregate.
pub async fn append(producer: &Running, versions: std::ops::RangeInclusive<i64>, body: &'static [u8]) {
    append_of(producer, 7, versions, body).await;
}

/// Appends events of the given versions of an aggregate. On SQLite they are numbered in that order.
pub async fn append_of(
    producer: &Running,
    aggregate: u128,
    versions: std::ops::RangeInclusive<i64>,
    body: &'static [u8],
) {
    let units = versions.map(|version| {
        let event = NewEvent {
            kind: "tword.left.v1.Happened".to_owned(),
            aggregate_id: Uuid::from_u128(aggregate),
            version,
            time: OffsetDateTime::UNIX_EPOCH,
            traceparent: None,
            body: [body, version.to_string().as_bytes()].concat(),
        };
        producer.store.run(move |tx| {
            let event = event.clone();
            Box::pin(async move { tx.append(event).await })
        })
    });
    for appended in join_all(units).await {
        let appended: Result<(), store::Error> = appended;
        appended.expect("appended");
    }
}

/// A handler that remembers what it was told, in the order of its effects.
#[derive(Clone, Default)]
pub struct Heard {
    events: Arc<Mutex<Vec<(i64, String)>>>,
    tries: Arc<Mutex<u32>>,
    moods: Arc<AtomicU32>,
    healed: Arc<AtomicBool>,
    refused: Arc<Mutex<Option<&'static str>>>,
    panics_at: Arc<AtomicU32>,
    caught_up: Arc<Mutex<Option<CaughtUp>>>,
}

impl Heard {
    /// Sequences of the events that had their effect, sorted.
    pub fn sequences(&self) -> Vec<i64> {
        let mut sequences: Vec<i64> =
            self.events.lock().expect("unpoisoned").iter().map(|(sequence, _)| *sequence).collect();
        sequences.sort_unstable();
        sequences
    }

    /// How often an event that breaks a rule was tried.
    pub fn tries(&self) -> u32 {
        *self.tries.lock().expect("unpoisoned")
    }

    /// Sequences of the events that had their effect, in the order of their effects.
    pub fn order(&self) -> Vec<i64> {
        self.events.lock().expect("unpoisoned").iter().map(|(sequence, _)| *sequence).collect()
    }

    /// From now on it takes whatever contains a text for undecodable.
    pub fn refuse(&self, text: &'static str) {
        *self.refused.lock().expect("unpoisoned") = Some(text);
    }

    /// It panics at an event's sequence.
    pub fn panic_at(&self, sequence: u32) {
        self.panics_at.store(sequence, Ordering::Relaxed);
    }

    /// From now on it understands what it did not.
    pub fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
    }

    pub fn caught_up(&self) -> Option<OffsetDateTime> {
        self.caught_up.lock().expect("unpoisoned").as_ref().and_then(CaughtUp::since)
    }

    /// Waits until exactly these sequences had their effect.
    pub async fn expect(&self, sequences: impl IntoIterator<Item = i64>) {
        let expected: Vec<i64> = sequences.into_iter().collect();
        until(async || (self.sequences().len() >= expected.len()).then_some(())).await;
        assert_eq!(self.sequences(), expected);
    }
}

impl Handler<dyn Tx> for Heard {
    fn handle<'a>(&'a self, _tx: &'a mut (dyn Tx + 'static), event: &'a Event) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let text = String::from_utf8_lossy(&event.body).into_owned();
            let healed = self.healed.load(Ordering::Relaxed);
            assert_ne!(event.sequence, i64::from(self.panics_at.load(Ordering::Relaxed)), "on purpose");
            let refused = *self.refused.lock().expect("unpoisoned");
            if (text.starts_with("garbage") || refused.is_some_and(|refused| text.contains(refused))) && !healed {
                prost_types::Timestamp::decode(b"garbage".as_slice())?;
            }
            if text.starts_with("early") {
                return Err(Failure::Early(text));
            }
            if text.starts_with("moody") && self.moods.fetch_add(1, Ordering::Relaxed) < 2 {
                return Err(Failure::Early(text));
            }
            if text.starts_with("broken") && !healed {
                *self.tries.lock().expect("unpoisoned") += 1;
                return Err(Failure::Fault(text));
            }
            self.events.lock().expect("unpoisoned").push((event.sequence, text));
            Ok(())
        })
    }
}
