//! The same disk under PostgreSQL: it ends rather than trust a write that failed, and what it acknowledged survives the cut.

use std::path::PathBuf;

use e2e::checker;
use e2e::faults::{Disk, Fault, Quarters};
use e2e::wait::{self, holds};
use e2e::world::World;
use xtask::mesh::{DatabaseKind, Part, Service, State};

use super::power::{missing, wanted};
use super::{Load, Refused};

/// Power cuts of a run, if no other number is wanted.
const CUTS: usize = 6;
/// Orders between two cuts.
const ORDERS: usize = 4;
/// Writes that are tried after a failure.
const TRIES: usize = 3;

#[tokio::test]
async fn postgres_on_a_failing_disk_acknowledges_nothing_and_loses_nothing() {
    let (world, disk) = start().await;
    let shop = world.shop(1, 2_000).await;
    let load = Load::new(&world, &shop);
    let failing = async {
        let mut orders = Vec::new();
        for fault in [Fault::FsyncFails, Fault::Full] {
            load.goes_on(ORDERS).await;
            disk.switch(fault, true);
            wait::until("the fault to strike", || async { holds(disk.struck(fault), "nothing") }).await;
            let mut refused = Refused::default();
            for _ in 0..TRIES {
                refused.expect(&world, &shop, Service::Order).await;
            }
            ended(&world).await;
            disk.switch(fault, false);
            disk.cut(&data(&world), Quarters(0));
            world.mesh().start(Part::Postgres).unwrap_or_else(|error| panic!("{error}"));
            orders.extend(refused.succeed().await);
        }
        let lost = cut(&world, &disk, &load, wanted(CUTS)).await;
        assert_eq!(lost, [] as [String; 0], "acknowledged orders that are not there");
        orders
    };
    let retried = load.during(failing, |_| true).await;
    checker::settled(&world, &shop, &[load.acknowledged(), retried].concat()).await;
}

#[tokio::test]
async fn postgres_on_a_disk_that_lies_about_its_syncs_loses_acknowledged_orders() {
    let (world, disk) = start().await;
    let shop = world.shop(1, 2_000).await;
    let load = Load::new(&world, &shop);
    disk.switch(Fault::FsyncLies, true);
    let lost = load.during(cut(&world, &disk, &load, CUTS), Vec::is_empty).await;
    let acknowledged = load.acknowledged().len();
    assert!(!lost.is_empty(), "{acknowledged} orders acknowledged, and none lost: the cuts cut nothing");
}

async fn start() -> (World, Disk) {
    let disk = Disk::with_power_cuts();
    let world = World::start_with(|mesh| disk.under(mesh.database(DatabaseKind::Postgres), Part::Postgres)).await;
    (world, disk)
}

/// Where PostgreSQL stores, wherever that leads to.
fn data(world: &World) -> PathBuf {
    world.dir().join("postgres/data").canonicalize().expect("PostgreSQL's data")
}

async fn ended(world: &World) {
    let mut state = world.mesh().watch(Part::Postgres).expect("its state");
    let died = state.wait_for(|state| matches!(state, State::Died(_)));
    tokio::time::timeout(wait::LIMIT, died).await.expect("it ends").expect("watched");
}

/// Cuts the power of PostgreSQL while customers order; ends at the first cut that lost something.
async fn cut(world: &World, disk: &Disk, load: &Load<'_>, cuts: usize) -> Vec<String> {
    for number in 0..cuts {
        load.goes_on(ORDERS).await;
        world.kill(Part::Postgres).await;
        disk.cut(&data(world), Quarters(number % 4));
        let before = load.acknowledged();
        world.mesh().start(Part::Postgres).unwrap_or_else(|error| panic!("{error}"));
        let lost = missing(world, &before).await;
        if !lost.is_empty() {
            return lost;
        }
    }
    load.goes_on(ORDERS).await;
    Vec::new()
}
