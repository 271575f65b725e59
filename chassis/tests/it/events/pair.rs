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
    service::{Bound, Service},
    store::{self, Reads, Store, Tx, sqlite::Sqlite},
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

/// A service that runs.
pub struct Running {
    pub sqlite: Sqlite,
    pub store: Store<dyn Tx>,
    pub log: Arc<Asked>,
    pub url: String,
    stop: mpsc::UnboundedSender<&'static str>,
    task: JoinHandle<Result<(), chassis::service::Error>>,
    folder: Arc<TempDir>,
}

impl Running {
    async fn start(folder: Arc<TempDir>, context: &'static str, settings: &[&str], heard: Option<Heard>) -> Self {
        let url = format!("sqlite://{}", folder.path().join(context).display());
        let sqlite = Sqlite::open(&url, &Migrator::DEFAULT).await.expect("a database");
        let store: Store<dyn Tx> = sqlite.store(|tx| tx);
        let options = options(&folder, &format!("{context}-svc"), settings);
        let log = Asked::new(sqlite.log());
        let mut service = Service::new(context, options, store.clone(), log.clone()).await.expect("a service");
        if let Some(heard) = heard {
            let caught_up = service.consume("left", heard.clone());
            *heard.caught_up.lock().expect("unpoisoned") = Some(caught_up);
        }
        let bound = service.bind().await.expect("bound");
        let (grpc, _) = bound.addresses().expect("addresses");
        let (stop, requests) = mpsc::unbounded_channel();
        let task = tokio::spawn(Bound::run_until(bound, UnboundedReceiverStream::new(requests)));
        Self { log, sqlite, store, url: format!("http://{grpc}"), stop, task, folder }
    }

    /// What it reads outside of any transaction.
    pub fn reads(&self) -> Arc<dyn Reads> {
        self.sqlite.log()
    }

    /// Drains it.
    pub async fn stop(self) -> Arc<TempDir> {
        self.stop.send("test").expect("it runs");
        self.task.await.expect("it ends").expect("it drains");
        self.folder
    }
}

/// The producer `left`, with the keys of both.
pub async fn producer(broker: &Broker) -> Running {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    // Keys are made with settings; what is started later has settings of its own.
    let both = [options(&folder, "left-svc", &[]), options(&folder, "right-svc", &[])];
    let (keys, key) = (joined(&folder, &[&both[0], &both[1]]), folder.path().join("left.key"));
    std::fs::copy(&both[0].service_key_file, &key).expect("kept");
    std::fs::copy(&both[1].service_key_file, folder.path().join("right.key")).expect("kept");
    let key = key.to_string_lossy();
    let settings = ["--nats-url", &broker.url(), "--service-key-file", &key, "--service-jwks", &keys];
    Running::start(folder, "left", &settings, None).await
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
    Running::start(folder, "right", &settings, Some(heard.clone())).await
}

/// Appends events of the given versions, in that order.
pub async fn append(producer: &Running, versions: std::ops::RangeInclusive<i64>, body: &'static [u8]) {
    let units = versions.map(|version| {
        let event = NewEvent {
            kind: "tword.left.v1.Happened".to_owned(),
            aggregate_id: Uuid::from_u128(7),
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
