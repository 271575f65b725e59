//! One run, from its mesh to its report.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use xtask::mesh::{MeshBuilder, Service};

use super::away::Away;
use super::edge::{Call, Edge, Outcome, Reply, Wanted};
use super::faults::Faults;
use super::ledger::{Bought, Ledger};
use super::load::{GIVE_UP, Load, Scene};
use super::log::Log;
use super::plan::Plan;
use super::random::Random;
use super::report::{Heal, Report, taken_while_away};
use super::{Settings, audit, events, progress};
use crate::checker::{Invariant, Placed};
use crate::flow;
use crate::world::{Shop, World};

/// Faults after which everything heals and it is measured how long that takes, while the load goes on.
const ROUND: usize = 16;
/// How often what keeps everything waiting is logged.
const TELL: Duration = Duration::from_secs(5);
/// How often is looked whether everything has arrived.
const LOOK: Duration = Duration::from_millis(100);
/// Shops, phones of each, and units of each phone to begin with.
const SHOPS: (usize, usize, i32) = (2, 4, 12);

/// A run that has begun: everybody is at work.
pub struct Run {
    settings: Settings,
    scene: Arc<Scene>,
    load: Load,
    faults: Faults,
    plan: Plan,
    log: Arc<Log>,
    heals: Vec<Heal>,
    watchers: JoinSet<()>,
    stores: u32,
}

impl Run {
    /// Starts a mesh and sets everybody to work.
    ///
    /// # Panics
    /// The mesh did not start.
    pub async fn begin(settings: Settings, describe: impl FnOnce(MeshBuilder) -> MeshBuilder) -> Self {
        let world = Arc::new(World::start_with(|mesh| describe(hurried(mesh))).await);
        let mut shops = Vec::new();
        let ledger = Arc::new(Ledger::default());
        for _ in 0..SHOPS.0 {
            let shop = world.shop(SHOPS.1, SHOPS.2).await;
            let units = usize::try_from(SHOPS.2).unwrap_or_default();
            ledger.book().registered.extend(shop.phones.iter().map(|phone_id| (phone_id.clone(), units)));
            shops.push(shop);
        }
        let parts: Vec<_> = world.mesh().parts().collect();
        let away = Arc::new(Away::new(parts.clone()));
        let log = Arc::new(Log::new(&settings.log.clone().unwrap_or_else(|| world.dir().join("chaos.log"))));
        log.line(&format!("seed {}, {}", settings.seed, settings.setting));
        let plan = Plan::new(settings.seed, parts.clone(), settings.every);
        let faults = Faults::new(Arc::clone(&world), Arc::clone(&away), Arc::clone(&log), parts);
        let scene = Arc::new(Scene { world, shops, ledger, away, seed: settings.seed });
        let load = Load::begin(&scene, settings.customers);
        let watchers = progress::watch(&scene, &log, settings.progress);
        Self { settings, scene, load, faults, plan, log, heals: Vec::new(), watchers, stores: 0 }
    }

    /// The mesh.
    pub fn world(&self) -> &World {
        &self.scene.world
    }

    /// The shops.
    pub fn shops(&self) -> &[Shop] {
        &self.scene.shops
    }

    /// A customer of its own orders so many units of the first phone of a shop, and leaves the order alone.
    ///
    /// # Panics
    /// The order was not taken.
    pub async fn order(&self, shop: &Shop, quantity: i32) -> Placed {
        let (scene, customer) = (&self.scene, self.scene.world.customer());
        let recipient = flow::recipient(&flow::order_by(shop, &customer));
        let lines = vec![(shop.phones[0].clone(), quantity)];
        let wanted = Wanted { shop_id: shop.id.clone(), lines, recipient: recipient.clone() };
        let (key, edge) = (flow::key(), Edge::new(&scene.world, &customer));
        let mut random = Random::new(scene.seed, u64::MAX);
        let call = Call::Place(wanted.clone());
        let (Outcome::Done(Reply::Placed(told)), _) = edge.persist(&mut random, &key, &call, GIVE_UP).await else {
            panic!("an order of {quantity} units was not taken");
        };
        let placed = Placed { customer, order_id: told.order_id.clone(), recipient };
        scene.ledger.bought(Bought { placed: placed.clone(), key, wanted, told }, &BTreeSet::new());
        placed
    }

