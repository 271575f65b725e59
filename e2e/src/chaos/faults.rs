//! Faults, as they are brought about.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use xtask::error::{Error, Result};
use xtask::mesh::{Part, State};

use super::away::{Away, backstage};
use super::log::Log;
use super::plan::{Fault, Planned};
use crate::world::World;

/// How often it is looked whether a process ended by itself.
const LOOK: Duration = Duration::from_millis(100);

/// What went wrong so far.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Faults by kind.
    pub kinds: BTreeMap<&'static str, u32>,
    /// Faults by what they hit.
    pub parts: BTreeMap<String, u32>,
    /// Processes that were killed.
    pub kills: u32,
    /// The longest that something was frozen.
    pub longest_freeze: Duration,
    /// Times that the broker lost its store, or got an old one back.
    pub stores: u32,
    /// Processes that ended by themselves, and how.
    pub died: Vec<String>,
}

impl Tally {
    /// Faults of all kinds.
    pub fn faults(&self) -> u32 {
        self.kinds.values().sum()
    }
}

/// Brings faults about, each in its own time.
pub struct Faults {
    hand: Arc<Hand>,
    tasks: JoinSet<()>,
    supervisor: JoinSet<()>,
}

struct Hand {
    world: Arc<World>,
    away: Arc<Away>,
    log: Arc<Log>,
    parts: Vec<Part>,
    busy: Mutex<BTreeSet<Part>>,
    tally: Mutex<Tally>,
}

impl Faults {
    /// Begins to watch over the processes: what ends by itself is noted and started again.
    pub fn new(world: Arc<World>, away: Arc<Away>, log: Arc<Log>, parts: Vec<Part>) -> Self {
        let hand = Arc::new(Hand { world, away, log, parts, busy: Mutex::default(), tally: Mutex::default() });
        let mut supervisor = JoinSet::new();
        supervisor.spawn(Arc::clone(&hand).supervise());
        Self { hand, tasks: JoinSet::new(), supervisor }
    }

    /// Begins a fault. Where what it is to hit is hit already, it hits another process.
    pub fn begin(&mut self, planned: Planned) {
        let (fault, parts) = self.hand.take(planned.fault);
        if !parts.is_empty() {
            self.tasks.spawn(Arc::clone(&self.hand).carry_out(Planned { fault, ..planned }, parts));
        }
    }

    /// Waits until every fault is over.
    pub async fn over(&mut self) {
        while let Some(done) = self.tasks.join_next().await {
            done.expect("a fault is brought about");
        }
    }

    /// What went wrong so far.
    pub fn tally(&self) -> Tally {
        self.hand.tally().clone()
    }

    /// Ends the watch over the processes.
    pub async fn end(mut self) {
        self.over().await;
        self.supervisor.shutdown().await;
    }
}

impl Hand {
    /// Takes what a fault is to hit; where that is hit already, another process, and says what comes of the fault then.
    fn take(&self, fault: Fault) -> (Fault, Vec<Part>) {
        let mut busy = self.busy();
        let all =
            |wanted: fn(Part) -> bool| self.parts.iter().copied().filter(|part| wanted(*part)).collect::<Vec<_>>();
        let parts = match fault {
            Fault::Kill(part) | Fault::Freeze(part) | Fault::Restart(part) => vec![part],
            Fault::Backstage => all(|part| backstage(part).is_some()),
            Fault::WipeNats | Fault::RestoreNats => all(|part| backstage(part) == Some("nats")),
        };
        // A store is lost with all its brokers.
        let whole = matches!(fault, Fault::WipeNats | Fault::RestoreNats);
        let free: Vec<_> = parts.iter().copied().filter(|part| !busy.contains(part)).collect();
        if !free.is_empty() && (!whole || free.len() == parts.len()) {
            busy.extend(&free);
            return (fault, free);
        }
        let other = self.parts.iter().copied().find(|part| !busy.contains(part));
        busy.extend(other);
        let fault = other.map_or(fault, |part| match fault {
            Fault::Freeze(_) => Fault::Freeze(part),
            Fault::Restart(_) => Fault::Restart(part),
            Fault::Kill(_) | Fault::Backstage | Fault::WipeNats | Fault::RestoreNats => Fault::Kill(part),
        });
        (fault, other.into_iter().collect())
    }

