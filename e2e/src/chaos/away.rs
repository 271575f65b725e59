//! What is away at each moment, because a fault took it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use xtask::mesh::{Part, Service};

/// How everything that orders can be taken without is called together.
pub const ALL_OF_IT: &str = "all four";
/// What placing an order needs has to be back for so long before orders are expected: ejected hosts come back by then.
const RECOVERED: Duration = Duration::from_secs(6);

/// What is away.
#[derive(Debug)]
pub struct Away {
    parts: Vec<Part>,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    since: BTreeMap<Part, u64>,
    incidents: u64,
    complete_since: Option<Instant>,
    chances: BTreeMap<String, Duration>,
}

impl Away {
    /// Of these parts none is away.
    pub fn new(parts: Vec<Part>) -> Self {
        Self { parts, inner: Mutex::default() }
    }

    /// A part is away from now on.
    pub fn begin(&self, part: Part) {
        let mut inner = self.inner();
        inner.incidents += 1;
        let incident = inner.incidents;
        inner.since.insert(part, incident);
    }

    /// A part is back.
    pub fn end(&self, part: Part) {
        self.inner().since.remove(&part);
    }

    /// What is away now, each with the number of its incident.
    pub fn now(&self) -> BTreeMap<Part, u64> {
        self.inner().since.clone()
    }

    /// Which of what orders can be taken without was away all the time since `before`, by name: with all its processes.
    pub fn still(&self, before: &BTreeMap<Part, u64>) -> BTreeSet<String> {
        let now = self.now();
        self.names(|part| before.contains_key(&part) && now.get(&part) == before.get(&part))
    }

    /// Says that so much time went by.
    pub fn tick(&self, by: Duration) {
        let mut inner = self.inner();
        if inner.since.keys().any(|part| backstage(*part).is_none()) {
            inner.complete_since = None;
            return;
        }
        let recovered = inner.complete_since.get_or_insert_with(Instant::now).elapsed() > RECOVERED;
        if recovered {
            for name in self.names(|part| inner.since.contains_key(&part)) {
                *inner.chances.entry(name).or_default() += by;
            }
        }
    }

    /// For how long orders could be expected while something was away, by its name.
    pub fn chances(&self) -> BTreeMap<String, Duration> {
        self.inner().chances.clone()
    }

    fn names(&self, is_away: impl Fn(Part) -> bool) -> BTreeSet<String> {
        let all: BTreeSet<_> = self.parts.iter().filter_map(|part| backstage(*part)).collect();
        let present = self.parts.iter().filter(|part| !is_away(**part)).filter_map(|part| backstage(*part));
        let present: BTreeSet<_> = present.collect();
        let mut names: BTreeSet<_> = all.difference(&present).map(|name| (*name).to_owned()).collect();
        if present.is_empty() {
            names.insert(ALL_OF_IT.to_owned());
        }
        names
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What orders can be taken without, by the name of its kind; none for the rest.
pub fn backstage(part: Part) -> Option<&'static str> {
    match part {
        Part::Nats | Part::NatsPeer(_) => Some("nats"),
        Part::Service(service) | Part::Replica(service, _) => match service {
            Service::Shop | Service::Notify | Service::MyPage => Some(service.name()),
            Service::Order | Service::Delivery => None,
        },
        Part::Postgres | Part::Envoy => None,
    }
}