    /// How many orders were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.scene.ledger.book().orders.len()
    }

    /// Brings faults about until it has been long enough, with heals between.
    pub async fn storm(&mut self) {
        let begun = Instant::now();
        while !self.is_over(begun) {
            for _ in 0..ROUND {
                let planned = self.plan.next();
                self.faults.begin(planned);
                tokio::time::sleep(planned.pause).await;
                if self.is_over(begun) {
                    break;
                }
            }
            self.heal().await;
        }
    }

    fn is_over(&self, begun: Instant) -> bool {
        let long_enough = self.settings.lasts.is_some_and(|lasts| begun.elapsed() >= lasts);
        long_enough || self.settings.kills.is_some_and(|kills| self.faults.tally().kills >= kills)
    }

    /// Lets faults end, and measures how long it takes until all that was written by then has arrived; the load goes on.
    async fn heal(&mut self) {
        let begun = self.healthy().await;
        let world = &self.scene.world;
        let arrived = async {
            let written = until(self.settings.patience, &self.log, || events::written(world)).await?;
            until(self.settings.patience, &self.log, || events::consumed(world, &written)).await
        };
        let arrived = arrived.await;
        self.healed(begun, arrived, false);
    }

    /// Waits until every fault is over and every process healthy; answers when the last fault was over.
    async fn healthy(&mut self) -> Instant {
        self.faults.over().await;
        let over = Instant::now();
        let mesh = self.scene.world.mesh();
        let healthy = until(self.settings.patience, &self.log, || async {
            mesh.wait_all_healthy().await.map_err(|error| error.to_string())
        });
        if let Err(what) = healthy.await {
            self.scene.ledger.broken(Invariant::I8, what);
        }
        over
    }

    fn healed(&mut self, begun: Instant, arrived: Result<(), String>, last: bool) {
        let stores = self.faults.tally().stores;
        let heal = Heal { took: begun.elapsed(), store: stores > self.stores, last };
        self.stores = stores;
        self.log.line(&format!("healed in {:.1} s: {arrived:?}", heal.took.as_secs_f32()));
        if let Err(what) = arrived {
            let what = format!("not converged within {:?}: {what}", self.settings.patience);
            self.scene.ledger.broken(Invariant::I8, what);
        }
        self.heals.push(heal);
    }

    /// Lets everything heal, everybody finish, everything converge; then looks at all of it.
    pub async fn finish(mut self) -> Report {
        let lasted = self.log.since();
        self.healthy().await;
        self.load.stop().await;
        let (begun, patience) = (Instant::now(), self.settings.patience);
        let arrived = until(patience, &self.log, || events::at_rest(&self.scene.world)).await;
        self.healed(begun, arrived, true);
        self.watchers.shutdown().await;
        let mut audit = audit::audit(&self.scene).await;
        let (counts, chances) = (self.scene.ledger.book().counts.clone(), self.scene.away.chances());
        audit.violations.extend(taken_while_away(&counts, &chances));
        let faults = self.faults.tally();
        self.faults.end().await;
        let Settings { seed, setting, .. } = self.settings;
        let kept = if audit.violations.is_empty() { None } else { keep(self.scene) };
        let log = self.log.path().to_owned();
        let report = Report { seed, setting, lasted, faults, counts, audit, heals: self.heals, log, kept };
        self.log.line(&report.to_string());
        report
    }
}

/// Keeps the mesh's directory to be looked into; nobody else holds it any more.
fn keep(scene: Arc<Scene>) -> Option<PathBuf> {
    Arc::into_inner(scene).and_then(|scene| Arc::into_inner(scene.world)).map(World::keep)
}

/// Strays are voided soon, so that a run sees many voids and need not wait for the last of them.
fn hurried(mesh: MeshBuilder) -> MeshBuilder {
    mesh.env(Service::Delivery, "TWORD_VOID_AFTER", "10s")
}

/// Looks until it finds something, for so long; what keeps it waiting is logged now and then.
async fn until<T, F, Fut>(limit: Duration, log: &Log, mut look: F) -> Result<T, String>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let (begun, mut told) = (Instant::now(), Instant::now());
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(seen) if begun.elapsed() > limit => return Err(seen),
            Err(seen) if told.elapsed() > TELL => {
                told = Instant::now();
                log.line(&format!("still {seen}"));
            }
            Err(_) => {}
        }
        tokio::time::sleep(LOOK).await;
    }
}