    async fn carry_out(self: Arc<Self>, planned: Planned, parts: Vec<Part>) {
        self.note(planned, &parts);
        for part in &parts {
            self.away.begin(*part);
        }
        if let Err(error) = self.bring_about(planned, &parts).await {
            self.log.line(&format!("{:?}: {error}", planned.fault));
        }
        for part in parts {
            self.away.end(part);
            self.log.line(&format!("{part} is back"));
            self.busy().remove(&part);
        }
    }

    async fn bring_about(&self, planned: Planned, parts: &[Part]) -> Result<()> {
        let mesh = self.world.mesh();
        if let Fault::Freeze(part) = planned.fault {
            mesh.pause(part)?;
            tokio::time::sleep(planned.away).await;
            return mesh.resume(part);
        }
        let ended = self.end(planned.fault, parts).await;
        tokio::time::sleep(planned.away).await;
        // Whatever came in between, they are started.
        parts.iter().try_for_each(|part| mesh.start(*part)).and(ended)
    }

    /// Ends processes, and does to the broker's store what the fault is about.
    async fn end(&self, fault: Fault, parts: &[Part]) -> Result<()> {
        let mesh = self.world.mesh();
        if let Fault::Restart(part) = fault {
            return mesh.stop(part).await;
        }
        futures::future::try_join_all(parts.iter().map(|part| mesh.kill(*part))).await?;
        self.tally().kills += u32::try_from(parts.len()).unwrap_or_default();
        match fault {
            Fault::WipeNats => {
                self.copy_nats().await?;
                mesh.wipe_nats()
            }
            Fault::RestoreNats => self.restore_nats().await,
            Fault::Kill(Part::Nats) if mesh.brokers() == 1 => self.copy_nats().await,
            Fault::Kill(_) | Fault::Freeze(_) | Fault::Restart(_) | Fault::Backstage => Ok(()),
        }
    }

    /// Keeps a copy of the brokers' stores, where none is older; none of them runs.
    async fn copy_nats(&self) -> Result<()> {
        let copy = self.copy();
        if copy.exists() { Ok(()) } else { copy_dir(self.world.mesh().nats_store(), copy).await }
    }

    /// Gives the brokers the older stores, and forgets them; where there are none, keeps what there is.
    async fn restore_nats(&self) -> Result<()> {
        let copy = self.copy();
        if !copy.exists() {
            return self.copy_nats().await;
        }
        let store = self.world.mesh().nats_store();
        let put_back = std::fs::remove_dir_all(&store).and_then(|()| std::fs::rename(&copy, &store));
        put_back.map_err(|error| Error::new(format!("putting {} back: {error}", store.display())))
    }

    fn copy(&self) -> PathBuf {
        self.world.dir().join("nats-copy")
    }

    fn note(&self, planned: Planned, parts: &[Part]) {
        let kind = match planned.fault {
            Fault::Kill(_) => "killed",
            Fault::Freeze(_) => "frozen",
            Fault::Restart(_) => "restarted",
            Fault::Backstage => "all that orders need not killed at once",
            Fault::WipeNats => "NATS wiped",
            Fault::RestoreNats => "NATS given an old store",
        };
        let names: Vec<_> = parts.iter().map(ToString::to_string).collect();
        self.log.line(&format!("{kind}: {} for {:.1} s", names.join(", "), planned.away.as_secs_f32()));
        let mut tally = self.tally();
        *tally.kinds.entry(kind).or_default() += 1;
        for name in names {
            *tally.parts.entry(name).or_default() += 1;
        }
        match planned.fault {
            Fault::Freeze(_) => tally.longest_freeze = tally.longest_freeze.max(planned.away),
            Fault::WipeNats | Fault::RestoreNats => tally.stores += 1,
            Fault::Kill(_) | Fault::Restart(_) | Fault::Backstage => {}
        }
    }

    async fn supervise(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK).await;
            for part in self.parts.iter().copied().filter(|part| !self.busy().contains(part)) {
                if let State::Died(cause) = self.world.mesh().state(part) {
                    self.log.line(&format!("{part} {cause}"));
                    self.tally().died.push(format!("{part} {cause}"));
                    if let Err(error) = self.world.mesh().start(part) {
                        self.log.line(&error.to_string());
                    }
                }
            }
        }
    }

    fn busy(&self) -> MutexGuard<'_, BTreeSet<Part>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn copy_dir(from: PathBuf, to: PathBuf) -> Result<()> {
    let status = tokio::process::Command::new("cp").arg("-a").args([&from, &to]).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        failed => Err(Error::new(format!("copying {}: {failed:?}", from.display()))),
    }
}
