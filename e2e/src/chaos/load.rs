//! The people: customers, staff and managers, at it until they are told to stop.

mod customer;
mod shop;
mod watcher;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::away::Away;
use super::edge::{Call, Edge, Outcome};
use super::ledger::Ledger;
use super::random::Random;
use crate::checker::Invariant;
use crate::world::{Shop, World};

/// How long a call is repeated. The longest fault is shorter by far.
pub(super) const GIVE_UP: Duration = Duration::from_mins(4);

/// Where everything happens, and what everybody shares.
pub struct Scene {
    /// The mesh.
    pub world: Arc<World>,
    /// The shops.
    pub shops: Vec<Shop>,
    /// What people were told.
    pub ledger: Arc<Ledger>,
    /// What is away.
    pub away: Arc<Away>,
    /// What everybody's choices follow from.
    pub seed: u64,
}

/// Everybody at work.
pub struct Load {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Load {
    /// Sets so many customers to work, every second one with a watch, and staff and a manager of each shop.
    pub fn begin(scene: &Arc<Scene>, customers: usize) -> Self {
        let mut load = Self { stop: watch::Sender::new(false), tasks: JoinSet::new() };
        for number in 0..customers {
            let person = scene.world.customer();
            if number % 2 == 0 {
                let watcher = watcher::watch(Arc::clone(scene), person.clone(), load.stop.subscribe());
                load.tasks.spawn(watcher);
            }
            load.tasks.spawn(customer::buy(Arc::clone(scene), number, person, load.stop.subscribe()));
        }
        for number in 0..scene.shops.len() {
            load.tasks.spawn(shop::ship(Arc::clone(scene), number, load.stop.subscribe()));
            load.tasks.spawn(shop::keep_stock(Arc::clone(scene), number, load.stop.subscribe()));
        }
        load
    }

    /// Tells everybody to stop, and waits until everybody has been answered.
    ///
    /// # Panics
    /// Somebody's work was cut off.
    pub async fn stop(&mut self) {
        self.stop.send_replace(true);
        while let Some(done) = self.tasks.join_next().await {
            done.unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

/// One person's work: its connections, its choices, its keys.
struct Worker {
    scene: Arc<Scene>,
    name: String,
    random: Random,
    edge: Edge,
    keys: u64,
}

impl Worker {
    /// Streams of numbers are told apart by `who`.
    fn new(scene: Arc<Scene>, name: String, who: usize, edge: Edge) -> Self {
        let who = u64::try_from(who).unwrap_or(u64::MAX).saturating_add(1);
        Self { random: Random::new(scene.seed, who), scene, name, edge, keys: 0 }
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        format!("chaos-{}-{}", self.name, self.keys)
    }

    /// Repeats a call until it is answered; what is never answered, or refused for no reason that fits, is noted.
    async fn call(&mut self, key: &str, call: &Call, reasons: &[&str]) -> Outcome {
        let (outcome, tries) = self.edge.persist(&mut self.random, key, call, GIVE_UP).await;
        match &outcome {
            Outcome::Unknown(seen) => {
                let what = format!("{}: {call:?} was never answered; in the end {seen}", self.name);
                self.scene.ledger.broken(Invariant::I8, what);
            }
            Outcome::Refused(reason) if !reasons.contains(&reason.as_str()) => {
                let invariant = if reason == "NOT_FOUND" { Invariant::I1 } else { Invariant::I7 };
                self.scene.ledger.broken(invariant, format!("{}: {call:?} was refused: {reason}", self.name));
            }
            Outcome::Refused(_) | Outcome::Done(_) => {}
        }
        self.scene.ledger.answered(tries);
        outcome
    }

    async fn rest(&mut self, from: u64, to: u64) {
        tokio::time::sleep(self.random.millis(from, to)).await;
    }
}
