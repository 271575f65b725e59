//! Producers' logs in memory, and whoever builds a copy from them.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use chassis::{inbox::Event, relay::Head, store::Database};
use mypage_svc::{
    adapters::events,
    app::{
        BuildCopy, ClearCopies, RebuildMyPage,
        build_copy::{Error, Pass},
        ports::{Away, Producer, Told},
    },
    domain::Rebuild,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::support::World;

/// One producer's events, numbered as they are published.
pub struct Log {
    producer: &'static str,
    events: Mutex<Vec<Event>>,
    pub away: AtomicBool,
    /// Events that came after its head was asked for.
    pub unasked: AtomicUsize,
    /// Events that may still be read before it is told to stop.
    patience: Mutex<Option<(usize, CancellationToken)>>,
    pub read: AtomicUsize,
}

/// All three.
#[derive(Clone)]
pub struct Logbook(pub [Arc<Log>; 3]);

impl Logbook {
    pub fn new() -> Self {
        Self(["order", "delivery", "notify"].map(|producer| {
            let (away, unasked, read) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
            Arc::new(Log { producer, events: Mutex::default(), away, unasked, patience: Mutex::default(), read })
        }))
    }

    /// Numbers an event.
    pub fn publish(&self, event: Event) -> Event {
        let log = self.0.iter().find(|log| log.producer == event.producer).expect("a producer");
        let mut events = log.events.lock().expect("unpoisoned");
        let sequence = i64::try_from(events.len()).expect("few") + 1;
        events.push(Event { sequence, ..event });
        events.last().expect("one").clone()
    }

    /// Tells another event in place of the one of its number.
    pub fn replace(&self, event: Event) {
        let log = self.0.iter().find(|log| log.producer == event.producer).expect("a producer");
        let index = usize::try_from(event.sequence - 1).expect("numbered");
        log.events.lock().expect("unpoisoned")[index] = event;
    }

    /// Tells a builder to stop once so many events of the first producer were read.
    pub fn stop_after(&self, events: usize) -> CancellationToken {
        let token = CancellationToken::new();
        *self.0[0].patience.lock().expect("unpoisoned") = Some((events, token.clone()));
        token
    }

    /// A process that builds.
    pub fn builder(&self, world: &World) -> BuildCopy {
        let producers = self.0.clone().map(|log| log as Arc<dyn Producer>).into();
        BuildCopy::new(world.store.clone(), producers, world.clock.clone())
    }
}

#[async_trait::async_trait]
impl Producer for Log {
    fn name(&self) -> &'static str {
        self.producer
    }

    async fn heads(&self) -> Result<Vec<Head>, Away> {
        if self.away.load(Ordering::Relaxed) {
            return Err(Away { producer: self.producer, source: "on purpose".into() });
        }
        let asked = self.events.lock().expect("unpoisoned").len() - self.unasked.load(Ordering::Relaxed);
        let sequence = i64::try_from(asked).expect("few");
        Ok(vec![Head { epoch: Uuid::nil(), sequence }])
    }

    async fn read(&self, epoch: Uuid, after: i64, limit: u32) -> Result<Vec<Told>, Away> {
        if !epoch.is_nil() {
            return Ok(Vec::new());
        }
        let after = usize::try_from(after).expect("not negative");
        let events = self.events.lock().expect("unpoisoned");
        let told: Vec<_> = events[after..].iter().take(limit as usize).map(told).collect();
        let read = self.read.fetch_add(told.len(), Ordering::Relaxed) + told.len();
        if let Some((patience, token)) = &*self.patience.lock().expect("unpoisoned")
            && read >= *patience
        {
            token.cancel();
        }
        Ok(told)
    }
}

fn told(event: &Event) -> Told {
    let heard = events::heard(event).map_err(|failure| failure.to_string());
    Told { sequence: event.sequence, event_id: event.id, heard }
}

impl World {
    /// An operator asks for a rebuild.
    pub async fn rebuild(&self) -> Rebuild {
        let rebuild = RebuildMyPage::new(self.store.clone(), self.clock.clone(), Arc::new(Notify::new()));
        rebuild.run("operator-1").await.expect("a rebuild")
    }

    /// Builds until the copy is served.
    pub async fn build(&self, logbook: &Logbook) {
        let builder = logbook.builder(self);
        while pass(&builder).await.expect("built") != Pass::Served {}
    }

    /// Clears whatever is served no more.
    pub async fn clear(&self) {
        let clear = ClearCopies::new(self.store.clone());
        while self.count("SELECT count(*) FROM copy WHERE status = 'RETIRED'").await > 0 {
            clear.run().await.expect("cleared");
        }
    }

    /// One number of the database.
    pub async fn count(&self, query: &str) -> i64 {
        let query = sqlx::AssertSqlSafe(query.to_owned());
        let number = match &self.database {
            Database::Sqlite(sqlite) => sqlx::query_scalar(query).fetch_one(&sqlite.reads()).await,
            Database::Postgres(postgres) => sqlx::query_scalar(query).fetch_one(&postgres.reads()).await,
        };
        number.expect("a number")
    }
}

/// One pass that nobody stops.
pub async fn pass(builder: &BuildCopy) -> Result<Pass, Error> {
    builder.run(&CancellationToken::new()).await
}
